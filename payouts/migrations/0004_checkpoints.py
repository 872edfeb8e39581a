"""Adds up what was sealed before there were checkpoints; each later seal writes its own."""

from django.db import migrations

ADD_UP = """
    INSERT INTO payouts_checkpoint (account_id, balance_micros)
    SELECT account_id, CAST(SUM(micros) AS bigint)
      FROM (SELECT id, credit_account_id AS account_id, amount_micros AS micros FROM payouts_transfer
             UNION ALL
            SELECT id, debit_account_id, -amount_micros FROM payouts_transfer) moved
     WHERE id <= (SELECT MAX(last_id) FROM payouts_seal WHERE subject = 'transfers')
     GROUP BY account_id
"""


class Migration(migrations.Migration):
    dependencies = [("payouts", "0003_tax_years")]
    operations = [migrations.RunSQL(ADD_UP, migrations.RunSQL.noop)]
