"""Log-ins of staff, and what else happens to people, for the audit trail.

A log-in goes through two doors, the admin's and the portal's, and opens both; Django's signals are the one
place that sees each of them. Of failed ones only those at the name of a member of staff are kept, one a
minute: nobody outside may fill a table from which nothing is ever deleted.
"""

import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pulse_site import audit
from pulse_site.audit import Action
from pulse_site.models import AuditEvent, User

PEOPLE = AuditEvent.Area.PEOPLE
FAILED = "person.login_failed"
QUIET = datetime.timedelta(minutes=1)
AUDITED = {
    "person.login": Action(PEOPLE, _("logged in"), _("%(subject)s logged in")),
    FAILED: Action(PEOPLE, _("log-in failed"), _("somebody failed to log in as %(subject)s")),
    "person.password": Action(
        PEOPLE, _("password changed"), _("%(actor)s changed the password of %(subject)s")
    ),
    "person.create": Action(PEOPLE, _("user added"), _("%(actor)s added the user %(subject)s: %(fields)s")),
    "person.change": Action(
        PEOPLE, _("user changed"), _("%(actor)s changed the user %(subject)s: %(fields)s")
    ),
    "group.create": Action(PEOPLE, _("group added"), _("%(actor)s added the group %(subject)s: %(fields)s")),
    "permission.change": Action(
        PEOPLE, _("permissions changed"), _("%(actor)s changed what %(subject)s may do: %(fields)s")
    ),
}


def succeeded(user: User, **kwargs: Any) -> None:
    if user.is_staff:
        audit.record(user, "person.login", user)


def failed(credentials: dict[str, Any], **kwargs: Any) -> None:
    person = User.objects.filter(username=credentials.get("username", ""), is_staff=True).first()
    if person and not _failed_just_now(person):
        audit.record(None, FAILED, person)


def _failed_just_now(person: User) -> bool:
    since = timezone.now() - QUIET
    events = AuditEvent.objects.filter(subject_type=person._meta.label_lower, subject_key=str(person.pk))
    return events.filter(action=FAILED, at__gt=since).exists()
