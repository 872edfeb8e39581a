"""What an authenticator app would show."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value

from pulse_site import encryption
from pulse_site.models import User

PERIOD = 30


def app_of(person: User) -> str:
    """Set an authenticator app up for him; returns its secret."""
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    return secret


def code(secret: str, later: int = 0) -> str:
    """The code that the app shows now, or so many half minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // PERIOD + later))


def secret_of(person: User) -> str:
    """The secret as the database keeps it, opened."""
    kept = Authenticator.objects.get(user=person, type=Authenticator.Type.TOTP).data["secret"]
    return encryption.decrypt(kept)
