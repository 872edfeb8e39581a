"""Roles: what each kind of staff may do, as groups that every migrate brings up to date.

Each app says in its `roles.py` what a role may do with its own rows, and its AppConfig names that table
(`roles = "creators.roles.ROLES"`): role -> codenames of the app's permissions, or LOOK for all of its
`view_` permissions but the secret ones. After a migrate each role is a group with at least these permissions:
what an administrator added to a group stays, what an upgrade brings is added, so that nobody has to think of
it. A person may have several roles; none, nor all of them together, lets him approve what he prepared
himself: the job modules and the database see to that.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

LOOK = "look"  # stands for every view permission of an app
REVIEWER = "reviewer"
SENIOR_REVIEWER = "senior reviewer"
AD_OPERATIONS = "ad operations"
FINANCE_PREPARER = "finance preparer"
FINANCE_APPROVER = "finance approver"
AUDITOR = "auditor"
ADMINISTRATOR = "administrator"
# Role (the name of its group) -> what people call it, in the order in which they are shown.
LABELS = {
    REVIEWER: _("Creator reviewer"),
    SENIOR_REVIEWER: _("Senior reviewer"),
    AD_OPERATIONS: _("Ad operations"),
    FINANCE_PREPARER: _("Finance, prepares"),
    FINANCE_APPROVER: _("Finance, approves"),
    AUDITOR: _("Auditor"),
    ADMINISTRATOR: _("Administrator"),
}
Table = dict[str, tuple[str, ...]]
# What each may do with the frame's own rows: uploads, runs, people, the audit trail.
_UPLOADS = ("view_upload", "add_upload", "apply_upload", "view_run")
ROLES: Table = {
    REVIEWER: ("view_upload", "view_run"),
    SENIOR_REVIEWER: (*_UPLOADS, "undo_upload"),
    AD_OPERATIONS: _UPLOADS,
    FINANCE_PREPARER: _UPLOADS,
    FINANCE_APPROVER: ("view_upload", "view_run"),
    AUDITOR: (LOOK,),
    ADMINISTRATOR: (LOOK, "add_user", "change_user"),
}


def declared() -> dict[str, Q]:
    """Role -> which permissions it has, over all apps that declare roles."""
    wanted: dict[str, Q] = defaultdict(lambda: Q(pk=None))
    for label, table, secret in _tables():
        for role, codenames in table.items():
            wanted[role] |= Q(content_type__app_label=label, codename__in=codenames)
            if LOOK in codenames:
                views = Q(content_type__app_label=label, codename__startswith="view_")
                wanted[role] |= views & ~Q(codename__in=secret)
    return dict(wanted)


def install(**kwargs: Any) -> None:
    """Give every role its group, and each group the permissions that it lacks; runs after each migrate."""
    for role, wanted in declared().items():
        group, _created = Group.objects.get_or_create(name=role)
        group.permissions.add(*Permission.objects.filter(wanted).exclude(group=group))


def _tables() -> Iterator[tuple[str, Table, tuple[str, ...]]]:
    for config in apps.get_app_configs():
        if hasattr(config, "roles"):
            yield config.label, import_string(config.roles), getattr(config, "secret_permissions", ())
