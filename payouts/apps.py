from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from payouts.guards import GUARDS


class PayoutsConfig(AppConfig):
    name = "payouts"
    verbose_name = _("Payouts")
    guards = GUARDS
    feeds = {"invalid_traffic": "payouts.invalid_traffic.InvalidTrafficFeed"}

    def ready(self) -> None:
        from campaigns import reports
        from payouts.credits import credits_of

        reports.credit_sources.append(credits_of)
