from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from payouts.guards import GUARDS


class PayoutsConfig(AppConfig):
    name = "payouts"
    verbose_name = _("Payouts")
    guards = GUARDS
    roles = "payouts.roles.ROLES"
    secret_permissions = ("view_payee_details",)
    audited = "payouts.audited.AUDITED"
    feeds = {
        "invalid_traffic": "payouts.invalid_traffic.InvalidTrafficFeed",
        "payees": "payouts.payee_feed.PayeesFeed",
        "payment_results": "payouts.batches.results.PaymentResultsFeed",
    }

    def ready(self) -> None:
        from campaigns import reports
        from payouts.credits import credits_of

        reports.credit_sources.append(credits_of)
