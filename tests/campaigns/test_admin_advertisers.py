"""Ad operations let advertisers in: queue, checklist, decisions, invitations, the form, the agreement."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from campaigns import checklist, onboarding, team
from campaigns.models import (
    Advertiser,
    AdvertiserCheck,
    Agreement,
    ApplicationForm,
    Invitation,
    Suggestion,
)
from pulse_site.models import AuditEvent, Mail, User
from tests import applicants, factories

pytestmark = pytest.mark.django_db
LIST = "/admin/campaigns/advertiser/"


@pytest.fixture
def desk(client: Client, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def names(desk: Client, query: str = "") -> list[str]:
    return [row.name for row in desk.get(LIST + query).context["cl"].result_list]


def move(desk: Client, action: str, *of: Advertiser, **answers: object) -> str:
    address = reverse("admin:campaigns_advertiser_move", args=[action])
    ids = ",".join(str(each.pk) for each in of)
    return desk.post(
        f"{address}?ids={ids}", {"reason": "", "note": "", **answers}, follow=True
    ).content.decode()


def page(desk: Client, of: Advertiser) -> str:
    return desk.get(reverse("admin:campaigns_advertiser_change", args=[of.pk])).content.decode()


def tick(desk: Client, of: Advertiser, **answers: str) -> int:
    return desk.post(reverse("admin:campaigns_advertiser_check", args=[of.pk]), answers).status_code


def test_the_list_is_the_queue_oldest_first_until_another_is_asked_for(desk: Client) -> None:
    now = datetime.datetime.now(datetime.UTC)
    for name, status, days in (("New", "applied", 1), ("Old", "applied", 9), ("In", "approved", 5)):
        since = now - datetime.timedelta(days=days)
        factories.advertiser(name, status=status, status_since=since)
    assert names(desk) == ["Old", "New"]
    assert names(desk, "?status=all") == ["In", "New", "Old"]
    assert names(desk, "?q=i") == ["In"]
    late, fresh = desk.get(LIST).content.decode().split('<td class="field-age')[1:]
    assert ("badge-warn" in late.split("</td>")[0], "badge-warn" in fresh.split("</td>")[0]) == (True, False)


def test_who_changed_what_was_checked_is_listed_and_counted_on_the_start_page(
    desk: Client, administrator: User, owner: User
) -> None:
    acme = owner.memberships.get().advertiser
    factories.advertiser("Waiting", status="applied")
    checklist.tick(acme, "legal_name", administrator)
    assert names(desk, "?status=again") == []
    onboarding.change(acme, owner, {"legal_name": "Acme Ltd"})
    assert names(desk, "?status=again") == ["Acme"]
    start = desk.get(reverse("admin:index")).content.decode()
    assert "1 to check again" in start
    assert "the oldest has waited" in start.split("applications")[1]


def test_ticks_are_made_on_the_advertisers_page(desk: Client, administrator: User) -> None:
    acme = applicants.applied(administrator)
    assert tick(desk, acme, item="legal_name") == 302
    assert acme.checks.get().checked_by == administrator
    assert page(desk, acme).count('name="undo"') == 1
    tick(desk, acme, item="legal_name", undo="1")
    assert not acme.checks.exists()
    tick(desk, acme, item="shoes")
    assert not acme.checks.exists()


def test_only_who_approves_ticks(client: Client, administrator: User) -> None:
    acme = applicants.applied(administrator)
    client.force_login(factories.staff("looker", "view_advertiser"))
    assert tick(client, acme, item="legal_name") == 403
    assert 'name="item"' not in page(client, acme)
    client.force_login(factories.staff("approver", "view_advertiser", "approve_advertiser"))
    assert tick(client, acme, item="legal_name") == 302
    assert client.get(reverse("admin:campaigns_advertiser_check", args=[acme.pk])).status_code == 405


def test_the_page_names_others_of_the_same_name_or_tax_number(desk: Client, administrator: User) -> None:
    acme = applicants.applied(administrator)
    assert "Same name" not in page(desk, acme)
    factories.advertiser("ACME")
    factories.advertiser("Rival", tax_number=acme.tax_number)
    factories.advertiser("Other")
    assert page(desk, acme).count("Same name or tax number") == 2


def test_an_approval_shows_what_is_not_checked(desk: Client, administrator: User) -> None:
    acme = applicants.checked(administrator)
    checklist.untick(acme, "safety", administrator)
    address = reverse("admin:campaigns_advertiser_move", args=["approve"])
    asked = desk.get(f"{address}?ids={acme.pk}").content.decode()
    assert "The brand-safety contact has answered" in asked
    assert "The tax number is theirs" not in asked
    assert "Not everything is checked" in move(desk, "approve", acme)
    checklist.tick(acme, "safety", administrator)
    assert "1 moved." in move(desk, "approve", acme)


def test_a_suggested_text_reaches_each_advertiser_in_his_language(desk: Client, administrator: User) -> None:
    english, french = (factories.advertiser(status="applied", language=code) for code in ("en", "fr"))
    text = Suggestion.objects.offered().filter(action="reject")[0]
    assert "2 moved." in move(desk, "reject", english, french, suggestion=text.pk, reason="J. D.")
    assert english.decisions.get().reason == f"{text.text_en}\nJ. D."
    assert french.decisions.get().reason == f"{text.text_fr}\nJ. D."


def test_without_a_text_nobody_is_asked_or_rejected(desk: Client) -> None:
    applicant = factories.advertiser(status="applied")
    for action in ("ask", "reject"):
        assert "Choose a suggested text" in move(desk, action, applicant)
    applicant.refresh_from_db()
    assert applicant.status == "applied"


def test_a_text_that_is_retired_or_for_another_move_is_not_offered(desk: Client) -> None:
    applicant = factories.advertiser(status="applied")
    asked, rejected = (Suggestion.objects.filter(action=action)[0] for action in ("ask", "reject"))
    assert "valid choice" in move(desk, "reject", applicant, suggestion=asked.pk)
    Suggestion.objects.update(retired=True)
    assert "valid choice" in move(desk, "reject", applicant, suggestion=rejected.pk)


def test_decisions_stand_on_the_page_with_their_notes(desk: Client, administrator: User) -> None:
    acme = applicants.applied(administrator)
    move(desk, "ask", acme, reason="Who are you?", note="Looks odd")
    shown = page(desk, acme)
    assert "Who are you?" in shown
    assert "Looks odd" in shown


def test_what_staff_correct_is_to_be_checked_again(desk: Client, administrator: User) -> None:
    acme = applicants.checked(administrator)
    form = {
        **applicants.DETAILS, "city": "Salem", "language": "en", "payment_days": 30,
        "members-TOTAL_FORMS": 1, "members-INITIAL_FORMS": 1, "members-0-id": acme.members.get().pk,
        "members-0-advertiser": acme.pk, "members-0-user": acme.members.get().user_id,
        "members-0-role": "owner",
    }  # fmt: skip
    assert desk.post(f"{LIST}{acme.pk}/change/", form).status_code == 302
    stale = acme.checks.exclude(stale_since=None).values_list("item", flat=True)
    assert list(stale) == [AdvertiserCheck.Item.ADDRESS]


def test_staff_invite_by_adding_an_invitation(desk: Client, administrator: User) -> None:
    answer = desk.post("/admin/campaigns/invitation/add/", {"email": "ada@acme.example", "language": "fr"})
    assert answer.status_code == 302
    made = Invitation.objects.get()
    assert (made.invited_by, made.advertiser, made.language) == (administrator, None, "fr")
    assert Mail.objects.get().name == "application_invited"
    assert "ada@acme.example" in desk.get("/admin/campaigns/invitation/").content.decode()
    shown = desk.get(f"/admin/campaigns/invitation/{made.pk}/change/").content.decode()
    assert made.token_digest not in shown


def test_staff_send_an_invitation_again_and_take_it_back(desk: Client, owner: User) -> None:
    made = team.invite(owner.memberships.get().advertiser, "ada@acme.example", "viewer", owner)
    month = datetime.timedelta(days=30)
    Invitation.objects.update(created_at=made.created_at - month, expires_at=made.expires_at - month)
    for action, status in (("send", "waiting"), ("take_back", "revoked")):
        address = reverse("admin:campaigns_invitation_move", args=[action])
        desk.post(f"{address}?ids={made.pk}")
        made.refresh_from_db()
        assert made.status == status
    assert AuditEvent.objects.filter(action="invitation.revoke").exists()


def test_the_form_is_opened_and_closed_by_a_button(desk: Client, administrator: User) -> None:
    for action, status in (("open", "open"), ("close", "closed")):
        address = reverse("admin:campaigns_applicationform_move", args=[action])
        assert "Done: the form is" in desk.post(f"{address}?ids=1", follow=True).content.decode()
        form = ApplicationForm.objects.get()
        assert (form.status, form.changed_by) == (status, administrator)


def test_a_version_of_the_agreement_is_edited_until_somebody_accepted_it(desk: Client) -> None:
    form = {"version": 2, "starts_on": "2030-01-01", "text_en": "Anew.", "text_fr": "Du neuf."}
    assert desk.post("/admin/campaigns/agreement/add/", form).status_code == 302
    made = Agreement.objects.get(version=2)
    address = f"/admin/campaigns/agreement/{made.pk}/change/"
    assert desk.post(address, form | {"text_en": "Anew again."}).status_code == 302
    assert AuditEvent.objects.filter(action="agreement.change").count() == 1
    made.acceptances.create(advertiser=factories.advertiser(), accepted_by=factories.user())
    assert desk.post(address, form).status_code == 403
    assert "v2" in desk.get("/admin/campaigns/agreement/").content.decode()
