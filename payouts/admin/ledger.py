"""The ledger and what creators earned: read, exported, never written here."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest
from django.urls import path
from django.utils.translation import gettext_lazy as _

from campaigns.models import Month
from creators.models import Creator
from payouts import entries
from payouts.admin import funnel
from payouts.models import Account, Earning, Payout, Transfer
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.panels import panel

SHOWN = 30
MONTHS = 12


@admin.register(Account)
class AccountAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [columns(Account, "code kind creator__handle advertiser__name")]
    list_display = ["code", "kind", "creator", "advertiser"]
    list_filter = ["kind"]
    list_select_related = ["creator", "advertiser"]
    search_fields = ["code__prefix"]
    search_help_text = _("The code or its beginning, or a creator's handle in full.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Account], search_term: str
    ) -> tuple[QuerySet[Account], bool]:
        """By code or by handle, never both at once: each has its index, an OR of the two has none."""
        if ":" in search_term:
            return super().get_search_results(request, queryset, search_term)
        term = search_term.strip().lstrip("@").lower()
        if term and (single := [code for code in entries.SINGLE if code.startswith(term)]):
            return queryset.filter(code__in=single), False
        return (queryset.filter(creator__handle=term) if term else queryset), False


@panel("admin/panels/account.html", of=Account, permission="payouts.view_transfer", position=10)
def statement(request: HttpRequest, account: Account) -> dict[str, Any]:
    """The balance and the newest transfers."""
    found: Any = Account.objects.with_balance().get(pk=account.pk)
    both = Transfer.objects.filter(Q(debit_account=account) | Q(credit_account=account))
    return {
        "balance": found.balance_micros,
        "transfers": both.select_related("debit_account", "credit_account").order_by("-id")[:SHOWN],
    }


@admin.register(Transfer)
class TransferAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            Transfer,
            "id key kind debit_account__code credit_account__code amount_micros month_id reason "
            "created_by__username created_at",
        )
    ]
    list_display = [
        "id",
        "kind",
        "debit_account",
        "credit_account",
        model_admin.dollars("amount_micros", _("amount")),
        "month",
        "created_at",
    ]
    list_filter = ["kind"]
    list_select_related = ["debit_account", "credit_account", "month"]
    search_fields = ["key__prefix"]
    search_help_text = _("The idempotency key or its beginning; an account's page shows its transfers.")
    fields = [
        "key",
        "kind",
        "debit_account",
        "credit_account",
        model_admin.dollars("amount_micros", _("amount")),
        "month",
        "reason",
        "created_by",
        "created_at",
    ]


@admin.register(Earning)
class EarningAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            Earning,
            "month_id creator__handle campaign__reference impressions revenue_micros enrolled_micros "
            "share_micros",
        )
    ]
    list_display = [
        "month",
        "creator",
        "campaign",
        model_admin.count("impressions", _("impressions")),
        model_admin.dollars("revenue_micros", _("revenue")),
        model_admin.dollars("enrolled_micros", _("within an enrolment")),
        model_admin.dollars("share_micros", _("share")),
    ]
    list_select_related = ["creator", "campaign", "month"]
    ordering = ["-id"]
    search_fields = ["creator__handle__exact"]
    search_help_text = _("The creator's handle, in full.")
    fields: ClassVar[Any] = list_display

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(funnel.page)
        return [path("funnel/<int:pk>/", view, name="payouts_earning_funnel"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Earning], search_term: str
    ) -> tuple[QuerySet[Earning], bool]:
        """The index starts with the month, so all months are named."""
        term = search_term.strip().lstrip("@").lower()
        months = list(Month.objects.values_list("code", flat=True))
        return (queryset.filter(month__in=months, creator__handle=term) if term else queryset), False


@panel("admin/panels/earnings.html", of=Creator, permission="payouts.view_earning", position=50)
def earnings(request: HttpRequest, creator: Creator) -> dict[str, Any]:
    """What the creator earned month by month, and what he was paid."""
    by_month = (
        Earning.objects.filter(creator=creator, month__in=_newest_months())
        .order_by("-month")
        .values("month")
        .annotate(revenue=Sum("revenue_micros"), share=Sum("share_micros"))
    )
    paid = Payout.objects.filter(creator=creator).select_related("batch").order_by("-id")[:MONTHS]
    return {"months": by_month, "payouts": paid}


def _newest_months() -> list[str]:
    """Named one by one: the index of earnings starts with the month."""
    return list(Month.objects.order_by("-code").values_list("code", flat=True)[:MONTHS])
