"""Terms may cut the lineup per category; staff may move a video to another one."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings

from django.db import migrations, models


REASONS = (
    ("The video shows something else than its hashtags say.", "La vidéo montre autre chose que ce que disent ses mots-clés."),
    ("The category was that of its creator, not of this video.", "La catégorie était celle du créateur, pas de cette vidéo."),
    ("Its creator asked for it, rightly.", "Le créateur l’a demandé, à juste titre."),
)


def add_reasons(apps, schema_editor):
    reasons = apps.get_model("creators", "DecisionReason").objects
    for position, (english, french) in enumerate(REASONS):
        reasons.create(action="category", text_en=english, text_fr=french, position=position)


class Migration(migrations.Migration):
    dependencies = [("creators", "0007_search_and_reasons"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

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
        migrations.AlterModelOptions(
            name='video',
            options={'permissions': [('recategorise_video', 'Can move a video to another category')], 'verbose_name': 'video', 'verbose_name_plural': 'videos'},
        ),
        migrations.AlterField(
            model_name='decisionreason',
            name='action',
            field=models.CharField(choices=[('queue', 'queue for review'), ('approve', 'approve'), ('reject', 'reject'), ('ask', 'ask for information'), ('suspend', 'suspend'), ('reinstate', 'reinstate'), ('withdraw', 'withdraw'), ('reopen', 'reopen'), ('dequeue', 'take out of the queue'), ('reverse', 'reverse'), ('category', 'move a video to another category')], max_length=10, verbose_name='action'),
        ),
        migrations.CreateModel(
            name='CategoryMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_day', models.DateField(verbose_name='from')),
                ('reason', models.CharField(max_length=200, verbose_name='reason')),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('replaced', models.JSONField(default=dict, help_text="Day -> the category's number in the counts before.", verbose_name='replaced')),
                ('moved_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='moved')),
                ('category', models.ForeignKey(db_index=False, help_text='Empty: without a category.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='creators.category', verbose_name='category')),
                ('listed_reason', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='creators.decisionreason', verbose_name='reason of the list')),
                ('moved_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='moved by')),
                ('reverses', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversed_by', to='creators.categorymove', verbose_name='takes back')),
                ('video', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='category_moves', to='creators.video', verbose_name='video')),
            ],
            options={
                'verbose_name': 'move to another category',
                'verbose_name_plural': 'moves to other categories',
                'ordering': ['-id'],
            },
        ),
        migrations.RunPython(add_reasons, migrations.RunPython.noop),
    ]
