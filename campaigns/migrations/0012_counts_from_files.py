"""Remember from which files of a lake a lineup was computed; those that are there came from the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0011_score_bands")]

    operations = [
        migrations.AddField(
            "placementrun",
            "files",
            models.CharField(
                blank=True,
                help_text="Where the counts that were ranked lie in a lake; empty for the database's own.",
                max_length=1000,
                verbose_name="files of the counts",
            ),
        ),
    ]
