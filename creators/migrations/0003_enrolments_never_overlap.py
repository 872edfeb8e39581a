"""On PostgreSQL the spans of a creator can't overlap; on SQLite triggers see to it (creators/guards.py)."""

from django.db import migrations


def forbid_overlap(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        schema_editor.execute(
            """ALTER TABLE creators_enrolment ADD CONSTRAINT enrolment_no_overlap
               EXCLUDE USING gist (creator_id WITH =, daterange(starts_on, ends_on, '[]') WITH &&)"""
        )


def allow_overlap(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE creators_enrolment DROP CONSTRAINT enrolment_no_overlap")


class Migration(migrations.Migration):
    dependencies = [("creators", "0002_categories_and_terms")]
    operations = [migrations.RunPython(forbid_overlap, allow_overlap)]
