"""Says of the payouts that were approved before there were payment files that their money was reserved."""

from django.db import migrations

RESERVED = """
    UPDATE payouts_payout SET reserved = true
     WHERE EXISTS (SELECT 1 FROM payouts_transfer transfer
                     JOIN payouts_payoutbatch batch ON batch.id = payouts_payout.batch_id
                    WHERE transfer.key = 'reserve:' || batch.reference || ':creator:'
                                         || CAST(payouts_payout.creator_id AS text))
"""


class Migration(migrations.Migration):
    dependencies = [("payouts", "0004_checkpoints")]
    operations = [migrations.RunSQL(RESERVED, migrations.RunSQL.noop)]
