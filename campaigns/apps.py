from django.apps import AppConfig
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.guards import GUARDS


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = _("Campaigns")
    feeds = {"deliveries": "campaigns.deliveries.DeliveriesFeed"}
    guards = GUARDS
    roles = "campaigns.roles.ROLES"
    audited = "campaigns.audited.AUDITED"
    second_factor = Q(memberships__role="owner")

    def ready(self) -> None:
        from campaigns.daily_run import start_again
        from campaigns.months import settled_until
        from campaigns.placements import days_used
        from creators import recategorising, reversal

        reversal.settled_until.append(settled_until)
        recategorising.used_days.append(days_used)
        recategorising.recounted.append(start_again)
