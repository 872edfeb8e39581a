"""Cuts per category. Several videos of a lineup may then have the same rank, so that a placement is known by
its video; Django leaves the change of a composite primary key to us. And what a run was computed from, and
which it corrects."""

import django.db.models.deletion
from django.db import migrations, models

KEYS = (
    "ALTER TABLE campaigns_placement DROP CONSTRAINT campaigns_placement_pkey",
    "ALTER TABLE campaigns_placement DROP CONSTRAINT placement_run_video",
    "ALTER TABLE campaigns_placement ADD CONSTRAINT campaigns_placement_pkey PRIMARY KEY (run_id, video_id)",
)
COLUMNS = "run_id, rank, video_id, creator_id, category_id, tier, score"


def known_by_video(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in KEYS:
            schema_editor.execute(statement)
        return
    schema_editor.execute("ALTER TABLE campaigns_placement RENAME TO campaigns_placement_by_rank")
    schema_editor.create_model(apps.get_model("campaigns", "Placement"))
    schema_editor.execute(
        f"INSERT INTO campaigns_placement ({COLUMNS}) SELECT {COLUMNS} FROM campaigns_placement_by_rank"
    )
    schema_editor.execute("DROP TABLE campaigns_placement_by_rank")


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0009_invoices"), ("creators", "0008_cut_and_categories")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint("placement", "placement_run_video"),
                migrations.AlterField(
                    "placement",
                    "pk",
                    models.CompositePrimaryKey(
                        "run_id", "video_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
            ],
        ),
        migrations.RunPython(known_by_video),
        migrations.AddIndex("placement", models.Index(models.F("run"), models.F("rank"), name="placement_run_rank")),
        migrations.AddField(
            "placementrun",
            "inputs",
            models.CharField(blank=True, default="", help_text="Of the counts that were ranked. Empty for lineups from before it was kept.", max_length=64, verbose_name="digest of inputs"),
            preserve_default=False,
        ),
        migrations.AddField(
            "placementrun",
            "corrects",
            models.ForeignKey(help_text="The lineup that stays because money has used it, and from which this one differs.", null=True, on_delete=django.db.models.deletion.CASCADE, related_name="corrections", to="campaigns.placementrun", verbose_name="corrects"),
        ),
        migrations.CreateModel(
            name="CategoryCut",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("population", models.PositiveBigIntegerField(verbose_name="population")),
                ("lineup", models.PositiveBigIntegerField(verbose_name="lineup")),
                ("cutoff_score", models.PositiveBigIntegerField(null=True, verbose_name="cut-off score")),
                ("category", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="creators.category", verbose_name="category")),
                ("run", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="cuts", to="campaigns.placementrun", verbose_name="lineup")),
            ],
            options={
                "verbose_name": "cut of a category",
                "verbose_name_plural": "cuts of categories",
                "constraints": [models.UniqueConstraint(fields=("run", "category"), name="cut_of_a_category_once")],
            },
        ),
    ]
