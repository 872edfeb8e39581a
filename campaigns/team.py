"""An advertiser's team: who is invited, in which role each acts, who goes.

There is always an owner: the last one can neither be removed nor given another role, nor leave. Every
change holds the advertiser's row first, so that two owners who remove each other at once don't both succeed.
"""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import invitations, letters
from campaigns.models import Advertiser, Invitation, Member
from pulse_site import audit
from pulse_site.models import User
from pulse_site.refusal import Refused

DAILY = 50  # invitations of one advertiser a day: whoever got hold of an owner's account shall not spam by it


def invite(advertiser: Advertiser, email: str, role: str, by: User) -> Invitation:
    """Mail somebody a link that brings him into the team; an earlier one to the same address is dead.

    It says the same whether he has an account or not. Raises Refused when he is in the team already, or too
    many were invited today.
    """
    email = email.strip().lower()
    if advertiser.members.filter(user__email__iexact=email).exists():
        raise Refused(_("%(email)s is in your team already.") % {"email": email})
    now = timezone.now()
    with transaction.atomic():
        _hold(advertiser.pk)
        earlier = advertiser.invitations.all()
        if earlier.filter(created_at__gt=now - datetime.timedelta(days=1)).count() >= DAILY:
            raise Refused(_("Your team invited %(count)s people today; go on tomorrow.") % {"count": DAILY})
        earlier.open().filter(email=email).update(revoked_at=now)
        invitation = Invitation(
            advertiser=advertiser, email=email, role=role, language=by.language, invited_by=by
        )
        invitations.send(invitation)
        audit.record(by, "team.invite", advertiser, person=email, role=role)
    return invitation


def join(invitation: Invitation, person: User) -> Member:
    """Make him whom it is for a member. Raises Refused when he is somebody else, or it stands no more."""
    with transaction.atomic():
        invitations.accept(invitation, person)
        member, created = Member.objects.get_or_create(
            advertiser=invitation.advertiser, user=person, defaults={"role": invitation.role}
        )
        if created:
            audit.record(person, "team.join", member.advertiser, role=member.role)
    return member


def change_role(member: Member, role: str, by: User) -> None:
    """Raises Refused when he is the last owner."""
    with transaction.atomic():
        held = _held_member(member)
        if held.role == role:
            return
        _refuse_without_owner(held)
        roles, held.role = [held.role, role], role
        held.save(update_fields=["role"])
        audit.record(by, "team.role", held.advertiser, person=str(held.user), changed={"role": roles})
        if by != held.user:
            letters.to_member(held, "team_role")


def remove(member: Member, by: User) -> None:
    """Take somebody out of the team, or let him go by himself. Raises Refused when he is the last owner."""
    with transaction.atomic():
        held = _held_member(member)
        _refuse_without_owner(held)
        held.delete()
        action = "team.leave" if by == held.user else "team.remove"
        audit.record(by, action, held.advertiser, person=str(held.user), role=held.role)
        if by != held.user:
            letters.to_member(held, "team_removed")


def _hold(advertiser_id: int) -> None:
    Advertiser.objects.select_for_update().get(pk=advertiser_id)


def _held_member(member: Member) -> Member:
    _hold(member.advertiser_id)
    held = Member.objects.select_related("user", "advertiser").filter(pk=member.pk).first()
    if held is None:
        raise Refused(_("%(person)s is no longer in the team.") % {"person": member.user})
    return held


def _refuse_without_owner(member: Member) -> None:
    """Unless the team has another owner than this one, or he is none."""
    others = Member.objects.filter(advertiser=member.advertiser_id, role=Member.Role.OWNER)
    if member.role == Member.Role.OWNER and not others.exclude(pk=member.pk).exists():
        raise Refused(_("A team needs an owner. Make somebody else an owner first."))
