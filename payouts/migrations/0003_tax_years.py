"""The reporting thresholds that are law: $600 through 2025, $2,000 from 2026 (OBBBA, section 70433).

From 2027 on the amount follows inflation: an administrator enters it when the tax office has published it.
"""

from django.db import migrations

DOLLAR = 1_000_000
THRESHOLDS = {2025: 600, 2026: 2_000}


def enter(apps, schema_editor):
    TaxYear = apps.get_model("payouts", "TaxYear")
    for year, dollars in THRESHOLDS.items():
        TaxYear.objects.get_or_create(year=year, defaults={"threshold_micros": dollars * DOLLAR})


class Migration(migrations.Migration):
    dependencies = [("payouts", "0002_payees_corrections_statements")]
    operations = [migrations.RunPython(enter, migrations.RunPython.noop)]
