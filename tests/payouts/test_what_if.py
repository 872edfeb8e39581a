"""Fifty videos of one day, two of which are in the lineup; what was billed beside them, and what would be."""

import csv
import datetime
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from campaigns import placements
from campaigns.models import Campaign, Delivery, Placement, PlacementRun
from creators.models import Creator, Eligibility, Enrolment, Reach, Video
from payouts import months, what_if
from payouts.models import Earning, Transfer
from payouts.what_if import DAY as DAY_PART
from payouts.what_if import MONTH, Question
from pulse_site import runs
from pulse_site.models import Run, User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
DAY = factories.DAY
ADDRESS = "/admin/campaigns/month/what-if/"
WRITTEN = (Delivery, Earning, Eligibility, Enrolment, PlacementRun, Transfer)
FORM = {
    "day": f"{DAY}", "month": "2026-10", "lineup": "4", "weight_views": "1", "weight_likes": "5",
    "weight_comments": "10", "weight_shares": "20", "half_life": "7", "min_followers": "100000",
    "min_videos": "5", "share": "50",
}  # fmt: skip


def videos(creator: Creator, number: int, **counts: int) -> list[Video]:
    made = [factories.video(creator=creator, category=factories.category()) for _ in range(number)]
    for video in made:
        factories.counts(DAY, video, **counts)
    return made


@pytest.fixture
def programme() -> dict[str, Creator]:
    """Ann and Bob have a video each in the lineup and got $10.00 and $6.00 of ads; Cid's is the next, by
    comments alone, and Dan has all the others. Ann, Bob and Cid are enrolled."""
    people = {
        "ann": factories.enrolled("ann", followers=300_000),
        "bob": factories.enrolled("bob", followers=150_000),
        "cid": factories.enrolled("cid", followers=200_000),
        "dan": factories.creator("dan", followers=60_000),
    }
    placed = [*videos(people["ann"], 1, views=10_000), *videos(people["bob"], 1, views=9_000)]
    videos(people["cid"], 1, views=1_000, comments=700)
    videos(people["dan"], 47, views=100)
    for name in ("ann", "bob", "cid"):
        videos(people[name], 5, views=1)
    placements.recompute(DAY)
    Placement.objects.exclude(video__in=placed).delete()  # two are easier
    PlacementRun.objects.update(lineup=2)
    campaign = factories.campaign()
    for video, impressions in zip(placed, (1_000, 600), strict=True):
        deliver(campaign, video, impressions)
    months.calculate("2026-10")
    return people


def deliver(campaign: Campaign, video: Video, impressions: int) -> None:
    Delivery.objects.create(
        day=DAY, campaign=campaign, video=video, creator=video.creator, category=video.category, rank=1,
        impressions=impressions, billed_impressions=impressions, verdict="billable",
        revenue_micros=impressions * 10_000, month=factories.month(),
    )  # fmt: skip


def ask(part: str, **rules: Any) -> dict[str, Any]:
    return what_if.answer(part, Question(DAY, "2026-10", rules), lambda _permille, _step: None)


def three_percent(**rules: Any) -> dict[str, Any]:
    """Two of 65 videos, as are in the lineup of the test."""
    return {"lineup_basis_points": 300, **rules}


# The day


def test_with_no_change_nothing_moves(programme: dict[str, Creator]) -> None:
    found = ask(DAY_PART, **three_percent())
    assert found["lineup"] == [2, 2, 0, 0]
    assert (found["entered"], found["left"]) == ([], [])
    assert found["eligible"] == {"was": 3, "would": 3, "entered": 0, "left": 0}


def test_other_weights_let_one_in_and_another_out(programme: dict[str, Creator]) -> None:
    found = ask(DAY_PART, **three_percent(weight_comments=1_000))
    assert found["lineup"] == [2, 2, 1, 1]
    assert [row[2] for row in found["entered"]] == ["cid"]
    assert [row[2] for row in found["left"]] == ["bob"]
    assert found["categories"] == [[factories.category().pk, 2, 2, 1, 1]]


def test_a_larger_share_only_lets_in(programme: dict[str, Creator]) -> None:
    assert ask(DAY_PART, lineup_basis_points=1_000)["lineup"] == [2, 7, 5, 0]


def test_a_cut_per_category_is_tried(programme: dict[str, Creator]) -> None:
    assert ask(DAY_PART, **three_percent(cut_per_category=True))["lineup"] == [2, 2, 0, 0]


def test_a_lower_threshold_makes_creators_eligible(programme: dict[str, Creator]) -> None:
    found = ask(DAY_PART, **three_percent(min_followers=60_000))
    assert found["eligible"] == {"was": 3, "would": 4, "entered": 1, "left": 0}
    assert found["newly_eligible"] == [["dan", 60_000]]


def test_a_higher_threshold_takes_creators_out(programme: dict[str, Creator]) -> None:
    found = ask(DAY_PART, **three_percent(min_followers=250_000))
    assert found["no_longer_eligible"] == [["cid", 200_000], ["bob", 150_000]]


def test_followers_count_as_of_the_day(programme: dict[str, Creator]) -> None:
    factories.counts(DAY + datetime.timedelta(days=1))
    Reach.objects.update(followers=1)
    assert ask(DAY_PART)["eligible"]["was"] == 0  # there is no count of that day in the history


# The month


def moved(found: dict[str, Any]) -> dict[str, int]:
    return {handle: would - was for handle, was, would in found["most_won"] + found["most_lost"]}


def test_with_no_change_the_month_is_what_it_was_to_the_micro(programme: dict[str, Creator]) -> None:
    for rules in ({}, three_percent()):
        found = ask(MONTH, **rules)
        assert found["revenue"] == [16_000_000, 16_000_000]
        assert found["shared"] == [8_000_000, 8_000_000]
        assert moved(found) == {}


def test_the_share_follows_the_rule_of_the_months(programme: dict[str, Creator]) -> None:
    found = ask(MONTH, share_basis_points=3_333)
    assert found["shared"] == [8_000_000, 3_333_000 + 1_999_800]
    assert moved(found) == {"ann": 3_333_000 - 5_000_000, "bob": 1_999_800 - 3_000_000}
    assert (found["winners"], found["losers"], found["ranked"]) == (0, 2, 0)


def test_what_was_spent_is_spent_in_the_new_lineup(programme: dict[str, Creator]) -> None:
    """Ann stays and Cid enters: they part the $16.00 by their scores."""
    found = ask(MONTH, **three_percent(weight_comments=1_000))
    ann, cid = 10_000, 1_000 + 700 * 1_000
    of_ann = 16_000_000 * ann // (ann + cid)
    assert abs(sum(found["revenue"]) - 32_000_000) <= 2
    assert moved(found)["bob"] == -3_000_000
    assert abs(moved(found)["ann"] - (of_ann // 2 - 5_000_000)) <= 1
    assert abs(moved(found)["cid"] - (16_000_000 - of_ann) // 2) <= 1


def test_whoever_is_no_longer_eligible_shares_nothing(programme: dict[str, Creator]) -> None:
    found = ask(MONTH, min_followers=250_000)
    assert (moved(found), found["revenue"]) == ({"bob": -3_000_000}, [16_000_000, 16_000_000])


def test_whoever_is_eligible_only_under_the_new_terms_shares(programme: dict[str, Creator]) -> None:
    campaign = Campaign.objects.get()
    deliver(campaign, Video.objects.filter(creator=programme["dan"]).first(), 200)  # type: ignore[arg-type]
    assert moved(ask(MONTH, min_followers=60_000)) == {"dan": 1_000_000}


def test_a_lineup_without_places_loses_the_revenue(programme: dict[str, Creator]) -> None:
    found = ask(MONTH, lineup_basis_points=0)
    assert (found["revenue"], found["shared"]) == ([16_000_000, 0], [8_000_000, 0])


def test_no_product_outgrows_the_database(programme: dict[str, Creator]) -> None:
    Delivery.objects.update(revenue_micros=5_000_000_000_000_000)
    found = ask(MONTH, **three_percent(weight_comments=1_000))
    assert abs(found["revenue"][1] - found["revenue"][0]) < 10**9


# What holds for both


def test_nothing_is_written_and_nothing_is_left(programme: dict[str, Creator]) -> None:
    before = [list(model.objects.order_by("pk").values_list()) for model in WRITTEN]
    for part in what_if.PARTS:
        ask(part, **three_percent(weight_comments=1_000, min_followers=60_000))
    assert [list(model.objects.order_by("pk").values_list()) for model in WRITTEN] == before
    with pytest.raises(Exception, match="what_if_lineup"):
        connection.cursor().execute("SELECT 1 FROM what_if_lineup")


def test_a_day_takes_the_same_queries_for_many_videos(
    programme: dict[str, Creator], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(40):
        ask(DAY_PART, **three_percent(weight_comments=1_000))


def test_a_day_without_a_lineup_and_a_month_without_bills_are_refused(
    programme: dict[str, Creator],
) -> None:
    for part, question in (
        (DAY_PART, Question(DAY - datetime.timedelta(days=1), "")),
        (MONTH, Question(DAY, "2020-01")),
    ):
        with pytest.raises(Refused, match="choose another"):
            what_if.answer(part, question, lambda _permille, _step: None)


# The page


@pytest.fixture
def manager(client: Client) -> User:
    person = factories.staff("fiona", "add_programmeterms", "view_programmeterms")
    client.force_login(person)
    return person


def perform_all() -> None:
    for run in Run.objects.active():
        runs.perform(run.pk)


def test_the_page_computes_answers_and_offers_to_propose(
    client: Client, manager: User, programme: dict[str, Creator]
) -> None:
    asked = client.post(ADDRESS, FORM | {"lineup": "3", "weight_comments": "1000", "share": "60"})
    assert asked.status_code == 302
    assert 'id="progress"' in client.get(asked["Location"]).content.decode()
    perform_all()
    shown = client.get(asked["Location"]).content.decode()
    assert "@cid" in shown and "@bob" in shown and "$16.00" in shown
    assert "/admin/creators/programmeterms/add/?" in shown and "share_basis_points=6000" in shown
    client.post(ADDRESS, FORM | {"lineup": "3", "weight_comments": "1000", "share": "60"})
    assert Run.objects.count() == 2  # what was answered is not asked again


def test_a_shared_address_that_was_never_computed_starts_nothing(
    client: Client, manager: User, programme: dict[str, Creator]
) -> None:
    shown = client.get(ADDRESS, FORM).content.decode()
    assert "press Compute" in shown and not Run.objects.exists()


def test_the_page_starts_with_the_terms_in_force_the_newest_day_and_month(
    client: Client, manager: User, programme: dict[str, Creator]
) -> None:
    form = client.get(ADDRESS).context["form"]
    given = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    assert (given["day"], given["month"], given["half_life"], given["share"]) == (DAY, "2026-10", 7, 50)


def test_without_a_lineup_the_page_says_so(client: Client, manager: User) -> None:
    assert "nothing to compare with" in client.get(ADDRESS).content.decode()


@pytest.mark.parametrize("field", ["day", "month", "lineup", "half_life", "min_followers", "share"])
def test_an_odd_address_is_answered_by_the_form(
    field: str, client: Client, manager: User, programme: dict[str, Creator]
) -> None:
    for value in ("x", "-1", "9" * 30, "1900-01-01"):
        assert client.get(ADDRESS, FORM | {field: value}).status_code == 200


def downloaded(client: Client, table: str, **asked: str) -> list[list[str]]:
    answer = client.get(f"{ADDRESS}{table}.csv", FORM | asked)
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))  # type: ignore[call-overload]


def test_the_answer_is_drawn_and_can_be_taken_away(
    client: Client, manager: User, programme: dict[str, Creator]
) -> None:
    Creator.objects.filter(handle="cid").update(handle="=cid")
    asked = {"lineup": "3", "weight_comments": "1000", "share": "60"}
    client.post(ADDRESS, FORM | asked)
    assert client.get(f"{ADDRESS}summary.csv", FORM | asked).status_code == 404  # not computed yet
    perform_all()
    shown = client.get(ADDRESS, FORM | asked)
    day, money = shown.context["day"]["chart"], shown.context["money"]["chart"]
    assert [[part.tone for part in row.parts] for row in day.rows] == [["in-time", "gain", "loss"]]
    assert [row.told for row in day.rows] == ["2 → 2"]
    bars = [(row.name, row.parts[-1]) for row in money.rows]
    assert [(name, bar.tone) for name, bar in bars] == [("@=cid", "gain"), ("@bob", "loss"), ("@ann", "loss")]
    assert bars[0][1].x == bars[1][1].x + bars[1][1].width == bars[2][1].x + bars[2][1].width

    assert downloaded(client, "summary", **asked)[:4] == [
        ["figure", "was", "would_be", "enter", "leave"],
        ["rule weight_comments", "10", "1000", "", ""],
        ["rule lineup_basis_points", "400", "300", "", ""],
        ["rule share_basis_points", "5000", "6000", "", ""],
    ]
    summary = {row[0]: row[1:] for row in downloaded(client, "summary", **asked)}
    assert summary["videos in the lineup"] == ["2", "2", "1", "1"]
    assert summary["shared usd"][0] == "8" and 9.59 < float(summary["shared usd"][1]) <= 9.6
    creators = downloaded(client, "creators", **asked)
    assert [row[0] for row in creators] == ["creator", "'=cid", "bob", "ann"]
    assert creators[2] == ["bob", "3", "0", "-3"]
    assert [(row[0], row[3]) for row in downloaded(client, "videos", **asked)[1:]] == [
        ("enters", "'=cid"),
        ("leaves", "bob"),
    ]
    for table in ("nothing.csv", "summary.pdf"):
        assert client.get(f"{ADDRESS}{table}", FORM | asked).status_code == 404


def test_the_file_has_all_that_is_kept_where_the_page_shows_the_first(
    client: Client, manager: User, programme: dict[str, Creator], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payouts.admin.what_if.SHOWN", 2)
    shown = client.post(ADDRESS, FORM | {"lineup": "10"})["Location"]
    perform_all()
    assert len(client.get(shown).context["day"]["entered"]) == 2
    assert len(downloaded(client, "videos", lineup="10")) == 1 + 5


def test_in_french_the_form_keeps_its_day(
    client: Client, manager: User, programme: dict[str, Creator]
) -> None:
    shown = client.get(ADDRESS, headers={"accept-language": "fr"}).content.decode()
    assert f'value="{DAY}"' in shown


@pytest.mark.parametrize(
    ("permission", "status"),
    [("add_programmeterms", 200), ("approve_programmeterms", 200), ("view_programmeterms", 403)],
)
def test_only_who_decides_on_terms_may_try_them(permission: str, status: int, client: Client) -> None:
    client.force_login(factories.staff("somebody", permission))
    assert client.get(ADDRESS).status_code == status
    assert client.post(ADDRESS, FORM).status_code == status
    assert client.get(f"{ADDRESS}summary.csv", FORM).status_code == (403 if status == 403 else 404)
