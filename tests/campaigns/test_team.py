"""The team of an advertiser: invitations, roles, who goes, and that somebody always owns it."""

import datetime
import threading

import pytest
import time_machine
from django.db import connection

from campaigns import invitations, team
from campaigns.models import Advertiser, Invitation, Member
from pulse_site.models import AuditEvent, Mail, User
from pulse_site.refusal import Refused
from tests import applicants, factories

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 11, 25, 9, tzinfo=datetime.UTC)


@pytest.fixture
def acme(owner: User) -> Advertiser:
    return owner.memberships.get().advertiser


def invite(acme: Advertiser, email: str = "ada@acme.example", role: str = "editor") -> Invitation:
    return team.invite(acme, email, role, acme.members.get(user__username="owner").user)


def role_of(person: User) -> str:
    return person.memberships.get().role


def test_who_is_invited_joins_in_the_role_that_he_was_given(acme: Advertiser) -> None:
    invitation = invite(acme)
    ada = applicants.person()
    team.join(invitation, ada)
    assert role_of(ada) == Member.Role.EDITOR
    assert AuditEvent.objects.filter(action="team.join", actor=ada).exists()
    invitation.refresh_from_db()
    assert (invitation.accepted_by, invitation.status) == (ada, Invitation.Status.ACCEPTED)


def test_an_invitation_is_good_for_seven_days(acme: Advertiser) -> None:
    with time_machine.travel(NOW, tick=False):
        invitation = invite(acme)
    ada = applicants.person()
    week = datetime.timedelta(days=7)
    with time_machine.travel(NOW + week, tick=False), pytest.raises(Refused, match="no longer good"):
        team.join(invitation, ada)
    with time_machine.travel(NOW + week - datetime.timedelta(seconds=1), tick=False):
        team.join(invitation, ada)


def test_an_invitation_works_once(acme: Advertiser) -> None:
    invitation, ada = invite(acme), applicants.person()
    team.join(invitation, ada)
    with pytest.raises(Refused, match="no longer good"):
        team.join(invitation, ada)


def test_an_invitation_is_for_the_address_that_it_was_sent_to(acme: Advertiser, stranger: User) -> None:
    with pytest.raises(Refused, match="another e-mail address"):
        team.join(invite(acme), stranger)
    assert not acme.members.filter(user=stranger).exists()


def test_only_the_digest_of_a_link_is_kept(acme: Advertiser) -> None:
    invitation = invite(acme)
    token = applicants.token()
    assert invitation.token_digest == invitations.digest(token)
    assert token not in str(Invitation.objects.values())
    assert invitations.find(token, to_apply=False) == invitation
    assert invitations.find(token, to_apply=True) is None


def test_inviting_an_address_again_replaces_the_link(acme: Advertiser) -> None:
    first = invite(acme)
    dead = applicants.token()
    second = invite(acme, " ADA@acme.example", "viewer")
    assert invitations.find(dead, to_apply=False) is None
    assert invitations.find(applicants.token(), to_apply=False) == second
    first.refresh_from_db()
    assert first.status == Invitation.Status.REVOKED


def test_who_is_in_the_team_is_not_invited_again(acme: Advertiser, member: User) -> None:
    with pytest.raises(Refused, match="in your team already"):
        invite(acme, member.email.upper())
    assert not Mail.objects.exists()


def test_who_has_an_account_elsewhere_is_invited_like_anybody(acme: Advertiser, stranger: User) -> None:
    """The rows and the letter tell nobody whether the address has an account."""
    known, unknown = invite(acme, stranger.email), invite(acme, "nobody@example.com")
    lengths = {len(mail.body) for mail in Mail.objects.all()}
    assert len(lengths) == 1
    assert (known.role, known.status) == (unknown.role, unknown.status)


def test_a_team_invites_so_many_a_day(acme: Advertiser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "DAILY", 2)
    for number in range(2):
        invite(acme, f"ada-{number}@acme.example")
    with pytest.raises(Refused, match="tomorrow"):
        invite(acme, "ada-2@acme.example")
    with time_machine.travel(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1, minutes=1)):
        invite(acme, "ada-2@acme.example")


def test_a_link_sent_again_is_a_new_one_with_a_new_week(acme: Advertiser, owner: User) -> None:
    with time_machine.travel(NOW, tick=False):
        invitation = invite(acme)
        first = applicants.token()
        with pytest.raises(Refused, match="ten minutes"):
            invitations.send_again(invitation, owner)
    with time_machine.travel(NOW + datetime.timedelta(days=30), tick=False):
        invitations.send_again(invitation, owner)
        assert invitations.find(first, to_apply=False) is None
        assert invitations.find(applicants.token(), to_apply=False) == invitation


@pytest.mark.parametrize("work", ["send_again", "take_back"])
@pytest.mark.parametrize("ended", ["accepted", "taken back"])
def test_what_is_settled_is_neither_sent_again_nor_taken_back(
    work: str, ended: str, acme: Advertiser, owner: User
) -> None:
    invitation = invite(acme)
    if ended == "accepted":
        team.join(invitation, applicants.person())
    else:
        invitations.take_back(invitation, owner)
    with pytest.raises(Refused, match="already"):
        getattr(invitations, work)(invitation, owner)


def test_who_joins_a_second_time_keeps_his_role(acme: Advertiser) -> None:
    """He is invited under another address of his, which no page could have told the owner."""
    ada = applicants.person()
    ada.emailaddress_set.create(email="ada@home.example", verified=True)
    team.join(invite(acme), ada)
    team.join(invite(acme, "ada@home.example", "viewer"), ada)
    assert role_of(ada) == Member.Role.EDITOR


def test_a_role_changes_and_its_holder_is_told(acme: Advertiser, owner: User, member: User) -> None:
    team.change_role(member.memberships.get(), "finance", owner)
    assert role_of(member) == Member.Role.FINANCE
    assert list(Mail.objects.values_list("to", "name")) == [(member.email, "team_role")]
    event = AuditEvent.objects.get(action="team.role")
    assert event.detail == {"person": "member", "changed": {"role": ["viewer", "finance"]}}


def test_the_role_that_he_has_already_is_no_change(acme: Advertiser, owner: User, member: User) -> None:
    team.change_role(member.memberships.get(), "viewer", owner)
    assert not Mail.objects.exists()
    assert not AuditEvent.objects.exists()


def test_who_is_removed_is_told_and_who_leaves_is_not(
    acme: Advertiser, owner: User, member: User, editor: User
) -> None:
    team.remove(member.memberships.get(), owner)
    team.remove(editor.memberships.get(), editor)
    assert list(acme.members.values_list("user__username", flat=True)) == ["owner"]
    assert list(Mail.objects.values_list("to", "name")) == [(member.email, "team_removed")]
    actions = AuditEvent.objects.order_by("pk").values_list("action", "actor_label", "detail__person")
    assert list(actions) == [("team.remove", "owner", "member"), ("team.leave", "editor", "editor")]


def test_the_last_owner_stays_an_owner(acme: Advertiser, owner: User, member: User) -> None:
    own = owner.memberships.get()
    for work in (lambda: team.remove(own, owner), lambda: team.change_role(own, "viewer", owner)):
        with pytest.raises(Refused, match="needs an owner"):
            work()
    team.change_role(member.memberships.get(), "owner", owner)
    team.remove(own, owner)
    assert list(acme.members.values_list("user__username", "role")) == [("member", "owner")]


def test_an_owner_elsewhere_does_not_count(acme: Advertiser, owner: User, stranger: User) -> None:
    with pytest.raises(Refused, match="needs an owner"):
        team.remove(owner.memberships.get(), owner)


def test_who_is_gone_already_is_neither_removed_nor_changed(
    acme: Advertiser, owner: User, member: User
) -> None:
    seen = member.memberships.get()
    team.remove(seen, owner)
    for work in (lambda: team.remove(seen, owner), lambda: team.change_role(seen, "owner", owner)):
        seen.pk = Member.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1
        with pytest.raises(Refused, match="no longer in the team"):
            work()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer: nothing can race")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.usefixtures("guards_stand_aside")
@pytest.mark.parametrize("attempt", range(5))
def test_two_owners_who_remove_each_other_leave_one(attempt: int) -> None:
    acme = factories.advertiser("Acme")
    people = [factories.colleague(f"owner-{number}", acme, Member.Role.OWNER) for number in range(2)]
    barrier, refused = threading.Barrier(2), []

    def work(by: User, other: User) -> None:
        member = other.memberships.get()
        barrier.wait()
        try:
            team.remove(member, by)
        except Refused as refusal:
            refused.append(str(refusal))
        connection.close()

    removers = [threading.Thread(target=work, args=pair) for pair in (people, people[::-1])]
    for remover in removers:
        remover.start()
    for remover in removers:
        remover.join()
    assert acme.members.count() == len(refused) == 1


def test_a_person_may_act_for_several_advertisers(acme: Advertiser) -> None:
    ada = applicants.person()
    for each in (acme, factories.advertiser("Zenith")):
        by = each.members.first() or Member(user=factories.colleague("zoe", each, "owner"))
        team.join(team.invite(each, ada.email, "viewer", by.user), ada)
    assert ada.memberships.count() == 2
