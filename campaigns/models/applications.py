"""How applications come in: whether the form is open; and the texts that staff often answer with."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class ApplicationForm(models.Model):
    """Whether anybody may apply, or only who was invited. There is one row."""

    class Status(models.TextChoices):
        OPEN = "open", _("open to everybody")
        CLOSED = "closed", _("closed: by invitation only")

    status = models.CharField(_("status"), max_length=6, choices=Status, default=Status.CLOSED)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("changed by"), null=True, related_name="+"
    )
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)

    class Meta:
        verbose_name = _("application form")
        verbose_name_plural = _("application form")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="application_form_is_one")]

    def __str__(self) -> str:
        return str(_("Application form"))


# The state machine of the form: action -> (the statuses it may start from, the status it leads to).
FORM_MOVES: dict[str, tuple[frozenset[str], str]] = {
    "open": (frozenset({ApplicationForm.Status.CLOSED}), ApplicationForm.Status.OPEN),
    "close": (frozenset({ApplicationForm.Status.OPEN}), ApplicationForm.Status.CLOSED),
}


class SuggestionQuerySet(models.QuerySet["Suggestion"]):
    def offered(self) -> SuggestionQuerySet:
        return self.filter(retired=False)


class Suggestion(models.Model):
    """A text that staff often give an applicant as a question or a reason, in each language."""

    action = models.CharField(
        _("for"),
        max_length=10,
        choices=[("ask", _("ask for more")), ("reject", _("reject"))],
    )
    text_en = models.CharField(_("English text"), max_length=400)
    text_fr = models.CharField(_("French text"), max_length=400)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    retired = models.BooleanField(
        _("retired"), default=False, help_text=_("No longer offered; what was decided with it stays.")
    )

    objects = SuggestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suggested reason")
        verbose_name_plural = _("suggested reasons")
        ordering = ["action", "position", "id"]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        return self.text_fr if (get_language() or "en").startswith("fr") else self.text_en
