"""How an advertiser comes in: asks for a link or is sent one, applies, answers what is asked, and changes
later what is known of the company.

There is one way in. Whoever staff invite, and whoever asks on the public page while it is open, gets a link
by e-mail; behind it stands the application. So an address is verified before anything is written down, and
the page tells nobody who is here already. What staff decide is booking.admit, what they check checklist.py.
"""

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import agreements, booking, checklist, invitations, letters
from campaigns.models import FORM_MOVES, Advertiser, ApplicationForm, Invitation, Member
from pulse_site import audit
from pulse_site.models import User
from pulse_site.refusal import Refused

DAY = datetime.timedelta(days=1)
# Links that the public page sends in a day: to one address, asked from one place, and in all.
TO_ONE, FROM_ONE, IN_ALL = 3, 10, 500


def form_is_open() -> bool:
    return ApplicationForm.objects.filter(status=ApplicationForm.Status.OPEN).exists()


def move_form(action: str, by: User) -> None:
    """Take the public form through `action`, a key of FORM_MOVES. Raises Refused when it is there already."""
    starts, target = FORM_MOVES[action]
    with transaction.atomic():
        form = ApplicationForm.objects.filter(status__in=starts)
        if not form.update(status=target, changed_by=by, changed_at=timezone.now()):
            raise Refused(_("Somebody else did that a moment ago."))
        audit.record(by, f"applications.{action}", ApplicationForm.objects.get())


def ask_for_link(email: str, language: str, source: str) -> None:
    """Mail whoever asks on the public page the link to the application.

    `source` is a digest of where he asks from. An address that was written to often enough today is not
    written to again, and nobody is told so. Raises Refused while the form is closed, and when too many asked.
    """
    if not form_is_open():
        raise Refused(_("Applications are closed at the moment."))
    asked = Invitation.objects.filter(advertiser=None, invited_by=None, created_at__gt=timezone.now() - DAY)
    email = email.strip().lower()
    with transaction.atomic():
        if asked.filter(source=source).count() >= FROM_ONE or asked.count() >= IN_ALL:
            raise Refused(_("Too many applications were begun today. Please try again tomorrow."))
        if asked.filter(email=email).count() < TO_ONE:
            owner = Member.Role.OWNER
            invitations.send(Invitation(email=email, role=owner, language=language, source=source))


def invite(email: str, language: str, by: User) -> Invitation:
    """Staff invite a company to apply, open or closed as the form may be."""
    with transaction.atomic():
        invitation = Invitation(
            email=email.strip().lower(), role=Member.Role.OWNER, language=language, invited_by=by
        )
        invitations.send(invitation)
        audit.record(by, "invitation.send", invitation)
    return invitation


def apply(invitation: Invitation, person: User, details: Mapping[str, Any], version: int) -> Advertiser:
    """Take an application in: the advertiser by its `details`, owned by `person`, who accepts the agreement.

    `version` is the one that he was shown. Raises Refused when the invitation is used up or another
    person's, or another version is in force by now; then nothing is written.
    """
    with transaction.atomic():
        invitations.accept(invitation, person)
        advertiser = Advertiser.objects.create(language=person.language, **_only_details(details))
        Member.objects.create(advertiser=advertiser, user=person, role=Member.Role.OWNER)
        audit.record(person, "advertiser.apply", advertiser)
        agreements.accept(advertiser, version, person)
        letters.to_owners(Advertiser.objects.filter(pk=advertiser.pk), "application_received")
    return advertiser


def answer(advertiser: Advertiser, by: User, message: str, details: Mapping[str, Any]) -> None:
    """Answer what staff asked: with a message, and with what is to be changed of the application.

    Raises Refused when nothing is asked (any more), and without a message.
    """
    with transaction.atomic():
        change(advertiser, by, details)
        booking.admit(Advertiser.objects.filter(pk=advertiser.pk), "answer", by, reason=message)


def change(advertiser: Advertiser, by: User, details: Mapping[str, Any]) -> list[str]:
    """Change what is known of the company; returns the names of the fields that differ.

    Each stands in the audit trail with what it was before; what staff had checked of it is to be checked
    again.
    """
    with transaction.atomic():
        held = Advertiser.objects.select_for_update().get(pk=advertiser.pk)
        before = audit.snapshot(held)
        for name, value in _only_details(details).items():
            setattr(held, name, value)
        changed = audit.differences(before, audit.snapshot(held))
        if changed:
            held.save(update_fields=list(changed))
            checklist.outdate(held, changed)
            audit.record(by, "advertiser.change", held, changed=changed)
    return list(changed)


def _only_details(details: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in details.items() if name in Advertiser.DETAILS}
