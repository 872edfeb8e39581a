from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from pulse_site.guards import append_only


class PayoutsConfig(AppConfig):
    name = "payouts"
    verbose_name = _("Payouts")
    guards = (append_only("payouts_transfer"),)
