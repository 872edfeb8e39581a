"""The words of a statement, in the language that is active: the page, the PDF and the CSV share them."""

from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Delivery, Month
from creators.models import BASIS_POINTS
from payouts import payability
from payouts.models import Correction, Method, Transfer
from payouts.statements.content import Adjusted, Held, Line, Moved, Paid, Statement
from pulse_site.money import written


@dataclass(frozen=True)
class Step:
    """One line of the way from the opening balance to the closing one."""

    name: str
    label: str
    micros: int
    strong: bool = False


def title(statement: Statement) -> str:
    return _("Statement of %(month)s") % {"month": month(statement.month.code)}


def month(code: str) -> str:
    """October 2026."""
    return date_format(Month(code=code).first_day, "F Y")


def steps(statement: Statement) -> list[Step]:
    """From the opening to the closing balance; what did not happen is left out, the two balances never."""
    first, last = statement.month.first_day, statement.month.last_day
    between = [
        Step("earned", _("Your share of the revenue"), statement.earned_micros),
        Step("adjusted", _("Corrections"), statement.adjusted_micros),
        Step("goodwill", _("Goodwill"), statement.goodwill_micros),
        Step("other", _("Other entries"), statement.other_micros),
        Step("returned", _("Payments that came back"), statement.returned_micros),
        Step("transit_before", _("Was on its way to you"), statement.transit_before_micros),
        Step("paid", _("Paid to you"), -statement.paid_micros),
        Step("withheld", _("Tax withheld"), -statement.withheld_micros),
        Step("transit_after", _("Is on its way to you"), -statement.transit_after_micros),
    ]
    return [
        Step(
            "opening", _("Balance on %(day)s") % {"day": date_format(first)}, statement.opening_micros, True
        ),
        *(step for step in between if step.micros or step.name == "earned"),
        Step("closing", _("Balance on %(day)s") % {"day": date_format(last)}, statement.closing_micros, True),
    ]


def percent(basis_points: int) -> str:
    """50 %, 33.33 %: exact, as basis points have two decimals."""
    whole, rest = divmod(basis_points, BASIS_POINTS // 100)
    decimals = f"{rest:02}".rstrip("0")
    point = number_format("0.1", decimal_pos=1)[1]
    return _("%(number)s%%") % {"number": f"{whole}{point}{decimals}" if decimals else f"{whole}"}


def count(number: int) -> str:
    return number_format(number, force_grouping=True)


def line_note(statement: Statement, line: Line) -> str:
    """What is unusual about a line; empty when nothing is."""
    notes = [] if line.enrolled else [_("not enrolled on that day")]
    if line.origin != statement.month.code:
        notes.append(_("ran in %(month)s, reported later") % {"month": month(line.origin)})
    return ", ".join(notes)


def line_rate(statement: Statement, line: Line) -> str:
    return percent(statement.basis_points if line.enrolled else 0)


def verdict(value: str) -> str:
    return capfirst(str(Delivery.Verdict(value).label))


def adjustment(statement: Statement, adjusted: Adjusted) -> str:
    """Reason, detail and what it corrects."""
    reason = str(Correction.Reason(adjusted.reason).label) if adjusted.reason else _("correction")
    parts = [reason, adjusted.detail]
    if adjusted.video:
        parts.append(_("video %(video)s") % {"video": adjusted.video})
    parts.append(adjusted.campaign)
    if adjusted.origin != statement.month.code:
        parts.append(_("of %(month)s") % {"month": month(adjusted.origin)})
    return capfirst(", ".join(filter(None, parts)))


def moved(each: Moved) -> str:
    labels = dict(Transfer.Kind.choices)
    return capfirst(": ".join(filter(None, [str(labels.get(each.kind, each.kind)), each.reason])))


def destination(payment: Paid) -> str:
    """ACH ••••6789."""
    if payment.tax:
        return _("Tax withheld")
    labels = dict(Method.choices)
    return " ".join(filter(None, [str(labels.get(payment.method, payment.method)), payment.hint]))


def held(each: Held) -> str:
    return _("%(amount)s of batch %(batch)s is held: %(reasons)s.") % {
        "amount": written(each.amount_micros),
        "batch": each.batch,
        "reasons": ", ".join(payability.labels(each.reasons)),
    }


def explanations(statement: Statement) -> list[str]:
    """How it was shared and rounded, why nothing was paid, and what becomes of the balance."""
    return [*_sharing(statement), *_not_paid(statement), *_carried(statement)]


def _sharing(statement: Statement) -> list[str]:
    if not statement.lines:
        return []
    share = {"share": percent(statement.basis_points)}
    return [
        _(
            "Revenue is impressions × CPM ÷ 1,000. Your share is %(share)s of it, rounded down to a "
            "millionth of a dollar once for each campaign and month."
        )
        % share
    ]


def _not_paid(statement: Statement) -> list[str]:
    if statement.paid or statement.transit_after_micros:
        return []
    if statement.held:
        return [held(each) for each in statement.held]
    if statement.opening_micros > 0 and not statement.was_due:
        return [
            _("Nothing was paid: the balance at the beginning was below the minimum payout of %(minimum)s.")
            % {"minimum": written(statement.minimum_micros)}
        ]
    return []


def _carried(statement: Statement) -> list[str]:
    closing, minimum = statement.closing_micros, {"minimum": written(statement.minimum_micros)}
    said = []
    if closing < 0:
        said.append(_("The balance is negative; it is set off against what you earn next."))
    elif statement.due:
        said.append(_("Payments are made in whole cents. The balance is paid with the next payout."))
    elif closing:
        said.append(
            _("The balance is carried: it is paid once it reaches the minimum payout of %(minimum)s.")
            % minimum
        )
    if statement.carried_micros:
        said.append(
            _("%(part)s of it is less than a cent, which no bank can pay; it stays yours and is carried.")
            % {"part": written(statement.carried_micros)}
        )
    return said


def unpaid_note(statement: Statement) -> str:
    """How many impressions earned nobody anything."""
    total = sum(each.impressions for each in statement.unpaid)
    return ngettext(
        "%(count)s more impression ran beside your videos that no advertiser was billed for.",
        "%(count)s more impressions ran beside your videos that no advertiser was billed for.",
        total,
    ) % {"count": count(total)}


def page(statement: Statement) -> dict[str, Any]:
    """All of it, for a template: rows of texts beside the figures that they explain."""
    return {
        "statement": statement,
        "title": title(statement),
        "steps": steps(statement),
        "share": percent(statement.basis_points),
        "lines": [(line, line_rate(statement, line), line_note(statement, line)) for line in statement.lines],
        "unpaid": [(verdict(each.verdict), each.impressions) for each in statement.unpaid],
        "unpaid_note": unpaid_note(statement),
        "adjustments": [(adjustment(statement, each), each.micros) for each in statement.adjustments],
        "others": [(each.on, moved(each), each.micros) for each in statement.others],
        "paid": [(payment, destination(payment)) for payment in statement.paid],
        "returned": [(payment, destination(payment)) for payment in statement.returned],
        "explanations": explanations(statement),
    }
