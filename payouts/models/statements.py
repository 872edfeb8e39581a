"""Statements as they left the house."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models import Month
from creators.models import Creator


class StatementFile(models.Model):
    """A creator's statement of a closed month in one language and format: rendered once, served from here."""

    class Format(models.TextChoices):
        PDF = "pdf", "PDF"
        CSV = "csv", "CSV"

    creator = models.ForeignKey(
        Creator, models.PROTECT, verbose_name=_("creator"), related_name="statement_files", db_index=False
    )
    month = models.ForeignKey(Month, models.PROTECT, verbose_name=_("month"), related_name="statement_files")
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    format = models.CharField(_("format"), max_length=3, choices=Format)
    content = models.BinaryField(_("content"))
    sha256 = models.CharField("SHA-256", max_length=64)
    created_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["creator", "month", "language", "format"], name="statement_file_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.creator} {self.month_id} ({self.language}, {self.format})"
