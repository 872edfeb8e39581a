from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from campaigns.guards import GUARDS


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = _("Campaigns")
    feeds = {"deliveries": "campaigns.deliveries.DeliveriesFeed"}
    guards = GUARDS
    audited = "campaigns.audited.AUDITED"
