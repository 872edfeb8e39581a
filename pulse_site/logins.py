"""Log-ins of staff, and what else happens to people, for the audit trail.

Everybody comes in through one door; the signals of Django and allauth are the one place that sees each step
at it. Of log-ins, and of failed ones, only those at the name of a member of staff are kept, a failure once a
minute: nobody outside may fill a table from which nothing is ever deleted. Passwords, addresses and second
factors are recorded of everybody, of those who are not staff each step once a minute too.
"""

import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pulse_site import audit
from pulse_site.audit import Action
from pulse_site.models import AuditEvent, User

PEOPLE = AuditEvent.Area.PEOPLE
FAILED = "person.login_failed"
CODE_FAILED = "person.second_factor_failed"
ADDED = {
    Authenticator.Type.TOTP: "person.app_added",
    Authenticator.Type.WEBAUTHN: "person.passkey_added",
    Authenticator.Type.RECOVERY_CODES: "person.recovery_codes",
}
REMOVED = {
    Authenticator.Type.TOTP: "person.app_removed",
    Authenticator.Type.WEBAUTHN: "person.passkey_removed",
}
QUIET = datetime.timedelta(minutes=1)
AUDITED = {
    "person.login": Action(PEOPLE, _("logged in"), _("%(subject)s logged in")),
    FAILED: Action(PEOPLE, _("log-in failed"), _("somebody failed to log in as %(subject)s")),
    CODE_FAILED: Action(
        PEOPLE,
        _("second factor failed"),
        _("somebody knew the password of %(subject)s and not the second factor"),
    ),
    "person.password": Action(
        PEOPLE, _("password changed"), _("%(actor)s changed the password of %(subject)s")
    ),
    "person.password_reset": Action(
        PEOPLE, _("password reset"), _("%(subject)s set a new password by e-mail")
    ),
    "person.address": Action(
        PEOPLE, _("e-mail address changed"), _("%(actor)s changed the e-mail address of %(subject)s")
    ),
    "person.app_added": Action(
        PEOPLE, _("authenticator app added"), _("%(subject)s added an authenticator app")
    ),
    "person.app_removed": Action(
        PEOPLE, _("authenticator app removed"), _("%(subject)s removed the authenticator app")
    ),
    "person.passkey_added": Action(PEOPLE, _("passkey added"), _("%(subject)s added a passkey")),
    "person.passkey_removed": Action(PEOPLE, _("passkey removed"), _("%(subject)s removed a passkey")),
    "person.recovery_codes": Action(PEOPLE, _("recovery codes made"), _("%(subject)s made recovery codes")),
    "person.second_factors_forgotten": Action(
        PEOPLE,
        _("second factors taken away"),
        _("%(actor)s took the second factors of %(subject)s away"),
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
    name = credentials.get("username") or credentials.get("email")
    staff = User.objects.filter(Q(username__iexact=name) | Q(email__iexact=name), is_staff=True)
    person = staff.first() if name else None
    if person and not _just_now(person, FAILED):
        audit.record(None, FAILED, person)


def second_factor_failed(user: User, **kwargs: Any) -> None:
    if user.is_staff and not _just_now(user, CODE_FAILED):
        audit.record(None, CODE_FAILED, user)


def password_changed(user: User, **kwargs: Any) -> None:
    _record(user, "person.password")


def password_reset(user: User, **kwargs: Any) -> None:
    _record(user, "person.password_reset")


def address_changed(
    user: User, from_email_address: EmailAddress | None, to_email_address: EmailAddress, **kwargs: Any
) -> None:
    before = from_email_address.email if from_email_address else ""
    _record(user, "person.address", changed={"email": [before, to_email_address.email]})


def second_factor_added(user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    _record(user, ADDED[Authenticator.Type(authenticator.type)])


def second_factor_removed(user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Recovery codes go with the last of the others."""
    if authenticator.type in REMOVED:
        _record(user, REMOVED[Authenticator.Type(authenticator.type)])


def _record(person: User, action: str, **facts: Any) -> None:
    """What he did to his own account."""
    if person.is_staff or not _just_now(person, action):
        audit.record(person, action, person, **facts)


def _just_now(person: User, action: str) -> bool:
    since = timezone.now() - QUIET
    events = AuditEvent.objects.filter(subject_type=person._meta.label_lower, subject_key=str(person.pk))
    return events.filter(action=action, at__gt=since).exists()
