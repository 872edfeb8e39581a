"""Enrolments: the spans of days in which creators earn, because they are approved and accepted the terms.

A span opens on the day on which both became true. It ends on the day on which the creator is suspended or
leaves, so that he earns to the end of that day and from the next day on no more. Who is reinstated on the
very day of his suspension would have two spans with that day in both: his old span goes on instead, as if
it had never ended. From the next day on he gets a new span.
"""

import datetime

from django.db import transaction
from django.db.models import (
    BigIntegerField,
    DateField,
    DateTimeField,
    Exists,
    F,
    Func,
    OuterRef,
    QuerySet,
    Value,
)
from django.db.models.functions import Concat, Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from creators.models import Creator, Enrolment, ProgrammeTerms, TermsAcceptance
from creators.selection import frozen, insert_from
from pulse_site import audit
from pulse_site.models import User
from pulse_site.refusal import Refused

LABEL = Concat(Value("@"), "handle")  # as a creator calls himself


def accept_terms(
    creators: QuerySet[Creator], on: datetime.date, by: User | None = None, language: str = ""
) -> int:
    """Note that `creators` accepted the terms on the day `on`; those who are approved start to earn.

    `by` is who noted it, None where the creator did so himself by his link; `language` is the one in which he
    read them, his own unless given. Returns how many accepted now: whoever accepted before keeps his day.
    Raises Refused for a day to come and for one before the first terms.
    """
    if on > timezone.localdate():
        raise Refused(
            _("Nobody can have accepted the terms on %(day)s: that day is yet to come.") % {"day": on}
        )
    with transaction.atomic(), frozen(creators) as chosen:
        fresh = chosen.filter(terms_accepted_on__isnull=True)
        audit.record_all(by, "creator.accept_terms", fresh, label=LABEL, accepted_on=str(on))
        _record(fresh, on, by, language)
        accepted = fresh.update(terms_accepted_on=on)
        open_spans(chosen)
    return accepted


def _record(fresh: QuerySet[Creator], on: datetime.date, by: User | None, language: str) -> None:
    """Keep which version each of them accepted, and how."""
    terms = ProgrammeTerms.objects.begun(on).first()
    if terms is None:
        raise Refused(_("No approved terms of the programme govern %(day)s.") % {"day": on})
    channel = TermsAcceptance.Channel.STAFF if by else TermsAcceptance.Channel.LINK
    insert_from(
        fresh.order_by("pk"),
        TermsAcceptance._meta.db_table,
        creator_id="pk",
        terms_id=Value(terms.pk, BigIntegerField()),
        channel=Value(str(channel)),
        language=Value(language) if language else "language",
        noted_by_id=Value(by.pk if by else None, BigIntegerField()),
        accepted_at=Value(timezone.now(), DateTimeField()),
    )


def open_spans(creators: QuerySet[Creator]) -> None:
    """Let those of `creators` earn who are approved, accepted the terms and have no open span."""
    earning = creators.filter(status=Creator.Status.APPROVED, terms_accepted_on__isnull=False)
    spans = Enrolment.objects.filter(creator=OuterRef("creator"))
    Enrolment.objects.filter(
        ~Exists(spans.filter(starts_on__gt=OuterRef("starts_on"))),
        creator__in=earning,
        ends_on__gte=_first_day("creator__"),
    ).update(ends_on=None)
    open_span = Enrolment.objects.filter(creator=OuterRef("pk"), ends_on__isnull=True)
    insert_from(
        earning.exclude(Exists(open_span)).order_by("pk"),
        Enrolment._meta.db_table,
        creator_id="pk",
        starts_on=_first_day(),
    )


def close_spans(creators: QuerySet[Creator], day: datetime.date) -> None:
    """Let `creators` earn until the end of `day`; a span that would only start later never was."""
    spans = Enrolment.objects.filter(creator__in=creators, ends_on__isnull=True)
    spans.filter(starts_on__gt=day).delete()
    spans.update(ends_on=day)


def _first_day(creator: str = "") -> Greatest:
    """The day on which the creator was both approved and bound by the terms (of an approved creator)."""
    approved_on = Func(F(f"{creator}status_since"), function="date", output_field=DateField())
    return Greatest(approved_on, F(f"{creator}terms_accepted_on"))
