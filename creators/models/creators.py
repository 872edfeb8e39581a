"""Creators: the people and publishers whose videos the programme knows."""

from __future__ import annotations

import functools

from django.conf import settings
from django.db import connections, models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Concat, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from creators.models.programme import Category

SHORTEST_PART = 3  # of trigrams there are none in less
MATCHING = "SELECT rowid FROM creators_search WHERE creators_search MATCH %s"
# What reads alike, in this order: a handle without it is what an eye makes of it.
ALIKE = (
    ("official", ""), (".", ""), ("_", ""), ("-", ""), ("rn", "m"), ("vv", "w"), ("0", "o"), ("1", "l"),
    ("i", "l"), ("3", "e"), ("4", "a"), ("5", "s"), ("7", "t"),
)  # fmt: skip
READ = functools.reduce(lambda read, pair: "replace({}, '{}', '{}')".format(read, *pair), ALIKE, "{}")
# The letters stand in the statement itself: SQLite uses no index of an expression for parameters.
LOOKS = models.Func(
    models.F("handle"), template=READ.format("%(expressions)s"), output_field=models.CharField(max_length=64)
)


class CreatorQuerySet(models.QuerySet["Creator"]):
    def matching(self, text: str) -> CreatorQuerySet:
        """Whose handle or name has `text` in it; of less than three letters, whose handle begins with it."""
        part = text.strip().lstrip("@").lower()
        if len(part) < SHORTEST_PART:
            return self.filter(handle__startswith=part)
        if connections[self.db].vendor == "postgresql":
            return self.filter(searched__contains=part)
        phrase = '"{}"'.format(part.replace('"', '""'))
        return self.filter(pk__in=RawSQL(MATCHING, (phrase,)))  # noqa: S611

    def pending(self) -> CreatorQuerySet:
        return self.filter(status=Creator.Status.PENDING)

    def waiting_longest_first(self) -> CreatorQuerySet:
        return self.pending().order_by("status_since", "id")


class Creator(models.Model):
    """A person or publisher whose videos the programme knows.

    The current follower count and the eligibility stand in narrow rows of their own (Reach, Eligibility):
    imports rewrite those a million at a time, which in this wide, indexed row costs several times more.
    """

    class Kind(models.TextChoices):
        CREATOR = "creator", _("creator")
        PUBLISHER = "publisher", _("publisher")

    class Status(models.TextChoices):
        CANDIDATE = "candidate", _("candidate")
        PENDING = "pending", _("pending review")
        ASKED = "asked", _("information asked")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        SUSPENDED = "suspended", _("suspended")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Standing(models.TextChoices):
        GOOD = "good", _("good")
        WARNED = "warned", _("warned")
        BANNED = "banned", _("banned")

    handle = models.CharField(_("handle"), max_length=64, unique=True, help_text=_("Lower case, without @."))
    name = models.CharField(_("name"), max_length=200, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.CREATOR)
    market = models.CharField(_("market"), max_length=2, default=settings.LAUNCH_MARKET)
    category = models.ForeignKey(Category, models.PROTECT, verbose_name=_("category"), null=True, blank=True)
    born_on = models.DateField(_("born on"), null=True, blank=True)
    standing = models.CharField(
        _("community standing"), max_length=10, choices=Standing, default=Standing.GOOD
    )
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.CANDIDATE)
    status_since = models.DateTimeField(_("in this status since"), default=timezone.now)
    terms_accepted_on = models.DateField(_("terms accepted on"), null=True, blank=True)
    invited_at = models.DateTimeField(
        _("invited"), null=True, blank=True, help_text=_("When the newest link to the terms was sent.")
    )
    searched = models.GeneratedField(
        expression=Lower(Concat("handle", models.Value(" "), "name")),
        output_field=models.CharField(max_length=265),
        db_persist=True,
        verbose_name=_("what a search looks in"),
    )
    created_at = models.DateTimeField(_("known since"), default=timezone.now)

    objects = CreatorQuerySet.as_manager()

    class Meta:
        verbose_name = _("creator")
        verbose_name_plural = _("creators")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(handle=""), name="creator_handle_not_empty"),
        ]
        indexes = [
            models.Index("status", "status_since", "id", name="creator_queue"),
            models.Index("category", name="creator_category"),
            # What creators are found alike by (similar.py).
            models.Index(LOOKS, name="creator_looks"),
            models.Index(Lower("name"), name="creator_name"),
            models.Index(Lower("email"), name="creator_email"),
        ]
        permissions = [
            ("review_creator", _("Can approve and reject creators")),
            ("review_in_bulk", _("Can decide about many creators at once")),
            ("override_eligibility", _("Can approve creators who are not eligible")),
        ]

    def __str__(self) -> str:
        return f"@{self.handle}"
