"""Who meets the rules, checked by one statement and, more slowly, by hand."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from creators import eligibility
from creators.models import Creator, Eligibility, FollowerCount, ProgrammeTerms, Reach, Video
from pulse_site.refusal import Refused
from tests import factories
from tests.factories import DAY

Status = Creator.Status


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


def creator(videos: int = 5, followers: int | None = 100_000, **fields: Any) -> Creator:
    """A creator who meets every rule on DAY unless said otherwise."""
    made = factories.creator(followers=followers, **fields)
    for _ in range(videos):
        factories.video(creator=made)
    return made


def failed(made: Creator, as_of: datetime.date = DAY) -> str:
    eligibility.refresh(as_of)
    return Eligibility.objects.get(creator=made).failed_rules


@pytest.mark.django_db
def test_who_meets_every_rule_is_eligible() -> None:
    made = creator()
    assert failed(made) == ""
    stored = Eligibility.objects.get(creator=made)
    assert (stored.eligible, stored.as_of, stored.terms) == (True, DAY, factories.terms())
    assert (stored.followers, stored.videos) == (100_000, 5)


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ({"followers": 99_999}, "followers"),
        ({"followers": None}, "followers"),
        ({"videos": 4}, "videos"),
        ({"born_on": datetime.date(2008, 10, 16)}, "age"),
        ({"born_on": datetime.date(2008, 10, 15)}, ""),
        ({"born_on": None}, "age"),
        ({"born_on": None, "kind": Creator.Kind.PUBLISHER}, ""),
        ({"market": "CA"}, "market"),
        ({"standing": Creator.Standing.WARNED}, "standing"),
        ({"standing": Creator.Standing.BANNED}, "standing"),
        (
            {"followers": 0, "videos": 0, "born_on": None, "market": "FR", "standing": "banned"},
            "followers videos age market standing",
        ),
    ],
)
@pytest.mark.django_db
def test_each_failed_rule_is_named_in_order(fields: dict[str, Any], rules: str) -> None:
    assert failed(creator(**fields)) == rules


@pytest.mark.parametrize(
    ("day", "eighteen"),
    [
        (datetime.date(2026, 2, 28), False),
        (datetime.date(2026, 3, 1), True),
    ],
)
@pytest.mark.django_db
def test_who_was_born_on_29_february_comes_of_age_on_1_march(day: datetime.date, eighteen: bool) -> None:
    made = creator(born_on=datetime.date(2008, 2, 29))
    assert ("age" not in failed(made, day)) == eighteen


@pytest.mark.django_db
def test_on_29_february_those_of_28_february_are_of_age_and_those_of_1_march_are_not() -> None:
    day = datetime.date(2024, 2, 29)
    assert "age" not in failed(creator(born_on=datetime.date(2006, 2, 28)), day)
    assert "age" in failed(creator(born_on=datetime.date(2006, 3, 1)), day)


@pytest.mark.parametrize(
    ("published", "counts"),
    [
        ("2026-09-15 23:59:59.999999", 0),
        ("2026-09-16 00:00:00", 1),
        ("2026-10-15 23:59:59.999999", 1),
        ("2026-10-16 00:00:00", 0),
    ],
)
@pytest.mark.django_db
def test_the_window_is_thirty_days_of_which_the_day_is_the_last(published: str, counts: int) -> None:
    made = creator(videos=0)
    factories.video(creator=made, published_at=moment(published))
    failed(made)
    assert Eligibility.objects.get(creator=made).videos == counts


@pytest.mark.django_db
def test_a_past_day_is_judged_by_what_was_known_on_it() -> None:
    made = creator(followers=None)
    for day, followers in [("2026-10-01", 50_000), ("2026-10-10", 150_000), ("2026-10-15", 90_000)]:
        FollowerCount.objects.create(creator=made, as_of=day, followers=followers)
    Reach.objects.create(creator=made, as_of=DAY, followers=90_000)
    verdicts = {number: "followers" not in failed(made, DAY.replace(day=number)) for number in range(9, 17)}
    assert [number for number, reached in verdicts.items() if reached] == [10, 11, 12, 13, 14]


@pytest.mark.django_db
def test_candidates_who_meet_the_rules_enter_the_queue_by_themselves() -> None:
    ready, _failing = creator(), creator(followers=0)
    rejected = creator(status=Status.REJECTED)
    assert eligibility.refresh(DAY)["queued"] == 1
    assert list(Creator.objects.waiting_longest_first()) == [ready]
    decision = ready.decisions.get()
    assert (decision.action, decision.decided_by) == ("queue", None)
    assert decision.reason == "Meets every rule of the terms v1"
    assert decision.decided_at.date() == DAY
    assert not rejected.decisions.exists()


@pytest.mark.parametrize("newer", ["follower counts", "video counts"])
@pytest.mark.django_db
def test_a_day_with_newer_counts_is_history_and_queues_nobody(newer: str) -> None:
    made, yesterday = creator(followers=None), DAY - datetime.timedelta(days=1)
    FollowerCount.objects.create(creator=made, as_of=yesterday, followers=150_000)
    Reach.objects.create(creator=made, as_of=yesterday, followers=150_000)
    if newer == "video counts":
        factories.counts(DAY)
    else:
        FollowerCount.objects.create(creator=factories.creator(), as_of=DAY, followers=1)
    summary = eligibility.refresh(yesterday)
    assert (summary["eligible"], summary["queued"]) == (1, 0)
    assert not Creator.objects.pending().exists()


@pytest.mark.django_db
def test_the_summary_counts_who_became_eligible_and_who_no_longer_is() -> None:
    stays, loses, gains = creator(), creator(), creator(followers=1)
    first = eligibility.refresh(DAY)
    assert (first["newly_eligible"], first["no_longer_eligible"]) == (2, 0)
    Reach.objects.filter(creator=loses).update(followers=1)
    Reach.objects.filter(creator=gains).update(followers=200_000)
    second = eligibility.refresh(DAY)
    del second["seconds"]
    assert second == {
        "as_of": "2026-10-15",
        "terms": 1,
        "creators": 3,
        "eligible": 2,
        "newly_eligible": 1,
        "no_longer_eligible": 1,
        "queued": 1,
        "automatic": {"approved": 0, "rejected": 0, "flagged": 0, "cleared": 0},
    }
    assert stays.decisions.count() == 1


@pytest.mark.django_db
def test_checking_again_writes_nothing() -> None:
    for followers in (100_000, 10):
        creator(followers=followers)
    eligibility.refresh(DAY)
    before = versions()
    assert eligibility.refresh(DAY)["queued"] == 0
    assert versions() == before


def versions() -> list[Any]:
    """Changes whenever a row is rewritten, even with the same values."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT ctid FROM creators_eligibility")
        else:
            cursor.execute("SELECT total_changes()")
        return cursor.fetchall()


@pytest.mark.django_db
def test_the_terms_of_the_day_apply() -> None:
    ProgrammeTerms.objects.create(
        version=2, starts_on=DAY, min_followers=10, decay_permille=[1000], status="approved"
    )
    made = creator(followers=10)
    assert failed(made, DAY - datetime.timedelta(days=1)) == "followers"
    assert failed(made, DAY) == ""


@pytest.mark.django_db
def test_days_without_rules_and_days_to_come_are_refused() -> None:
    with pytest.raises(Refused, match="2019-12-31"):
        eligibility.refresh(datetime.date(2019, 12, 31))
    with pytest.raises(Refused, match="yet to come"):
        eligibility.refresh(datetime.date.today() + datetime.timedelta(days=2))


@pytest.mark.django_db
def test_the_number_of_statements_does_not_grow_with_the_creators() -> None:
    def statements(count: int) -> int:
        for _ in range(count):
            creator()
        with CaptureQueriesContext(connection) as seen:
            assert eligibility.refresh(DAY)["queued"] == count
        return len(seen)

    assert statements(1) == statements(10)


@pytest.mark.django_db
def test_every_rule_is_explained_with_value_and_threshold() -> None:
    made = creator(followers=1, born_on=datetime.date(2010, 10, 15))
    assert eligibility.explain(made) == []
    eligibility.refresh(DAY)
    told = [(rule.name, rule.value, rule.threshold, rule.passed) for rule in eligibility.explain(made)]
    assert told == [
        ("followers", 1, 100_000, False),
        ("videos", 5, 5, True),
        ("age", 16, 18, False),
        ("market", "US", "US", True),
        ("standing", "good", "good", True),
    ]


@pytest.mark.django_db
def test_the_age_of_a_publisher_does_not_matter() -> None:
    made = creator(kind=Creator.Kind.PUBLISHER)
    eligibility.refresh(DAY)
    age = next(rule for rule in eligibility.explain(made) if rule.name == "age")
    assert (age.value, age.passed) == (None, True)


class AgainstAnObviousOracle(TestCase):
    """The one statement says what a person would say who looks at the facts of each creator."""

    @settings(max_examples=50, deadline=None)
    @given(st.data())
    def test_the_verdicts_are_those_of_a_person_with_a_calendar(self, data: st.DataObject) -> None:
        day = data.draw(st.sampled_from([DAY, *map(datetime.date.fromisoformat, EDGES)]), "as of")
        people = [draw_creator(data, day) for _ in range(data.draw(st.integers(1, 3), "creators"))]
        eligibility.refresh(day)
        for person in people:
            stored = Eligibility.objects.get(creator=person)
            assert stored.failed_rules.split() == rules_failed(person, day)
            assert stored.eligible == (not stored.failed_rules)
            failed_rules = [rule.name for rule in eligibility.explain(person) if not rule.passed]
            assert failed_rules == rules_failed(person, day)


EDGES = ["2024-02-29", "2026-02-28", "2026-03-01"]
ONE_DAY, TICK = datetime.timedelta(days=1), datetime.timedelta(microseconds=1)


def draw_creator(data: st.DataObject, day: datetime.date) -> Creator:
    made = factories.creator(
        kind=data.draw(st.sampled_from(["creator", "creator", "publisher"])),
        born_on=data.draw(st.none() | st.sampled_from(births(day))),
        market=data.draw(st.sampled_from(["US", "US", "CA"])),
        standing=data.draw(st.sampled_from(["good", "good", "warned", "banned"])),
    )
    published = data.draw(st.lists(st.sampled_from(publications(day)), min_size=3, max_size=7), "videos")
    for at in published:
        factories.video(creator=made, published_at=at)
    counts = data.draw(
        st.dictionaries(st.integers(-3, 2), st.sampled_from([0, 99_999, 100_000, 10**9])), "counts"
    )
    for offset, followers in counts.items():
        known = {"as_of": day + offset * ONE_DAY, "followers": followers}
        FollowerCount.objects.create(creator=made, **known)
        if offset == max(counts):
            Reach.objects.create(creator=made, **known)
    return made


def births(day: datetime.date) -> list[datetime.date]:
    around = datetime.date(day.year - 18, day.month, min(day.day, 28))
    return [around + offset * ONE_DAY for offset in range(-1, 4)] + [datetime.date(2008, 2, 29)]


def publications(day: datetime.date) -> list[datetime.datetime]:
    midnight = datetime.datetime.combine(day, datetime.time(), datetime.UTC)
    first, end = midnight - 29 * ONE_DAY, midnight + ONE_DAY
    return [first - TICK, first, midnight, end - TICK, end]


def rules_failed(person: Creator, day: datetime.date) -> list[str]:
    met = {
        "followers": followers_known(person, day) >= 100_000,
        "videos": videos_in_window(person, day) >= 5,
        "age": person.kind == "publisher" or of_age(person.born_on, day),
        "market": person.market == "US",
        "standing": person.standing == "good",
    }
    return [rule for rule, passed in met.items() if not passed]


def followers_known(person: Creator, day: datetime.date) -> int:
    known = [(count.as_of, count.followers) for count in person.follower_counts.all() if count.as_of <= day]
    return max(known)[1] if known else 0


def videos_in_window(person: Creator, day: datetime.date) -> int:
    ages = [(day - video.published_at.date()).days for video in Video.objects.filter(creator=person)]
    return len([age for age in ages if age in range(30)])


def of_age(born: datetime.date | None, day: datetime.date) -> bool:
    if born is None:
        return False
    try:
        return datetime.date(born.year + 18, born.month, born.day) <= day
    except ValueError:
        return datetime.date(born.year + 18, 3, 1) <= day
