"""Daily counts know where their category comes from; PostgreSQL keeps them a day at a time.

Rows that are there are copied a day after the other, in one transaction: nobody can read them meanwhile, and
there must be room for them once more. The columns are in an order in which nothing is lost to alignment.
"""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from pulse_site import partitions

TABLE = "creators_videocounts"
COLUMNS = """
    day date NOT NULL,
    age_days integer NOT NULL CHECK (age_days >= 0),
    video_id bigint NOT NULL,
    creator_id bigint NOT NULL,
    category_id bigint,
    published_at timestamptz NOT NULL,
    views bigint NOT NULL CHECK (views >= 0),
    likes bigint NOT NULL CHECK (likes >= 0),
    comments bigint NOT NULL CHECK (comments >= 0),
    shares bigint NOT NULL CHECK (shares >= 0),
    tier smallint NOT NULL CHECK (tier >= 0),
    category_origin smallint NOT NULL DEFAULT 0 CHECK (category_origin >= 0),
    market varchar(2) NOT NULL,
    PRIMARY KEY (day, video_id)
"""


def divide(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} RENAME TO {TABLE}_whole")
        schema_editor.execute(f"ALTER TABLE {TABLE}_whole RENAME CONSTRAINT {TABLE}_pkey TO {TABLE}_whole_pkey")
        schema_editor.execute(f"CREATE TABLE {TABLE} ({COLUMNS}) PARTITION BY LIST (day)")
        partitions.split(TABLE, f"{TABLE}_whole")
        schema_editor.execute(f"DROP TABLE {TABLE}_whole")


def unite(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE {TABLE} RENAME TO {TABLE}_divided")
        schema_editor.execute(
            f"ALTER TABLE {TABLE}_divided RENAME CONSTRAINT {TABLE}_pkey TO {TABLE}_divided_pkey"
        )
        schema_editor.execute(f"CREATE TABLE {TABLE} ({COLUMNS})")
        schema_editor.execute(f"INSERT INTO {TABLE} SELECT * FROM {TABLE}_divided")
        schema_editor.execute(f"DROP TABLE {TABLE}_divided")


class Migration(migrations.Migration):
    dependencies = [
        ("creators", "0012_looks_names_and_addresses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            "videocounts",
            "category_origin",
            models.PositiveSmallIntegerField(
                choices=[
                    (0, "not kept"),
                    (1, "the file's category"),
                    (2, "the first hashtag that belongs to one"),
                    (3, "the video's category of before"),
                    (4, "the creator's category"),
                    (5, "moved by staff"),
                ],
                db_default=0,
                default=0,
                verbose_name="origin of the category",
            ),
        ),
        migrations.RunPython(divide, unite),
        migrations.CreateModel(
            "ThinnedDay",
            [
                ("day", models.DateField(primary_key=True, serialize=False, verbose_name="day")),
                ("removed", models.PositiveBigIntegerField(verbose_name="counts removed")),
                ("kept", models.PositiveBigIntegerField(verbose_name="counts kept")),
                ("thinned_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="removed")),
                (
                    "thinned_by",
                    models.ForeignKey(
                        help_text="Empty: by the nightly run, as the settings say.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="removed by",
                    ),
                ),
            ],
            options={"verbose_name": "thinned day", "verbose_name_plural": "thinned days"},
        ),
    ]
