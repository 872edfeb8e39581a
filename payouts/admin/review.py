"""The controller's panels on a month's page: warnings first, then the month against the one before."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.dateparse import parse_date
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Campaign, Delivery, Month
from creators.models import Creator
from payouts import months, payability, review
from payouts.admin.months import figures_as_of
from pulse_site.admin.model_admin import grouped
from pulse_site.money import dollars
from pulse_site.panels import panel

VIEW = "campaigns.view_month"


@panel("admin/panels/review_warnings.html", of=Month, permission=VIEW, position=6)
def warnings(request: HttpRequest, month: Month) -> dict[str, Any]:
    """What must be looked at before the month is signed, most severe first."""
    return {"month": month, "as_of": figures_as_of(month), "warnings": list(_warnings(month))}


@panel("admin/panels/review_totals.html", of=Month, permission=VIEW, position=7)
def totals(request: HttpRequest, month: Month) -> dict[str, Any] | None:
    """The month's totals against those of the month before."""
    if month.calculated_at is None:
        return None
    last = review.last_month(month)
    rows = [
        {"label": label, "now": show(now), "before": show(before), "difference": _difference(now, before)}
        for label, now, before, show in _totals(month, last)
    ]
    return {"rows": rows, "month": month, "last": last}


@panel("admin/panels/review_verdicts.html", of=Month, permission="campaigns.view_delivery", position=8)
def verdicts(request: HttpRequest, month: Month) -> dict[str, Any] | None:
    """Where impressions went: what was billed, and what ran off the lineup, as part of all."""
    if not review.impressions(month):
        return None
    last = review.last_month(month)
    rows = [
        {
            "verdict": verdict,
            "label": label,
            "impressions": review.impressions(month, verdict),
            "part": _part(month, verdict),
            "before": _part(last, verdict) if last else "–",
        }
        for verdict, label in Delivery.Verdict.choices
    ]
    return {"rows": rows, "month": month, "last": last, "late": _late(month)}


@panel("admin/panels/review_changes.html", of=Month, permission="payouts.view_earning", position=9)
def changes(request: HttpRequest, month: Month) -> dict[str, Any] | None:
    """Whose share and which campaign's revenue differ most from last month's, and who is new to earning."""
    if not month.facts:
        return None
    new = month.facts["new"]
    facts = month.facts
    creators = _creators([row[0] for row in [*facts["creators"], *new["rows"]]])
    campaigns = _campaigns([row[0] for row in facts["campaigns"]])
    return {
        "last": review.last_code(month),
        "creators": _compared(facts["creators"], creators),
        "campaigns": _compared(facts["campaigns"], campaigns),
        "new": [(creators[pk], micros) for pk, micros in new["rows"]],
        "new_total": new,
    }


@panel("admin/panels/review_open.html", of=Month, permission="payouts.view_correction", position=9)
def still_open(request: HttpRequest, month: Month) -> dict[str, Any] | None:
    """Corrections that wait for approval, and creators who earn but can't be paid."""
    if month.calculated_at is None:
        return None
    corrections = list(review.waiting_corrections(month).select_related("prepared_by")[: review.SHOWN])
    stuck = review.unpayable(month)
    creators = _creators([row[0] for row in stuck["rows"]])
    return {
        "corrections": [(each, _link("payouts_correction_change", each.pk)) for each in corrections],
        "unpayable": [
            (creators[pk], micros, payability.labels(codes), _link("payouts_payee_change", pk))
            for pk, micros, codes in stuck["rows"]
        ],
        "stuck": stuck,
    }


def _warnings(month: Month) -> list[tuple[str, str, str]]:
    """Tone, sentence, and where to look."""
    found = [
        ("bad", sentence, reverse("admin:campaigns_placementrun_changelist")) for sentence in _days(month)
    ]
    if late := month.facts.get("late", {}).get("count"):
        told = ngettext(
            "%(count)s day of a campaign was delivered late and belongs to an earlier month.",
            "%(count)s days of campaigns were delivered late and belong to earlier months.",
            late,
        )
        found.append(("", told % {"count": grouped(late)}, "#late"))
    if waiting := review.waiting_corrections(month).count():
        told = ngettext(
            "%(count)s correction waits for approval.", "%(count)s corrections wait for approval.", waiting
        )
        found.append(("", told % {"count": grouped(waiting)}, "#corrections"))
    if month.status == Month.Status.REVIEW and month.reviewed_at and month.terms:
        day = date_format(months.closes_from(month), "SHORT_DATE_FORMAT")
        found.append(("info", _("It can be closed from %(day)s on.") % {"day": day}, ""))
    return found


def _days(month: Month) -> list[str]:
    return [
        _("%(day)s (%(market)s) has deliveries but no lineup: none of them is billable.")
        % {"day": date_format(_day(day), "SHORT_DATE_FORMAT"), "market": market}
        for day, market in month.facts.get("unlisted", ())
    ]


def _totals(month: Month, last: Month | None) -> list[tuple[str, int, int, Any]]:
    """Label, this month, last month, and how it is written."""

    def pair(of: Any) -> tuple[int, int]:
        return of(month), of(last) if last else 0

    billable = Delivery.Verdict.BILLABLE
    return [
        (_("Revenue"), *pair(lambda m: m.revenue_micros), dollars),
        (_("Shared with creators"), *pair(lambda m: m.shared_micros), dollars),
        (_("Platform"), *pair(lambda m: m.platform_micros), dollars),
        (_("Creators who earn"), *pair(lambda m: m.creators), grouped),
        (_("Billable impressions"), *pair(lambda m: review.impressions(m, billable)), grouped),
        (
            _("Effective CPM"),
            *pair(lambda m: review.effective_cpm(m.revenue_micros, review.impressions(m, billable))),
            dollars,
        ),
    ]


def _difference(now: int, before: int) -> dict[str, str]:
    tenths = review.difference(now, before)
    if tenths is None:
        return {"text": "–", "tone": ""}
    tone = "up" if now > before else "down" if now < before else ""
    sign = "+" if tenths > 0 else "−" if tenths < 0 else "±"
    return {"text": f"{sign}{_percent(abs(tenths))}", "tone": tone}


def _part(month: Month, verdict: str) -> str:
    """The verdict's part of all impressions."""
    whole = review.impressions(month)
    return _percent(review.impressions(month, verdict) * review.PERMILLE // whole) if whole else "–"


def _percent(tenths: int) -> str:
    return f"{number_format(f'{tenths // 10}.{tenths % 10}', 1)} %"


def _late(month: Month) -> dict[str, Any]:
    late = month.facts.get("late", {"count": 0, "rows": []})
    campaigns = _campaigns([row[1] for row in late["rows"]])
    rows = [(_day(day), campaigns[pk], seen, micros) for day, pk, seen, micros in late["rows"]]
    return {**late, "rows": rows}


def _compared(rows: Sequence[Sequence[int]], named: dict[int, Any]) -> list[dict[str, Any]]:
    return [
        {
            "of": named[pk],
            "now": now,
            "before": before,
            "change": f"{'+' if now > before else ''}{dollars(now - before)}",
            "difference": _difference(now, before),
        }
        for pk, now, before in rows
    ]


def _creators(ids: Sequence[int]) -> dict[int, Creator]:
    return Creator.objects.only("handle").in_bulk(ids)


def _campaigns(ids: Sequence[int]) -> dict[int, Campaign]:
    return Campaign.objects.only("reference", "name").in_bulk(ids)


def _day(text: str) -> Any:
    return parse_date(text)


def _link(name: str, pk: int) -> str:
    try:
        return reverse(f"admin:{name}", args=[pk])
    except NoReverseMatch:
        return ""
