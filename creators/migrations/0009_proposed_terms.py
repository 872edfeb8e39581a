"""New terms are proposed by one person and approved by another; what was approved before stays in force."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone


def keep_what_was_decided(apps, schema_editor):
    """Unapproved versions wait on, if somebody proposed them; a version of nobody's has no second person."""
    terms = apps.get_model("creators", "ProgrammeTerms").objects
    terms.filter(approved=True).update(status="approved")
    terms.filter(approved=False, proposed_by=None).update(status="withdrawn")
    terms.filter(approved=False).exclude(proposed_by=None).update(proposed_at=timezone.now())


def take_back(apps, schema_editor):
    apps.get_model("creators", "ProgrammeTerms").objects.filter(status="approved").update(approved=True)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("creators", "0008_cut_and_categories"),
    ]
    operations = [
        migrations.AlterModelOptions(
            name="programmeterms",
            options={
                "ordering": ["-version"],
                "permissions": [("approve_programmeterms", "Can approve proposed terms")],
                "verbose_name": "programme terms",
                "verbose_name_plural": "programme terms",
            },
        ),
        migrations.AddField(
            model_name="programmeterms",
            name="status",
            field=models.CharField(
                choices=[
                    ("proposed", "proposed"),
                    ("approved", "approved"),
                    ("refused", "refused"),
                    ("withdrawn", "withdrawn"),
                ],
                default="proposed",
                editable=False,
                max_length=10,
                verbose_name="status",
            ),
        ),
        migrations.AddField(
            model_name="programmeterms",
            name="reason",
            field=models.CharField(
                blank=True, help_text="Why the terms should change.", max_length=300, verbose_name="reason"
            ),
        ),
        migrations.AddField(
            model_name="programmeterms",
            name="refusal",
            field=models.CharField(
                blank=True, editable=False, max_length=300, verbose_name="why it was refused"
            ),
        ),
        migrations.AddField(
            model_name="programmeterms",
            name="proposed_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="proposed"),
        ),
        migrations.AddField(
            model_name="programmeterms",
            name="decided_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="decided"),
        ),
        migrations.RunPython(keep_what_was_decided, take_back),
        migrations.RemoveField(model_name="programmeterms", name="approved"),
        migrations.AlterField(
            model_name="programmeterms",
            name="proposed_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="proposed by",
            ),
        ),
        migrations.AlterField(
            model_name="programmeterms",
            name="approved_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="approved by",
            ),
        ),
        migrations.AlterField(
            model_name="programmeterms",
            name="starts_on",
            field=models.DateField(verbose_name="starts on"),
        ),
        migrations.AddConstraint(
            model_name="programmeterms",
            constraint=models.CheckConstraint(
                condition=~Q(status="approved")
                | Q(proposed_at__isnull=True)
                | Q(proposed_by__isnull=False, approved_by__isnull=False, decided_at__isnull=False),
                name="terms_approved_by_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="programmeterms",
            constraint=models.UniqueConstraint(
                fields=["starts_on"], condition=Q(status="approved"), name="terms_one_start"
            ),
        ),
    ]
