"""The desk as reviewers use it: one after the other, and many at once."""

from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from creators import claims
from creators.models import Bulk, Claim, Creator, DecisionReason
from pulse_site import roles, runs
from pulse_site.models import Mail, Run, User
from tests import factories
from tests.creators.test_approval import checked

LIST = "/admin/creators/creator/"
BULK = "/admin/creators/bulk/"
pytestmark = pytest.mark.django_db


def staff(role: str) -> Client:
    made = factories.user(f"some-{role.replace(' ', '-')}", is_staff=True)
    made.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(made)
    return client


@pytest.fixture
def rita() -> Client:
    return staff(roles.REVIEWER)


@pytest.fixture
def senior() -> Client:
    return staff(roles.SENIOR_REVIEWER)


@pytest.fixture
def queue() -> list[Creator]:
    made = [factories.creator(f"waiting{number}", status="pending") for number in range(3)]
    for creator in made:
        checked(creator, True)
    return made


def page(creator: Creator) -> str:
    return f"{LIST}{creator.pk}/change/"


def test_review_next_opens_whoever_waits_longest_and_skips(rita: Client, queue: list[Creator]) -> None:
    first = rita.get(f"{LIST}next/")
    assert first["Location"] == f"{page(queue[0])}?_view="
    shown = rita.get(first["Location"]).content.decode()
    assert f"after={queue[0].pk}" in shown
    assert rita.get(f"{LIST}next/?_view=&after={queue[0].pk}")["Location"].startswith(page(queue[1]))


def test_a_decision_in_review_mode_leads_to_the_next(rita: Client, queue: list[Creator]) -> None:
    here = rita.get(f"{LIST}next/")["Location"]
    assert "_view=" in rita.get(here).content.decode()
    answer = rita.post(f"{LIST}move/approve/?ids={queue[0].pk}&_view=", {})
    assert answer["Location"].endswith("/next/?_view=")
    assert rita.get(answer["Location"])["Location"].startswith(page(queue[1]))


def test_whom_one_skipped_comes_again_when_nobody_else_waits(rita: Client, queue: list[Creator]) -> None:
    onward = f"{LIST}next/?_view="
    assert rita.get(onward)["Location"].startswith(page(queue[0]))
    assert rita.get(f"{onward}&after={queue[0].pk}")["Location"].startswith(page(queue[1]))
    for each in queue[1:]:
        assert rita.get(onward)["Location"].startswith(page(each)), "not the skipped one"
        rita.post(f"{LIST}move/approve/?ids={each.pk}&_view=", {})
    assert "whom you skipped" in rita.get(onward, follow=True).content.decode()
    assert rita.get(onward)["Location"].startswith(page(queue[0]))


def test_who_changes_his_mind_is_still_on_his_way_through_the_queue(
    rita: Client, queue: list[Creator]
) -> None:
    asked = rita.get(f"{LIST}move/reject/?ids={queue[0].pk}&_view=kind%3Dcreator").content.decode()
    assert f'href="{page(queue[0])}?_view=kind%3Dcreator"' in asked


def test_the_way_to_the_next_stands_in_the_list_for_whoever_reviews(
    rita: Client, senior: Client, queue: list[Creator]
) -> None:
    for browser, offered in ((rita, True), (senior, True), (staff(roles.AUDITOR), False)):
        assert (">Review next<" in browser.get(LIST).content.decode()) == offered
    assert ">Reports of the desk<" in rita.get("/admin/creators/decision/").content.decode()


def test_a_view_narrows_whom_one_is_given(rita: Client, queue: list[Creator]) -> None:
    category = factories.category()
    Creator.objects.filter(pk=queue[2].pk).update(category=category)
    view = urlencode({"_view": f"category__id__exact={category.pk}"})
    assert rita.get(f"{LIST}next/?{view}")["Location"].startswith(page(queue[2]))


@pytest.mark.parametrize(
    "odd", ["_view=category__id__exact%3Dx", "after=x", f"after={'9' * 30}", "_view=%00"]
)
def test_no_odd_address_breaks_the_way(rita: Client, queue: list[Creator], odd: str) -> None:
    assert rita.get(f"{LIST}next/?{odd}").status_code in (302, 404)


def test_an_empty_queue_says_so(rita: Client) -> None:
    answer = rita.get(f"{LIST}next/", follow=True)
    assert "Nobody else waits" in answer.content.decode()


def test_a_colleague_who_looks_is_named(rita: Client, queue: list[Creator], reviewer: User) -> None:
    claims.hold(queue[0], reviewer)
    assert "reviewer looks at this creator" in rita.get(page(queue[0])).content.decode()
    assert Claim.objects.get().reviewer == reviewer


def test_who_only_looks_claims_nobody(queue: list[Creator]) -> None:
    auditor = staff(roles.AUDITOR)
    auditor.get(page(queue[0]))
    assert not Claim.objects.exists()
    assert auditor.get(f"{LIST}next/").status_code == 403


def test_the_list_of_reasons_is_offered_for_its_action(rita: Client, queue: list[Creator]) -> None:
    shown = rita.get(f"{LIST}move/reject/?ids={queue[0].pk}").content.decode()
    for reason in DecisionReason.objects.all():
        assert (f">{reason.text_en}<".replace("'", "&#x27;") in shown) == (reason.action == "reject")


def test_all_rows_of_a_filter_are_decided_about_in_one_run(senior: Client, queue: list[Creator]) -> None:
    rejected = factories.creator(status="rejected")
    answer = senior.post(f"{BULK}add/?_view=status%3Dall", {"action": "approve"})
    made = Bulk.objects.get()
    assert made.rows.count() == 4
    shown = senior.get(answer["Location"]).content.decode()
    assert "Decide about 3" in shown and "Rejected" in shown
    senior.post(f"{BULK}{made.pk}/decide/")
    runs.perform(Run.objects.get(kind="decide_in_bulk").pk)
    assert set(Creator.objects.values_list("status", flat=True)) == {"approved", "rejected"}
    lines = b"".join(senior.get(f"{BULK}{made.pk}/results.csv").streaming_content).decode().splitlines()
    assert len(lines) == 5
    assert f"{rejected.handle},rejected" in lines
    assert "Undo 3" in senior.get(f"{BULK}{made.pk}/undo/").content.decode()
    assert "required" in senior.post(f"{BULK}{made.pk}/undo/", {"reason": " "}).content.decode()
    senior.post(f"{BULK}{made.pk}/undo/", {"reason": "wrong filter"})
    assert "Undoing" in senior.get(answer["Location"]).content.decode()
    runs.perform(Run.objects.get(kind="undo_in_bulk").pk)
    assert "Are as they were before" in senior.get(answer["Location"]).content.decode()
    assert senior.get(f"{BULK}{made.pk}/undo/").status_code == 302
    assert Creator.objects.filter(status="pending").count() == 3


def test_a_file_of_handles_is_taken_and_says_who_is_unknown(senior: Client, queue: list[Creator]) -> None:
    file = SimpleUploadedFile("list.txt", "\ufeff@Waiting0\nnobody-of-them\n".encode())
    answer = senior.post(f"{BULK}add/", {"action": "approve", "file": file}, follow=True)
    assert "nobody-of-them" in answer.content.decode()
    assert Bulk.objects.get().rows.get().creator == queue[0]


def test_a_rejection_of_many_is_asked_for_a_reason(senior: Client, queue: list[Creator]) -> None:
    answer = senior.post(f"{BULK}add/?_view=", {"action": "reject"})
    assert "give a reason" in answer.content.decode()
    assert not Bulk.objects.exists()


def test_only_a_senior_reviewer_decides_in_bulk(rita: Client, senior: Client, queue: list[Creator]) -> None:
    assert rita.get(f"{BULK}add/").status_code == 403
    senior.post(f"{BULK}add/?_view=", {"action": "approve"})
    made = Bulk.objects.get()
    for verb in ("decide", "undo", "cancel"):
        assert rita.post(f"{BULK}{made.pk}/{verb}/").status_code == 403
    assert rita.get(f"{BULK}{made.pk}/change/").status_code == 200
    senior.post(f"{BULK}{made.pk}/cancel/")
    made.refresh_from_db()
    assert made.status == Bulk.Status.CANCELLED


def test_the_terms_are_sent_again_from_the_creators_page(rita: Client) -> None:
    ada = factories.creator("ada", status="approved", email="ada@example.com")
    silent = factories.creator("silent", status="approved")
    send = f"{LIST}move/send-terms/?ids="
    assert "send-terms" in rita.get(page(ada)).content.decode()
    assert "enter one first" in rita.get(f"{send}{silent.pk}").content.decode()
    rita.post(f"{send}{ada.pk},{silent.pk}")
    assert Mail.objects.get().to == "ada@example.com"


def test_a_group_says_which_role_it_is(administrator: User, client: Client) -> None:
    client.force_login(administrator)
    assert "Finance, approves" in client.get("/admin/auth/group/").content.decode()
