from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.contrib.auth import signals
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.module_loading import autodiscover_modules

from pulse_site import guards


class PulseAdminConfig(admin_apps.AdminConfig):
    default_site = "pulse_site.admin_site.PulseAdminSite"


class PulseSiteConfig(AppConfig):
    name = "pulse_site"
    verbose_name = "Pulse"
    guards = (guards.append_only("pulse_site_auditevent"),)
    audited = "pulse_site.logins.AUDITED"

    def ready(self) -> None:
        # Celery loads them in workers alone; eager tests and the test of the schedule need them here too.
        autodiscover_modules("tasks")
        pre_migrate.connect(guards.stand_aside, dispatch_uid="guards")
        post_migrate.connect(guards.install, dispatch_uid="guards")
        from pulse_site import logins  # its models are there only now

        signals.user_logged_in.connect(logins.succeeded, dispatch_uid="audit")
        signals.user_login_failed.connect(logins.failed, dispatch_uid="audit")
