from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from payouts.guards import GUARDS


class PayoutsConfig(AppConfig):
    name = "payouts"
    verbose_name = _("Payouts")
    feeds = {"payment_results": "payouts.batches.results.PaymentResultsFeed"}
    guards = GUARDS
