from typing import Any

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.contrib.auth import signals
from django.core.management import call_command
from django.db.models import Q
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.module_loading import autodiscover_modules

from pulse_site import guards


class PulseAdminConfig(admin_apps.AdminConfig):
    default_site = "pulse_site.admin_site.PulseAdminSite"


class PulseSiteConfig(AppConfig):
    name = "pulse_site"
    verbose_name = "Pulse"
    guards = (guards.append_only("pulse_site_auditevent"),)
    audited = "pulse_site.audited.AUDITED"
    second_factor = Q(is_staff=True) | Q(is_superuser=True)
    roles = "pulse_site.roles.ROLES"

    def ready(self) -> None:
        # Celery loads them in workers alone; eager tests and the test of the schedule need them here too.
        autodiscover_modules("tasks")
        pre_migrate.connect(guards.stand_aside, dispatch_uid="guards")
        post_migrate.connect(guards.install, dispatch_uid="guards")
        post_migrate.connect(_make_cache_table, dispatch_uid="cache")
        from allauth.account import signals as account
        from allauth.mfa import signals as mfa

        from pulse_site import logins, roles  # their models are there only now
        from pulse_site.accounts import second_factors

        post_migrate.connect(roles.install, dispatch_uid="roles")

        signals.user_logged_in.connect(logins.succeeded, dispatch_uid="audit")
        signals.user_login_failed.connect(logins.failed, dispatch_uid="audit")
        account.password_changed.connect(logins.password_changed, dispatch_uid="audit")
        account.password_set.connect(logins.password_changed, dispatch_uid="audit")
        account.password_reset.connect(logins.password_reset, dispatch_uid="audit")
        account.email_changed.connect(logins.address_changed, dispatch_uid="audit")
        mfa.authenticator_added.connect(logins.second_factor_added, dispatch_uid="audit")
        mfa.authenticator_removed.connect(logins.second_factor_removed, dispatch_uid="audit")
        mfa.authenticator_reset.connect(logins.second_factor_added, dispatch_uid="audit")
        mfa.authentication_failed.connect(logins.second_factor_failed, dispatch_uid="audit")
        mfa.authenticator_added.connect(second_factors.remember, dispatch_uid="second factor")
        mfa.authenticator_used.connect(second_factors.remember, dispatch_uid="second factor")


def _make_cache_table(**kwargs: Any) -> None:
    """Where attempts to log in are counted, unless that is not a table (CACHE_URL)."""
    call_command("createcachetable", verbosity=0)
