"""Staff move a video to another category from a day on, and take that back."""

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from campaigns import placements
from campaigns.models import PlacementRun
from creators import recategorising
from creators.models import CategoryMove, CategoryOrigin, Video, VideoCounts
from pulse_site.feeds.run import import_file
from pulse_site.models import AuditEvent, Run, User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
DAY = factories.DAY
NEXT = DAY + datetime.timedelta(days=1)
LATER = DAY + datetime.timedelta(days=2)


@pytest.fixture
def by() -> User:
    return factories.staff("otto", "view_video", "recategorise_video")


@pytest.fixture
def video() -> Video:
    """In gaming, with counts of two days."""
    made = factories.video(11, category=factories.category("gaming"), creator=factories.creator("ada"))
    factories.counts(DAY, made)
    factories.counts(NEXT, made)
    return made


def told() -> dict[datetime.date, str | None]:
    return dict(VideoCounts.objects.order_by("day").values_list("day", "category__slug"))


def give(tmp_path: Path, day: datetime.date, more: str = "", cell: str = "") -> None:
    path = tmp_path / f"{day}.csv"
    path.write_text(
        f"id,handle,published,views,likes,comments,shares{more}\n11,ada,2026-10-14,9,0,0,0{cell}\n"
    )
    import_file("videos", path, name=path.name, options={"as_of": day, "market": "US"}, by=None)


def to(video: Video, slug: str, by: User, day: datetime.date = NEXT, **rest: Any) -> list[datetime.date]:
    return recategorising.move(video, factories.category(slug), day, by, **{"reason": "It is a cat.", **rest})


def test_a_move_counts_from_its_day_on(video: Video, by: User) -> None:
    assert to(video, "pets", by) == [NEXT]
    assert told() == {DAY: "gaming", NEXT: "pets"}


def test_counts_that_come_later_follow_whatever_the_file_says(video: Video, by: User, tmp_path: Path) -> None:
    to(video, "pets", by)
    give(tmp_path, LATER, ",category", ",travel")
    assert told() == {DAY: "gaming", NEXT: "pets", LATER: "pets"}
    video.refresh_from_db()
    assert video.category == factories.category("travel")  # what the feeds say stays known


def test_the_newest_move_decides(video: Video, by: User, tmp_path: Path) -> None:
    to(video, "pets", by)
    to(video, "travel", by, DAY)
    give(tmp_path, LATER)
    assert told() == {DAY: "travel", NEXT: "travel", LATER: "travel"}


def test_taken_back_each_day_is_as_it_was(video: Video, by: User, tmp_path: Path) -> None:
    to(video, "pets", by)
    to(video, "travel", by, DAY)
    give(tmp_path, LATER)
    recategorising.take_back(video, by, reason="A mistake.")
    assert told() == {DAY: "gaming", NEXT: "pets", LATER: "pets"}
    recategorising.take_back(video, by, reason="That too.")
    assert told() == {DAY: "gaming", NEXT: "gaming", LATER: "gaming"}
    with pytest.raises(Refused, match="No move"):
        recategorising.take_back(video, by, reason="Again.")
    give(tmp_path, LATER)
    assert told()[LATER] == "gaming"


def test_the_counts_know_that_staff_said_their_category_and_who(
    video: Video, by: User, tmp_path: Path
) -> None:
    give(tmp_path, LATER, ",category", ",travel")
    to(video, "pets", by)
    counts = VideoCounts.objects.get(day=NEXT)
    assert counts.category_origin == CategoryOrigin.MOVE
    assert recategorising.told_by(counts) == CategoryMove.objects.get()
    recategorising.take_back(video, by, reason="A mistake.")
    origins = dict(VideoCounts.objects.values_list("day", "category_origin"))
    assert origins == {DAY: CategoryOrigin.UNKNOWN, NEXT: CategoryOrigin.UNKNOWN, LATER: CategoryOrigin.FEED}


def test_taking_back_a_move_of_the_time_when_no_origin_was_kept(video: Video, by: User) -> None:
    VideoCounts.objects.filter(day=NEXT).update(category=factories.category("pets"))
    CategoryMove.objects.create(
        video=video,
        category=factories.category("pets"),
        from_day=NEXT,
        reason="It is a cat.",
        replaced={str(NEXT): factories.category("travel").pk},
        moved_by=by,
    )
    recategorising.take_back(video, by, reason="A mistake.")
    assert told() == {DAY: "gaming", NEXT: "travel"}


def test_a_day_whose_lineup_money_has_used_stays(video: Video, by: User) -> None:
    placements.recompute(DAY)
    PlacementRun.objects.update(frozen=True)
    assert to(video, "pets", by, DAY) == [NEXT]
    assert told() == {DAY: "gaming", NEXT: "pets"}
    recategorising.take_back(video, by, reason="A mistake.")
    assert told() == {DAY: "gaming", NEXT: "gaming"}


def test_lineups_of_days_that_changed_are_computed_again(video: Video, by: User) -> None:
    placements.recompute(NEXT)
    to(video, "pets", by)
    assert Run.objects.get(kind="recompute_placements").arguments == {"day": str(NEXT), "market": "US"}


@pytest.mark.parametrize(
    ("fields", "match"), [({"reason": " "}, "reason"), ({"day": datetime.date(2026, 10, 1)}, "came out")]
)
def test_a_move_needs_a_reason_and_a_day_of_the_video(
    video: Video, by: User, fields: dict[str, Any], match: str
) -> None:
    with pytest.raises(Refused, match=match):
        to(video, "pets", by, **fields)
    assert not CategoryMove.objects.exists()


def test_a_move_stays_and_is_audited(video: Video, by: User) -> None:
    to(video, "pets", by, note="Seen twice.")
    recategorising.take_back(video, by, reason="A mistake.")
    for change in (lambda: CategoryMove.objects.update(note=""), lambda: CategoryMove.objects.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    events = AuditEvent.objects.order_by("id").values_list("action", "actor_label", "subject_key")
    assert list(events) == [
        ("video.recategorise", "otto", "11"),
        ("video.undo_recategorise", "otto", "11"),
    ]


def test_staff_move_a_video_on_its_page_and_take_it_back_there(video: Video, by: User) -> None:
    client = Client()
    client.force_login(by)
    page = reverse("admin:creators_video_change", args=[11])
    move, back = (
        f"{reverse('admin:creators_video_move', args=[each])}?ids=11"
        for each in ("recategorise", "take-back")
    )
    assert "take-back" not in client.get(page).content.decode()
    answers = {"category": factories.category("pets").pk, "from_day": str(NEXT), "reason": "It is a cat."}
    assert "Choose a reason" in client.post(move, {**answers, "reason": ""}).content.decode()
    assert client.post(move, {**answers, "category": ""}).status_code == 200  # nobody takes it away unasked
    assert told()[NEXT] == "gaming"
    client.post(move, answers)
    assert told()[NEXT] == "pets"
    client.post(move, {**answers, "category": "none"})
    assert not told()[NEXT]
    client.post(back, {"reason": "It has one."})
    assert "It is a cat." in client.get(page).content.decode()
    client.post(back, {"reason": "A mistake."})
    assert told()[NEXT] == "gaming"


def test_who_may_only_look_moves_nothing(video: Video) -> None:
    client = Client()
    client.force_login(factories.staff("arthur", "view_video"))
    address = f"{reverse('admin:creators_video_move', args=['recategorise'])}?ids=11"
    assert client.get(address).status_code == 403
    assert (
        "recategorise" not in client.get(reverse("admin:creators_video_change", args=[11])).content.decode()
    )
