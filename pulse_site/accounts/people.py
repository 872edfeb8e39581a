"""People who log in: how they come, change their address, and go on when their second factor is lost.

Nobody signs up. Staff are added in the admin; an advertiser's people come by an invitation or an application,
which call `create`. Whose address nobody has verified yet gets a code by e-mail at his first log-in.
"""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from allauth.utils import generate_unique_username
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from pulse_site import audit, mail
from pulse_site.models import User
from pulse_site.refusal import Refused


@transaction.atomic
def create(email: str, password: str, *, username: str = "", **fields: Any) -> User:
    """Make a person who may log in at once: `email` has been verified, by the link that led him here.

    Without a `username` he gets one from his name or address, and logs in by the address anyway. `fields` are
    fields of User (first_name, last_name, language, ...). Raises ValidationError when the password is too
    weak, and Refused when the address is somebody else's: whoever holds it should log in instead.
    """
    email = email.strip().lower()
    if holder_of(email):
        raise Refused(_("Somebody with this e-mail address has an account already: log in instead."))
    person = User(email=email, username=username, **fields)
    person.username = username or generate_unique_username([person.get_full_name(), email])
    validate_password(password, person)
    person.set_password(password)
    person.save()
    vouch_for_address(person)
    return person


def holder_of(email: str) -> User | None:
    """Whose address it is; somebody who has verified it before somebody who only says so."""
    email = email.strip().lower()
    verified = Q(emailaddress__email=email, emailaddress__verified=True)
    said = Q(email__iexact=email)
    return User.objects.filter(verified).first() or User.objects.filter(said).first()


def vouch_for_address(person: User) -> None:
    """His address is known to be his: no code will be asked of him."""
    address = {"user": person, "email": person.email.lower()}
    EmailAddress.objects.update_or_create(**address, defaults={"verified": True, "primary": True})


def change_address(person: User) -> None:
    """Forget every address but the one that staff just gave him, which he verifies at his next log-in."""
    EmailAddress.objects.filter(user=person).exclude(email=person.email.lower()).delete()


def forget_second_factors(person: User, by: User) -> int:
    """Take away every second factor of somebody who has lost them, and log him out everywhere.

    He sets one up again after his next log-in, and is told by e-mail. Returns how many there were; raises
    Refused when there were none.
    """
    with transaction.atomic():
        forgotten, _each = Authenticator.objects.filter(user=person).delete()
        if not forgotten:
            raise Refused(_("%(person)s has no second factor.") % {"person": person})
        for session in UserSession.objects.filter(user=person):
            session.end()
        audit.record(by, "person.second_factors_forgotten", person)
        if person.email:
            mail.post(person.email, "second_factors_forgotten", person.language, user=person)
    return forgotten


def display_name(person: User) -> str:
    return person.get_full_name() or person.get_username()
