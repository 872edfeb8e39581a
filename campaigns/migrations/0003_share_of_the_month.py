"""A month keeps the share it was calculated by; those that were closed before take it from their terms.

Closed months refuse every change, so their guard is taken away for this one; it is put back after the migrate.
"""

from django.db import migrations, models

TAKE_FROM_TERMS = """
    UPDATE campaigns_month
       SET share_basis_points = (SELECT share_basis_points FROM creators_programmeterms terms
                                  WHERE terms.id = campaigns_month.terms_id)
"""


def take_from_terms(apps, schema_editor):
    on = " ON campaigns_month" if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP TRIGGER IF EXISTS campaigns_month_closed_update{on}")
    schema_editor.execute(TAKE_FROM_TERMS)


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0002_pauses")]

    operations = [
        migrations.AddField(
            model_name="month",
            name="share_basis_points",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="As the terms were when the month was calculated: no later change of them reaches it.",
                null=True,
                verbose_name="creators' share (basis points)",
            ),
        ),
        migrations.AddField(
            model_name="month",
            name="facts",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Added up with the draft (payouts/review.py) and kept as it was when the month was closed.",
                verbose_name="what the controller sees",
            ),
        ),
        migrations.RunPython(take_from_terms, migrations.RunPython.noop),
    ]
