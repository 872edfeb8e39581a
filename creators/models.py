"""Supply: the programme's terms, its creators, their followers and their videos."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

BASIS_POINTS = 10_000


class Category(models.Model):
    """One of the twelve categories by which the lineup is sold."""

    slug = models.SlugField(_("slug"), unique=True)
    name_en = models.CharField(_("English name"), max_length=60)
    name_fr = models.CharField(_("French name"), max_length=60)
    hashtags = models.JSONField(
        _("hashtags"),
        default=list,
        help_text=_("Lower case, without #. A video with one of them belongs here."),
    )
    position = models.PositiveSmallIntegerField(_("position"), unique=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.name_fr if (get_language() or "en").startswith("fr") else self.name_en


class TermsQuerySet(models.QuerySet["ProgrammeTerms"]):
    def in_force(self, day: datetime.date) -> ProgrammeTerms:
        """The approved terms that govern `day`; raises DoesNotExist before the first version."""
        return self.filter(starts_on__lte=day, approved=True).latest("starts_on")


class ProgrammeTerms(models.Model):
    """The dated rules of the programme. Never edited once approved: a change is a new version.

    Weights and decay are integers so that every database computes the same score.
    """

    version = models.PositiveSmallIntegerField(_("version"), unique=True)
    starts_on = models.DateField(_("starts on"), unique=True)
    market = models.CharField(_("market"), max_length=2, default=settings.LAUNCH_MARKET)
    min_followers = models.PositiveIntegerField(_("minimum followers"), default=100_000)
    min_videos = models.PositiveSmallIntegerField(_("minimum videos"), default=5)
    video_window_days = models.PositiveSmallIntegerField(_("days in which they are counted"), default=30)
    min_age_years = models.PositiveSmallIntegerField(_("minimum age"), default=18)
    lineup_basis_points = models.PositiveSmallIntegerField(
        _("lineup share (basis points)"), default=400, validators=[MaxValueValidator(BASIS_POINTS)]
    )
    weight_views = models.PositiveSmallIntegerField(_("weight of a view"), default=1)
    weight_likes = models.PositiveSmallIntegerField(_("weight of a like"), default=5)
    weight_comments = models.PositiveSmallIntegerField(_("weight of a comment"), default=10)
    weight_shares = models.PositiveSmallIntegerField(_("weight of a share"), default=20)
    decay_permille = models.JSONField(
        _("decay by age in days (per mille)"),
        help_text=_("One number a day from age 0 to the horizon; older videos score 0."),
    )
    share_basis_points = models.PositiveSmallIntegerField(
        _("creator's share (basis points)"), default=5_000, validators=[MaxValueValidator(BASIS_POINTS)]
    )
    minimum_payout_micros = models.PositiveBigIntegerField(_("minimum payout (micros)"), default=50_000_000)
    approved = models.BooleanField(_("approved"), default=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("proposed by"),
        null=True,
        blank=True,
        related_name="+",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("approved by"),
        null=True,
        blank=True,
        related_name="+",
    )

    objects = TermsQuerySet.as_manager()

    class Meta:
        verbose_name = _("programme terms")
        verbose_name_plural = _("programme terms")
        ordering = ["-version"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lineup_basis_points__lte=BASIS_POINTS) & Q(share_basis_points__lte=BASIS_POINTS),
                name="terms_basis_points",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
                name="terms_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"

    @property
    def horizon_days(self) -> int:
        """The greatest age in days at which a video still scores."""
        return len(self.decay_permille) - 1


class CreatorQuerySet(models.QuerySet["Creator"]):
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
        ]
        permissions = [
            ("review_creator", _("Can approve and reject creators")),
            ("override_eligibility", _("Can approve creators who are not eligible")),
        ]

    def __str__(self) -> str:
        return f"@{self.handle}"


class Decision(models.Model):
    """One move of one creator: who, when, from where to where, and why. Append-only in the database."""

    class Action(models.TextChoices):
        QUEUE = "queue", _("queue for review")
        APPROVE = "approve", _("approve")
        REJECT = "reject", _("reject")
        ASK = "ask", _("ask for information")
        SUSPEND = "suspend", _("suspend")
        REINSTATE = "reinstate", _("reinstate")
        WITHDRAW = "withdraw", _("withdraw")
        REOPEN = "reopen", _("reopen")

    creator = models.ForeignKey(Creator, models.PROTECT, verbose_name=_("creator"), related_name="decisions")
    action = models.CharField(_("action"), max_length=10, choices=Action)
    from_status = models.CharField(_("from"), max_length=10, choices=Creator.Status)
    to_status = models.CharField(_("to"), max_length=10, choices=Creator.Status)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    note = models.TextField(_("note"), blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name=_("decided by"),
        null=True,
        blank=True,
        related_name="decisions",
        help_text=_("Empty: Pulse itself, by a rule."),
    )
    decided_at = models.DateTimeField(_("decided"), default=timezone.now)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_action_display()} #{self.pk}"


# The state machine of creators: action -> (the statuses it may start from, the status it leads to).
MOVES: dict[str, tuple[frozenset[str], str]] = {
    Decision.Action.QUEUE: (frozenset({Creator.Status.CANDIDATE}), Creator.Status.PENDING),
    Decision.Action.APPROVE: (
        frozenset({Creator.Status.PENDING, Creator.Status.ASKED}),
        Creator.Status.APPROVED,
    ),
    Decision.Action.REJECT: (
        frozenset({Creator.Status.PENDING, Creator.Status.ASKED}),
        Creator.Status.REJECTED,
    ),
    Decision.Action.ASK: (frozenset({Creator.Status.PENDING}), Creator.Status.ASKED),
    Decision.Action.SUSPEND: (frozenset({Creator.Status.APPROVED}), Creator.Status.SUSPENDED),
    Decision.Action.REINSTATE: (frozenset({Creator.Status.SUSPENDED}), Creator.Status.APPROVED),
    Decision.Action.WITHDRAW: (
        frozenset(
            {
                Creator.Status.PENDING,
                Creator.Status.ASKED,
                Creator.Status.APPROVED,
                Creator.Status.SUSPENDED,
            }
        ),
        Creator.Status.WITHDRAWN,
    ),
    Decision.Action.REOPEN: (
        frozenset({Creator.Status.REJECTED, Creator.Status.WITHDRAWN}),
        Creator.Status.PENDING,
    ),
}


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def covering(self, day: datetime.date) -> EnrolmentQuerySet:
        """The spans in which `day` lies."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day), starts_on__lte=day)


class Enrolment(models.Model):
    """A span of days, both ends included, in which a creator earns: approved and terms accepted.

    Spans of one creator never overlap: the database refuses it (guards.py).
    """

    creator = models.ForeignKey(
        Creator, models.PROTECT, verbose_name=_("creator"), related_name="enrolments", db_index=False
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        ordering = ["creator", "starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["creator", "starts_on"], name="enrolment_creator_start"),
            models.UniqueConstraint(
                fields=["creator"], condition=Q(ends_on__isnull=True), name="enrolment_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="enrolment_span"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_on} – {self.ends_on or '…'}"


class FollowerCount(models.Model):
    """A creator's followers as of a day.

    The key starts with the day, and there is no other index nor foreign-key check: a file of a million
    rows then writes one contiguous piece of one index, 4 to 5 times faster than Django's usual shape.
    """

    pk = models.CompositePrimaryKey("as_of", "creator_id")
    as_of = models.DateField(_("as of"))
    creator = models.ForeignKey(
        Creator,
        models.PROTECT,
        verbose_name=_("creator"),
        related_name="follower_counts",
        db_constraint=False,
        db_index=False,
    )
    followers = models.PositiveBigIntegerField(_("followers"))
    upload = models.ForeignKey(
        "pulse_site.Upload", models.PROTECT, null=True, db_constraint=False, db_index=False, related_name="+"
    )

    class Meta:
        verbose_name = _("follower count")
        verbose_name_plural = _("follower counts")

    def __str__(self) -> str:
        return f"{self.as_of}: {self.followers}"


class Reach(models.Model):
    """The newest follower count of a creator."""

    creator = models.OneToOneField(
        Creator, models.CASCADE, verbose_name=_("creator"), primary_key=True, db_constraint=False
    )
    followers = models.PositiveBigIntegerField(_("followers"))
    as_of = models.DateField(_("as of"))

    class Meta:
        verbose_name = _("reach")
        verbose_name_plural = _("reach")
        indexes = [models.Index(F("followers").desc(), "creator", name="reach_largest_first")]

    def __str__(self) -> str:
        return str(self.followers)


class Eligibility(models.Model):
    """What the rules said of a creator when they were last checked, with the values they saw."""

    creator = models.OneToOneField(
        Creator, models.CASCADE, verbose_name=_("creator"), primary_key=True, db_constraint=False
    )
    as_of = models.DateField(_("as of"))
    terms = models.ForeignKey(ProgrammeTerms, models.PROTECT, verbose_name=_("terms"), db_index=False)
    eligible = models.BooleanField(_("eligible"))
    failed_rules = models.CharField(
        _("failed rules"), max_length=80, blank=True, help_text=_("Names of the rules, separated by a blank.")
    )
    followers = models.PositiveBigIntegerField(_("followers"))
    videos = models.PositiveIntegerField(_("videos published in the window"))

    class Meta:
        verbose_name = _("eligibility")
        verbose_name_plural = _("eligibility")

    def __str__(self) -> str:
        return self.failed_rules or str(_("eligible"))


class Tier(models.IntegerChoices):
    """How safe a video is for brands; a campaign takes its own tier and the safer (lower) ones."""

    LIMITED = 1, _("limited")
    STANDARD = 2, _("standard")
    EXPANDED = 3, _("expanded")
    UNSUITABLE = 9, _("unsuitable")


class Video(models.Model):
    """A video, known by the platform's own number."""

    platform_id = models.BigIntegerField(_("platform id"), primary_key=True)
    creator = models.ForeignKey(Creator, models.PROTECT, verbose_name=_("creator"), db_index=False)
    published_at = models.DateTimeField(_("published"))
    market = models.CharField(_("market"), max_length=2)
    category = models.ForeignKey(
        Category, models.PROTECT, verbose_name=_("category"), null=True, blank=True, db_index=False
    )
    tier = models.PositiveSmallIntegerField(_("tier"), choices=Tier, default=Tier.STANDARD)

    class Meta:
        verbose_name = _("video")
        verbose_name_plural = _("videos")
        indexes = [models.Index("creator", "published_at", name="video_creator_published")]

    def __str__(self) -> str:
        return str(self.platform_id)


class VideoCounts(models.Model):
    """A video's counts as seen on a day, with all that its rank of that day depends on.

    Creator, market, category, tier and age are repeated here on purpose: the row is the frozen input of
    that day's lineup, and ten million of them are ranked by reading this one table.
    """

    pk = models.CompositePrimaryKey("day", "video_id")
    day = models.DateField(_("day"))
    video = models.ForeignKey(
        Video,
        models.PROTECT,
        verbose_name=_("video"),
        related_name="counts",
        db_constraint=False,
        db_index=False,
    )
    creator = models.ForeignKey(
        Creator, models.PROTECT, verbose_name=_("creator"), db_constraint=False, db_index=False
    )
    market = models.CharField(_("market"), max_length=2)
    category = models.ForeignKey(
        Category, models.PROTECT, verbose_name=_("category"), null=True, db_constraint=False, db_index=False
    )
    tier = models.PositiveSmallIntegerField(_("tier"), choices=Tier)
    published_at = models.DateTimeField(_("published"))
    age_days = models.PositiveIntegerField(_("age in days"))
    views = models.PositiveBigIntegerField(_("views"))
    likes = models.PositiveBigIntegerField(_("likes"))
    comments = models.PositiveBigIntegerField(_("comments"))
    shares = models.PositiveBigIntegerField(_("shares"))

    class Meta:
        verbose_name = _("daily counts")
        verbose_name_plural = _("daily counts")

    def __str__(self) -> str:
        return f"{self.day} {self.video_id}"
