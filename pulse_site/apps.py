from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

from pulse_site import guards


class PulseAdminConfig(admin_apps.AdminConfig):
    default_site = "pulse_site.admin_site.PulseAdminSite"


class PulseSiteConfig(AppConfig):
    name = "pulse_site"
    verbose_name = "Pulse"

    def ready(self) -> None:
        # Celery loads them in workers alone; eager tests and the test of the schedule need them here too.
        autodiscover_modules("tasks")
        post_migrate.connect(guards.install, dispatch_uid="guards")
