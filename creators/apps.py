from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from pulse_site.guards import append_only


class CreatorsConfig(AppConfig):
    name = "creators"
    verbose_name = _("Creators")
    guards = (append_only("creators_decision"),)
