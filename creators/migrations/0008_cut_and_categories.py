"""Terms may cut the lineup per category."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("creators", "0007_search_and_reasons")]

    operations = [
        migrations.AddField(
            "programmeterms",
            "cut_per_category",
            models.BooleanField(
                default=False,
                help_text="The share of the lineup is taken of each category by itself, instead of the market as a whole.",
                verbose_name="cut per category",
            ),
        ),
    ]
