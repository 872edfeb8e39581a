"""An import of follower counts is undone while nothing stands on it, and everything is as it was."""

import datetime
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from creators import approval, eligibility, tasks
from creators.models import Creator, Decision, Eligibility, FollowerCount, Reach, ReplacedCount, ReplacedReach
from pulse_site.feeds import run
from pulse_site.feeds.run import import_file
from pulse_site.models import AuditEvent, Upload, User
from pulse_site.refusal import Refused
from tests import factories, hostile

DAY = datetime.date(2026, 10, 15)
pytestmark = pytest.mark.django_db
Give = Callable[..., Upload]


@pytest.fixture
def give(tmp_path: Path) -> Give:
    """Import a file of followers, whatever the warnings, and return its upload."""
    numbers = itertools.count()

    def run(
        *lines: str, as_of: object = DAY, header: str = "handle,followers", feed: str = "followers"
    ) -> Upload:
        path = tmp_path / f"{next(numbers)}.csv"
        path.write_text("\n".join([header, *lines]) + "\n")
        options = {"as_of": as_of} | ({"market": "US"} if feed == "videos" else {})
        import_file(feed, path, name=path.name, options=options, by=None, confirmed=True)
        return Upload.objects.latest("pk")

    return run


def state() -> dict[str, Any]:
    """All that depends on counts."""
    return {
        "counts": sorted(
            FollowerCount.objects.values_list("as_of", "creator__handle", "followers", "upload_id")
        ),
        "reach": sorted(Reach.objects.values_list("creator__handle", "followers", "as_of")),
        "eligibility": sorted(
            Eligibility.objects.values_list(
                "creator__handle", "as_of", "terms", "eligible", "failed_rules", "followers", "videos"
            )
        ),
        "creators": sorted(Creator.objects.values_list("handle", "status")),
        "kept": sorted(
            ReplacedReach.objects.values_list("upload_id", "creator_id", "followers", "as_of"), key=str
        ),
    }


def qualified(handle: str) -> Creator:
    """Somebody who lacks nothing but followers."""
    creator = factories.creator(handle)
    for _ in range(5):
        factories.video(creator=creator)
    return creator


def test_the_first_import_of_all_is_undone(give: Give, reviewer: User) -> None:
    before = state()
    upload = give("ada,120000", "bob,5")
    undone = run.undo(upload, reviewer)
    assert undone == {"counts": 2, "restored": 0, "creators_removed": 2, "dequeued": 0}
    assert state() == before
    upload.refresh_from_db()
    assert (upload.status, upload.undone_by, upload.summary["undone"]) == ("undone", reviewer, undone)


def test_a_file_of_a_newer_day_is_undone(give: Give, reviewer: User) -> None:
    give("ada,120000", "bob,99000", "eve,7")
    before = state()
    upload = give("ada,90000", "bob,100000", "zoe,1", "eve,7", as_of=DAY + datetime.timedelta(days=1))
    assert Reach.objects.get(creator__handle="eve").as_of == DAY
    run.undo(upload, reviewer)
    assert state() == before


def test_a_correction_of_the_same_day_is_undone_and_what_it_replaced_is_kept(
    give: Give, reviewer: User
) -> None:
    first = give("ada,5", "bob,6")
    before = state()
    upload = give("ada,5", "bob,7", "eve,8")
    assert run.undo(upload, reviewer)["restored"] == 1
    assert state() == before
    kept = ReplacedCount.objects.get()
    assert (kept.upload, kept.creator.handle, kept.followers, kept.written_by) == (upload, "bob", 6, first)


def test_a_file_with_several_days_is_undone(give: Give, reviewer: User) -> None:
    give("ada,5,2026-10-02", header="handle,followers,date", as_of=None)
    before = state()
    upload = give(
        "ada,4,2026-10-01", "ada,6,2026-10-02", "ada,7,2026-10-03", header="handle,followers,date", as_of=None
    )
    assert Reach.objects.get().followers == 7
    run.undo(upload, reviewer)
    assert state() == before


def test_whoever_an_import_brought_into_the_queue_leaves_it_with_a_decision(
    give: Give, reviewer: User
) -> None:
    ada, zoe = qualified("ada"), qualified("zoe")
    give("ada,5", "zoe,200000")
    before = state()
    upload = give("ada,100000", as_of=DAY + datetime.timedelta(days=1))
    assert set(Creator.objects.values_list("handle", "status")) == {("ada", "pending"), ("zoe", "pending")}
    assert run.undo(upload, reviewer)["dequeued"] == 1
    assert state() == before
    decision = Decision.objects.filter(creator=ada).latest("pk")
    assert (decision.action, decision.decided_by, decision.to_status) == ("dequeue", reviewer, "candidate")
    assert str(upload) in decision.reason
    assert Creator.objects.get(pk=zoe.pk).status == "pending"


def test_undoing_is_an_event_of_its_own(give: Give, reviewer: User) -> None:
    upload = give("ada,5")
    run.undo(upload, reviewer)
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.actor, event.subject_key) == ("upload.undo", reviewer, str(upload.pk))
    assert event.detail["counts"] == 1


def test_imports_are_undone_from_the_newest_back(give: Give, reviewer: User) -> None:
    empty = state()
    first = give("ada,5")
    second = give("ada,6", as_of=DAY + datetime.timedelta(days=1))
    with pytest.raises(Refused, match=f"undo {second.name} first"):
        run.undo(first, reviewer)
    run.undo(second, reviewer)
    run.undo(first, reviewer)
    assert state() == empty


@pytest.mark.parametrize("action", ["approve", "reject", "withdraw"])
def test_a_decision_about_one_of_its_creators_stands_in_the_way(
    give: Give, reviewer: User, action: str
) -> None:
    qualified("ada")
    upload = give("ada,100000", "bob,7")
    approval.decide(Creator.objects.filter(handle="ada"), action, reviewer, reason="Seen")
    before = hostile.everything()
    with pytest.raises(Refused, match="1 of its creators were decided about since, @ada among them"):
        run.undo(upload, reviewer)
    assert run.obstacles(Upload.objects.get()) != []
    assert hostile.everything() == before


def test_a_decision_about_somebody_else_does_not(give: Give, reviewer: User) -> None:
    bob = factories.creator("bob", status=Creator.Status.PENDING)
    upload = give("ada,100000")
    approval.decide(Creator.objects.filter(pk=bob.pk), "reject", reviewer, reason="No")
    assert run.obstacles(upload) == []
    run.undo(upload, reviewer)


def test_a_later_file_of_videos_stands_in_the_way_if_it_had_followers(give: Give, reviewer: User) -> None:
    upload = give("ada,5")
    videos = "id,handle,published,views,likes,comments,shares"
    give("1,ada,2026-10-14,1,1,1,1", header=videos, feed="videos")
    assert run.obstacles(upload) == []
    give("1,ada,2026-10-14,1,1,1,1,5", header=f"{videos},followers", feed="videos")
    assert "follower counts too" in run.obstacles(upload)[0]


def test_a_creator_who_is_known_from_elsewhere_by_now_stays(give: Give, reviewer: User) -> None:
    upload = give("ada,5", "bob,6")
    factories.video(creator=Creator.objects.get(handle="ada"))
    assert run.undo(upload, reviewer)["creators_removed"] == 1
    assert Creator.objects.get().handle == "ada"


def test_nothing_is_undone_twice_nor_before_it_was_applied(give: Give, reviewer: User) -> None:
    upload = give("ada,5")
    run.undo(upload, reviewer)
    for status in Upload.Status.values:
        if status != Upload.Status.APPLIED:
            Upload.objects.update(status=status)
            with pytest.raises(Refused, match="Only what was applied"):
                run.undo(Upload.objects.get(), reviewer)


def test_other_feeds_cannot_be_undone(give: Give, reviewer: User) -> None:
    upload = give(
        "1,ada,2026-10-14,1,1,1,1", header="id,handle,published,views,likes,comments,shares", feed="videos"
    )
    with pytest.raises(Refused, match="can't be undone"):
        run.undo(upload, reviewer)


def test_after_some_days_what_undoing_needs_is_dropped(give: Give, reviewer: User) -> None:
    upload = give("ada,5")
    tasks.forget_replaced_reach()
    assert ReplacedReach.objects.exists()
    Upload.objects.update(applied_at=timezone.now() - datetime.timedelta(days=8))
    with pytest.raises(Refused, match="more than 7 days old"):
        run.undo(upload, reviewer)
    tasks.forget_replaced_reach()
    assert not ReplacedReach.objects.exists()


def test_an_undone_file_may_be_imported_again(give: Give, reviewer: User) -> None:
    upload = give("ada,120000", "bob,5")
    wanted = [row[:3] for row in state()["counts"]], state()["reach"], state()["eligibility"]
    run.undo(upload, reviewer)
    give("ada,120000", "bob,5")
    assert ([row[:3] for row in state()["counts"]], state()["reach"], state()["eligibility"]) == wanted


def test_a_check_of_a_later_day_is_not_taken_back(give: Give, reviewer: User) -> None:
    give("ada,5")
    upload = give("ada,6", as_of=DAY + datetime.timedelta(days=1))
    later = DAY + datetime.timedelta(days=3)
    eligibility.refresh(later)
    run.undo(upload, reviewer)
    assert set(Eligibility.objects.values_list("as_of", "followers")) == {(later, 5)}


files = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(99_998, 100_001), st.integers(1, 3)),
    min_size=1,
    max_size=5,
    unique_by=lambda row: (row[0], row[2]),
)


@settings(max_examples=30, deadline=None)
@given(imports=st.lists(files, min_size=1, max_size=4))
def test_whatever_was_imported_the_last_file_leaves_no_trace(
    imports: list[list[tuple[str, int, int]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Its own upload aside; and the newest count of each creator is what Reach says, whatever the order."""
    for model in (FollowerCount, Reach, Eligibility, ReplacedReach, ReplacedCount, Creator, Upload):
        model.objects.all()._raw_delete("default")
    path = tmp_path_factory.mktemp("undoing") / "file.csv"
    states = []
    for rows in imports:
        states.append(state())
        lines = [f"{handle},{followers},2026-10-0{day}" for handle, followers, day in rows]
        path.write_text("\n".join(["handle,followers,date", *lines]) + "\n")
        import_file("followers", path, name="file.csv", options={}, by=None, confirmed=True)
        for reach in Reach.objects.all():
            assert (
                reach.followers
                == FollowerCount.objects.filter(creator=reach.creator).latest("as_of").followers
            )
    for upload, before in zip(Upload.objects.order_by("-pk"), reversed(states), strict=True):
        run.undo(upload, None)
        assert state() == before
