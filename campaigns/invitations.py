"""Invitations: a link by e-mail, good for a week and for one person, to apply or to join a team.

Whoever holds the link has read the e-mail, so his address is verified. It serves the address that it was
sent to: a person who is logged in under another one can't use it, so that a link which was passed on by
mistake opens nothing to whoever got it.
"""

import datetime
import hashlib
import secrets

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Invitation
from pulse_site import audit, mail
from pulse_site.accounts import people
from pulse_site.models import User
from pulse_site.refusal import Refused

GOOD_FOR = datetime.timedelta(days=7)
REST = datetime.timedelta(minutes=10)  # between two e-mails of the same invitation


def send(invitation: Invitation) -> None:
    """Give the invitation a link, the only one that counts from now on, and mail it."""
    token = secrets.token_urlsafe(32)
    invitation.token_digest = digest(token)
    invitation.expires_at = timezone.now() + GOOD_FOR
    invitation.save()
    by = invitation.invited_by
    mail.post(
        invitation.email,
        _letter(invitation),
        invitation.language,
        token=token,
        invitation=invitation,
        inviter=people.display_name(by) if by else "",
    )


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def find(token: str, *, to_apply: bool) -> Invitation | None:
    """The invitation that the link belongs to, if it still stands and is of that kind."""
    standing = Invitation.objects.standing(timezone.now()).select_related("advertiser", "invited_by")
    return standing.filter(token_digest=digest(token), advertiser__isnull=to_apply).first()


def is_for(invitation: Invitation, person: User) -> bool:
    return people.holder_of(invitation.email) == person


def accept(invitation: Invitation, person: User) -> None:
    """Use the invitation up. Raises Refused when it stands no more, or is another person's."""
    if not is_for(invitation, person):
        raise Refused(_("This invitation is for another e-mail address than yours."))
    standing = Invitation.objects.standing(timezone.now())
    if not standing.filter(pk=invitation.pk).update(accepted_by=person, accepted_at=timezone.now()):
        raise Refused(_("This invitation is no longer good. Ask for a new one."))


def send_again(invitation: Invitation, by: User) -> None:
    """Mail a new link; the earlier one is dead. Raises Refused when it is settled, or was just sent."""
    with transaction.atomic():
        held = _held(invitation)
        if held.expires_at - GOOD_FOR > timezone.now() - REST:
            raise Refused(_("It was sent a moment ago. Try again in ten minutes."))
        send(held)
        audit.record(by, "invitation.resend", held)


def take_back(invitation: Invitation, by: User) -> None:
    """Its link opens nothing any more. Raises Refused when it is settled."""
    with transaction.atomic():
        held = _held(invitation)
        held.revoked_at = timezone.now()
        held.save(update_fields=["revoked_at"])
        audit.record(by, "invitation.revoke", held)


def _held(invitation: Invitation) -> Invitation:
    held = Invitation.objects.open().select_for_update().filter(pk=invitation.pk).first()
    if held is None:
        raise Refused(_("This invitation was accepted or taken back already."))
    return held


def _letter(invitation: Invitation) -> str:
    if invitation.advertiser:
        return "team_invited"
    return "application_invited" if invitation.invited_by else "application_begun"
