"""Payable or not: whether a creator may be paid on a day, with every reason against it.

There is one rule, written once as SQL over all creators, so that the payee's page, the preparation of a
batch, its approval and its files can't differ. A reason is a code; a row without any is payable. Backup
withholding is no reason: the payment is made, and the part that the tax office is due is withheld from it.

The creator's own status is no reason either. Who is suspended, banned or withdrawn earns nothing any more,
but what he earned before is his and is paid; who suspects that it isn't blocks the payee, with a reason and
so that another person has to lift it.

Two payees with the same bank details may be an agency, or one thief: both are held until two persons have
found it right for each of them.
"""

import datetime
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.models import BooleanField, CharField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from creators.models import Creator, ProgrammeTerms
from payouts.models import Payee

# code -> what a person reads
REASONS: dict[str, Any] = {
    "no_payee": _("no payee details"),
    "blocked": _("blocked"),
    "held": _("bank details changed a short while ago"),
    "change_open": _("a change of the details waits for approval"),
    "tax_form": _("no valid tax form"),
    "tax_form_expired": _("the tax form has expired"),
    "not_screened": _("not screened for sanctions, or too long ago"),
    "sanctions": _("the sanctions screening has a match or must be reviewed"),
    "no_destination": _("no bank details"),
    "shared": _("another payee has the same bank details"),
    "balance": _("the balance no longer covers it"),
    "details_changed": _("bank details or withholding changed since it was prepared"),
    "details_unfit": _("the bank details don't fit into a payment file"),
    "too_large": _("more than a payment file takes in one payment"),
    "returned": _("the bank returned the last payment to these bank details"),
}

# code -> when it speaks against one row of payouts_payee, which the statement around this calls {payee}; each
# names at most one day, of `values`.
CONDITIONS: dict[str, str] = {
    "blocked": "{payee}.blocked",
    "held": "{payee}.held_until > %s",
    "change_open": """EXISTS (SELECT 1 FROM payouts_payeechange change
                               WHERE change.creator_id = {payee}.creator_id
                                 AND change.status = 'proposed')""",
    "tax_form": "NOT {payee}.backup_withholding AND {payee}.tax_status <> 'valid'",
    "tax_form_expired": """NOT {payee}.backup_withholding AND {payee}.tax_status = 'valid'
                           AND {payee}.tax_expires_on < %s""",
    "sanctions": "{payee}.screening IN ('review', 'match')",
    "not_screened": """{payee}.screening NOT IN ('review', 'match')
                       AND ({payee}.screening <> 'clear' OR {payee}.screened_on IS NULL
                            OR {payee}.screened_on < %s)""",
    "no_destination": "{payee}.destination_digest = '' AND {payee}.method <> 'manual'",
    "shared": """{payee}.destination_digest <> '' AND NOT {payee}.sharing_confirmed
                 AND EXISTS (SELECT 1 FROM payouts_payee other
                              WHERE other.destination_digest = {payee}.destination_digest
                                AND other.creator_id <> {payee}.creator_id)""",
}
_REASONS = " || ".join(
    f"CASE WHEN {condition} THEN '{code},' ELSE '' END" for code, condition in CONDITIONS.items()
)
# creator_id, method, details_version, withhold (1 or 0), reasons (codes, a comma after each; '' is payable).
JUDGED = f"""
    SELECT creator.id AS creator_id, payee.method, payee.version AS details_version,
           CASE WHEN payee.backup_withholding THEN 1 ELSE 0 END AS withhold,
           CASE WHEN payee.creator_id IS NULL THEN 'no_payee,' ELSE {_REASONS.format(payee="payee")}
           END AS reasons
      FROM creators_creator creator LEFT JOIN payouts_payee payee ON payee.creator_id = creator.id
"""  # noqa: S608 - one statement around another of ours


@dataclass(frozen=True)
class Judgement:
    """Codes of the reasons against a payment, in their order; payable without any."""

    reasons: tuple[str, ...]

    @property
    def payable(self) -> bool:
        return not self.reasons

    @property
    def labels(self) -> list[str]:
        return [str(REASONS[code]) for code in self.reasons]


def of(creator: Creator, day: datetime.date | None = None) -> Judgement:
    """Whether the creator may be paid on `day` (today), with every reason against it."""
    with connection.cursor() as cursor:
        cursor.execute(f"{JUDGED} WHERE creator.id = %s", [*values(day or timezone.now().date()), creator.pk])
        row = cursor.fetchone()
    return Judgement(tuple(code for code in row[-1].split(",") if code))


def judged(payees: QuerySet[Payee], day: datetime.date | None = None) -> QuerySet[Payee]:
    """The payees, each with `reasons` as in JUDGED; to find some among many ask `held_for` or `payable`."""
    rule = RawSQL(  # noqa: S611 - a statement of ours
        _REASONS.format(payee="payouts_payee"),
        values(day or timezone.now().date()),
        output_field=CharField(),
    )
    return payees.annotate(reasons=rule)


def held_for(payees: QuerySet[Payee], code: str, day: datetime.date | None = None) -> QuerySet[Payee]:
    """The payees against whom the reason `code` speaks: that one rule is asked and no other."""
    return payees.filter(_speaks(code, day or timezone.now().date()))


def payable(
    payees: QuerySet[Payee], day: datetime.date | None = None, *, yes: bool = True
) -> QuerySet[Payee]:
    """The payees against whom no reason speaks, or with `yes` False the others: one reason is enough."""
    day = day or timezone.now().date()
    against = reduce(or_, (Q(_speaks(code, day)) for code in CONDITIONS))
    return payees.filter(~against if yes else against)


def _speaks(code: str, day: datetime.date) -> RawSQL:
    days = dict(zip((c for c, rule in CONDITIONS.items() if "%s" in rule), values(day), strict=True))
    rule = f"COALESCE({CONDITIONS[code].format(payee='payouts_payee')}, false)"
    return RawSQL(rule, [days[code]] if code in days else [], output_field=BooleanField())  # noqa: S611


def values(day: datetime.date) -> list[Any]:
    """The parameters of JUDGED for `day`, by the terms in force on it."""
    terms = ProgrammeTerms.objects.in_force(day)
    return [day, day, day - datetime.timedelta(days=terms.screening_days)]


def labels(codes: str) -> list[str]:
    """What a person reads for the codes of one row."""
    return [str(REASONS[code]) for code in codes.split(",") if code]
