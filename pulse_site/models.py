"""What every app stands on: people, uploaded files, background runs and the audit trail."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A person who logs in: staff in the admin, an advertiser's member in the portal."""

    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")


class Upload(models.Model):
    """One feed file: who gave it, when, what it was, and what came of it.

    The row is written when a file is previewed or imported; `summary` holds the counts that the command
    prints (rows, created, updated, unchanged, rejected, reasons, seconds), `mapping` how its header was
    read (feeds/headers.py). `staged` says what stands in the upload's staging tables (feeds/staging.py),
    `confirmed` which of the summary's warnings somebody took, `before` what its feed needs to undo it.
    """

    class Status(models.TextChoices):
        UPLOADED = "uploaded", _("uploaded")
        PREVIEWED = "previewed", _("previewed")
        APPLIED = "applied", _("applied")
        REFUSED = "refused", _("refused")
        CANCELLED = "cancelled", _("cancelled")
        UNDONE = "undone", _("undone")

    # In these an upload may still be previewed, applied, refused or cancelled; in the others it is settled.
    WAITING = (Status.UPLOADED, Status.PREVIEWED)

    feed = models.CharField(_("feed"), max_length=20)
    file = models.FileField(_("file"), upload_to="feeds/%Y/%m", blank=True)
    name = models.CharField(_("file name"), max_length=255)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.UPLOADED)
    summary = models.JSONField(_("summary"), default=dict, blank=True)
    error = models.TextField(_("error"), blank=True)
    uploaded_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("uploaded by"), null=True, blank=True, related_name="uploads"
    )
    uploaded_at = models.DateTimeField(_("uploaded"), auto_now_add=True)
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True)
    mapping = models.JSONField(_("mapping"), default=dict, blank=True, editable=False)
    staged = models.JSONField(_("staged"), default=dict, blank=True, editable=False)
    before = models.JSONField(_("before"), default=dict, blank=True, editable=False)
    confirmed = models.JSONField(_("confirmed warnings"), default=list, blank=True)
    confirmed_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("confirmed by"), null=True, blank=True, related_name="+"
    )
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    undone_by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("undone by"), null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        ordering = ["-id"]
        indexes = [models.Index("feed", "sha256", name="upload_feed_sha256")]
        permissions = [
            ("apply_upload", _("Can apply an upload")),
            ("undo_upload", _("Can undo an applied upload")),
        ]

    def __str__(self) -> str:
        return self.name


class HeaderMapping(models.Model):
    """How a person read a header that Pulse did not: the default for the next file that has it."""

    feed = models.CharField(_("feed"), max_length=20)
    fingerprint = models.CharField(
        _("fingerprint"), max_length=64, help_text=_("SHA-256 of the names in the header.")
    )
    columns = models.JSONField(_("columns"), help_text=_("Header to column; blank leaves the header out."))
    reading = models.JSONField(
        _("reading"), default=dict, blank=True, help_text=_("The encoding and the sheet that a person chose.")
    )
    by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("by"), null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("remembered mapping")
        verbose_name_plural = _("remembered mappings")
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["feed", "fingerprint"], name="one_mapping_a_header")]

    def __str__(self) -> str:
        return ", ".join(self.columns)


class RejectedRow(models.Model):
    """One row that an import did not take: where it stands, what it said, and why."""

    upload = models.ForeignKey(
        Upload, models.CASCADE, verbose_name=_("upload"), related_name="rejected_rows", db_index=False
    )
    line = models.PositiveIntegerField(_("line"))
    column = models.CharField(_("column"), max_length=80, blank=True)
    value = models.CharField(_("value"), max_length=300, blank=True)
    reason = models.CharField(_("reason"), max_length=40)
    message = models.CharField(_("what to do"), max_length=300)

    class Meta:
        verbose_name = _("rejected row")
        verbose_name_plural = _("rejected rows")
        ordering = ["upload", "line", "id"]
        indexes = [models.Index("upload", "line", name="rejected_row_upload_line")]

    def __str__(self) -> str:
        return f"{self.upload_id}:{self.line}"


class RunQuerySet(models.QuerySet["Run"]):
    def active(self) -> RunQuerySet:
        return self.filter(status__in=Run.ACTIVE)

    def free(self, now: datetime.datetime) -> RunQuerySet:
        """What a worker may claim: runs that wait, and those whose worker let its lease run out."""
        return self.filter(Q(status=Run.Status.QUEUED) | Q(status=Run.Status.RUNNING, lease_until__lt=now))


class Run(models.Model):
    """A piece of background work. This row is the truth; the broker is only the doorbell.

    A worker claims a run by taking its lease and raising `token`; its effects and the status "done" are
    committed in one transaction that is refused if the token has moved on (see runs.py).
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    ACTIVE = (Status.QUEUED, Status.RUNNING)

    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(_("key"), max_length=120)
    arguments = models.JSONField(_("arguments"), default=dict, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.QUEUED)
    step = models.CharField(_("step"), max_length=80, blank=True)
    progress_permille = models.PositiveSmallIntegerField(_("progress"), default=0)
    result = models.JSONField(_("result"), default=dict, blank=True, encoder=DjangoJSONEncoder)
    error = models.TextField(_("error"), blank=True)
    owner = models.ForeignKey(User, models.PROTECT, verbose_name=_("owner"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    token = models.PositiveIntegerField(_("fencing token"), default=0)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], condition=Q(status__in=["queued", "running"]), name="one_active_run"
            )
        ]
        indexes = [models.Index("status", "lease_until", name="run_status_lease")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def active(self) -> bool:
        return self.status in self.ACTIVE


class AuditEvent(models.Model):
    """Who did what to what, and when: one row for each step about money, terms, people or advertisers.

    Written by audit.py in the transaction of the step itself, never updated nor deleted (guards), sealed
    with the ledger. Names are kept as they were then; the keys beside them find what they belong to.
    """

    class Area(models.TextChoices):
        MONEY = "money", _("money")
        TERMS = "terms", _("terms")
        PEOPLE = "people", _("people and permissions")
        ADVERTISERS = "advertisers", _("advertisers")
        IMPORTS = "imports", _("imports")
        CREATORS = "creators", _("creators")

    at = models.DateTimeField(_("at"), default=timezone.now)
    actor = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("who"), null=True, db_index=False, related_name="+"
    )
    actor_label = models.CharField(
        _("who"), max_length=150, blank=True, help_text=_("Nobody is Pulse itself.")
    )
    area = models.CharField(_("area"), max_length=12, choices=Area)
    action = models.CharField(_("action"), max_length=40)
    subject_type = models.CharField(_("kind of subject"), max_length=60)
    subject_key = models.CharField(_("key of the subject"), max_length=60)
    subject_label = models.CharField(_("subject"), max_length=200)
    detail = models.JSONField(_("details"), default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ["-at", "-id"]
        # Each ends with the order of the list: a filter and a span of days are one stretch of one index.
        indexes = [
            models.Index("at", "id", name="audit_at"),
            models.Index("area", "at", "id", name="audit_area"),
            models.Index("action", "at", "id", name="audit_action"),
            models.Index("actor", "at", "id", name="audit_actor"),
            models.Index("subject_type", "subject_key", "at", "id", name="audit_subject"),
            models.Index(fields=["subject_label"], opclasses=["varchar_pattern_ops"], name="audit_label"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_label}"


class Mail(models.Model):
    """One e-mail: to whom, what about, and whether it is gone (mail.py); its text is kept until then."""

    to = models.EmailField(_("to"))
    name = models.CharField(_("kind"), max_length=40)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"), blank=True)
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    not_before = models.DateTimeField(_("not before"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("error"), max_length=300, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True)

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        ordering = ["-id"]
        indexes = [
            models.Index("not_before", "id", condition=Q(sent_at__isnull=True), name="mail_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.to}: {self.subject}"

    @property
    def message_id(self) -> str:
        """The same however often it is sent, so that the reader's program may drop the second one."""
        return f"<mail-{self.pk}.{self.created_at:%Y%m%d%H%M%S}@{settings.SITE_URL.rpartition('/')[2]}>"
