"""Months: calculated as a draft, put under review by one person, closed by another."""

from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models import Month
from creators.admin.programme import percent
from payouts import months
from payouts.admin import what_if
from payouts.models import Earning
from pulse_site import runs
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MovingAdmin
from pulse_site.models import Run, User
from pulse_site.panels import panel

SHOWN = 20
CALCULATION = "calculate_month"  # the run of payouts/tasks.py
REVIEW, CLOSE = ("campaigns.review_month",), ("campaigns.close_month",)
BAR = 1_000  # the width of the bar on which the creators' part is drawn


def statuses(action: str) -> frozenset[str]:
    """Where the action may start from, by the job module's own table."""
    return frozenset(months.MOVES[action][0])


@admin.register(Month)
class MonthAdmin(Exports, MovingAdmin, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            Month,
            "code status calculated_at revenue_micros shared_micros platform_micros creators "
            "reviewed_by__username reviewed_at closed_by__username closed_at digest",
        )
    ]
    in_bulk = False
    list_display = [
        "code",
        model_admin.badge(),
        "figures_as_of",
        model_admin.dollars("revenue_micros", _("revenue")),
        model_admin.dollars("shared_micros", _("creators")),
        model_admin.dollars("platform_micros", _("platform")),
        model_admin.count("creators", _("creators who earn")),
        "reviewed_by",
        "closed_by",
    ]
    list_select_related = ["reviewed_by", "closed_by"]
    fields = [
        "code",
        "figures_as_of",
        "terms",
        model_admin.column("share_basis_points", _("creators' share"), percent),
        model_admin.dollars("revenue_micros", _("revenue")),
        model_admin.dollars("shared_micros", _("creators")),
        model_admin.dollars("platform_micros", _("platform")),
        model_admin.count("creators", _("creators who earn")),
        "calculated_at",
        "reviewed_by",
        "reviewed_at",
        "closed_by",
        "closed_at",
        "digest",
    ]
    moves = {
        "calculate": Move(_("Calculate"), REVIEW, statuses("calculate")),
        "review": Move(_("Put under review"), REVIEW, statuses("review"), tone="good"),
        "reopen": Move(_("Take back from review"), REVIEW + CLOSE, statuses("reopen")),
        "close": Move(pgettext_lazy("month", "Close"), CLOSE, statuses("close"), tone="good"),
        "pay": Move(
            _("Prepare a payout batch"),
            ("payouts.prepare_batch",),
            frozenset({Month.Status.CLOSED}),
            tone="good",
        ),
    }
    jobs = {"review": months.review, "reopen": months.reopen, "close": months.close}

    def get_urls(self) -> list[Any]:
        """Other terms are tried on months, so their page stands among these."""
        view = self.admin_site.admin_view
        return [
            path("what-if/", view(what_if.page), name="payouts_what_if"),
            path("what-if/<slug:table>.<slug:format>", view(what_if.file), name="payouts_what_if_file"),
            *super().get_urls(),
        ]

    @admin.display(description=_("figures"))
    def figures_as_of(self, month: Month) -> str:
        return figures_as_of(month)

    def move_url(self, action: str, ids: Iterable[Any]) -> str:
        """To pay is to prepare a batch, and that has a page of its own."""
        if action != "pay":
            return super().move_url(action, ids)
        address = reverse("admin:payouts_payoutbatch_prepare")
        return f"{address}?{urlencode({'month': ','.join(map(str, ids))})}"

    def figures(self, record: Month) -> list[tuple[object, object]]:
        return [
            (_("status"), record.get_status_display()),
            (_("figures"), figures_as_of(record)),
            (_("revenue"), model_admin.money.dollars(record.revenue_micros)),
            (_("creators"), model_admin.money.dollars(record.shared_micros)),
            (_("platform"), model_admin.money.dollars(record.platform_micros)),
            (_("creators who earn"), model_admin.grouped(record.creators)),
            (_("put under review by"), record.reviewed_by or "–"),
        ]

    def obstacle(self, request: HttpRequest, action: str, record: Month) -> str:
        if action == "close" and record.reviewed_by == request.user:
            return str(_("You put it under review; somebody else closes it."))
        if action == "close" and record.status == Month.Status.REVIEW:
            first = months.closes_from(record)
            if timezone.now().date() < first:
                day = date_format(first, "SHORT_DATE_FORMAT")
                return str(_("It can be closed from %(day)s on.") % {"day": day})
        return super().obstacle(request, action, record)

    def perform(self, request: HttpRequest, action: str, records: QuerySet[Any], **answers: str) -> str:
        month, user = records.get(), cast(User, request.user)
        if action == "calculate":  # as often as one likes, and of millions of deliveries: nobody waits for it
            runs.start(CALCULATION, key=month.code, arguments={"code": month.code}, owner=user)
            return str(_("%(month)s is being calculated.")) % {"month": month}
        summary = self.jobs[action](month.code, user)
        return " ".join([str(_("%(month)s: done.")) % {"month": month}, *summary["warnings"]])


def figures_as_of(month: Month) -> str:
    """An open month's figures are an estimate, and of when; later they are what was reviewed or closed."""
    if month.calculated_at is None:
        return str(_("not calculated yet"))
    if not month.is_estimate:
        return str(_("final") if month.status == Month.Status.CLOSED else _("under review"))
    when = date_format(timezone.localtime(month.calculated_at), "SHORT_DATETIME_FORMAT")
    return str(_("estimate as of %(when)s") % {"when": when})


@panel("admin/panels/month.html", permission="campaigns.view_month", position=10)
def current_month(request: HttpRequest) -> dict[str, Any] | None:
    """The month that needs work: the oldest that isn't closed, or else the newest."""
    month = (
        Month.objects.exclude(status=Month.Status.CLOSED).order_by("code").first()
        or Month.objects.order_by("-code").first()
    )
    if month is None:
        return {"month": None}
    as_of = figures_as_of(month)
    return {
        "month": month,
        "as_of": as_of,
        "creators_part": month.shared_micros * BAR // (month.revenue_micros or 1),
    }


@panel("admin/panels/calculation.html", of=Month, permission="campaigns.view_month", position=5)
def calculation(request: HttpRequest, month: Month) -> dict[str, Any] | None:
    """The newest draft made in the background: how far it is, why it failed, or what it warns of."""
    if month.status not in Month.TAKING:
        return None
    run = Run.objects.filter(kind=CALCULATION, key=month.code).order_by("-id").first()
    return {"run": run} if run else None


@panel("admin/panels/month_earnings.html", of=Month, permission="payouts.view_earning", position=10)
def largest_earnings(request: HttpRequest, month: Month) -> dict[str, Any]:
    earnings = Earning.objects.filter(month=month).select_related("creator", "campaign")
    return {"earnings": earnings.order_by("-share_micros")[:SHOWN], "month": month}
