from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate

from pulse_site import guards


class PulseAdminConfig(admin_apps.AdminConfig):
    default_site = "pulse_site.admin_site.PulseAdminSite"


class PulseSiteConfig(AppConfig):
    name = "pulse_site"
    verbose_name = "Pulse"

    def ready(self) -> None:
        post_migrate.connect(guards.install, dispatch_uid="guards")
