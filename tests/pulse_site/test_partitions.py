"""A day's counts in a partition of its own, on PostgreSQL."""

import datetime
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from creators.models import Creator, Video, VideoCounts
from pulse_site import partitions
from pulse_site.feeds.run import import_file
from tests import factories

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite it is one plain table"),
]
DAY = datetime.date(2025, 3, 15)  # of no other test, which may have committed its days
COMMITTED = datetime.date(2024, 3, 15)  # its partition stays
TABLE = "creators_videocounts"


def days() -> list[str]:
    """The partitions, by the end of their names."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = '{TABLE}'::regclass"
        )
        names = [name.removeprefix(f"{TABLE}_") for (name,) in cursor.fetchall()]
    return sorted(name for name in names if name.startswith(f"{DAY:%Y}"))


def give(tmp_path: Path, *rows: tuple[int, int], day: datetime.date = DAY, market: str = "US") -> None:
    path = tmp_path / f"{market}-{day}.csv"
    lines = [f"{video},{market},2025-03-14,{views},0,0,0" for video, views in rows]
    path.write_text("\n".join(["id,handle,published,views,likes,comments,shares", *lines]))
    import_file("videos", path, name=path.name, options={"as_of": day, "market": market}, by=None)


def counts(day: datetime.date, **fields: Any) -> VideoCounts:
    published = datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC)
    return factories.counts(day, factories.video(published_at=published), **fields)


def views() -> dict[int, int]:
    return dict(VideoCounts.objects.order_by("video_id").values_list("video_id", "views"))


def test_the_import_of_a_fresh_day_attaches_a_partition_and_the_next_goes_into_it(tmp_path: Path) -> None:
    give(tmp_path, (1, 10), (2, 20))
    assert days() == ["20250315"]
    give(tmp_path, (2, 21), (3, 30))
    give(tmp_path, (4, 40), market="FR")
    assert (days(), views()) == (["20250315"], {1: 10, 2: 21, 3: 30, 4: 40})


def test_each_day_has_the_key_and_the_checks_of_the_table_and_no_other(tmp_path: Path) -> None:
    give(tmp_path, (1, 10))
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, f"{TABLE}_20250315")
        of_table = connection.introspection.get_constraints(cursor, TABLE)
    assert [each["columns"] for each in constraints.values() if each["primary_key"]] == [["day", "video_id"]]
    checks = {name for name, each in constraints.items() if each["check"]}
    assert checks == {name for name, each in of_table.items() if each["check"]}


def test_a_day_is_read_by_itself(tmp_path: Path) -> None:
    for ahead in range(3):
        give(tmp_path, (1, 10), day=DAY + datetime.timedelta(days=ahead))
    plan = VideoCounts.objects.filter(day=DAY, video_id=1).explain()
    assert f"{TABLE}_20250315" in plan
    assert f"{TABLE}_20250316" not in plan


def test_rows_of_the_orm_make_their_days() -> None:
    row = counts(DAY)
    later = DAY + datetime.timedelta(days=1)
    VideoCounts.objects.bulk_create([_copy(row, later), _copy(row, DAY, 2)])
    row.views = 9
    row.save()
    assert days() == ["20250315", "20250316"]
    assert VideoCounts.objects.filter(day=DAY).count() == 2


def _copy(row: VideoCounts, day: datetime.date, more: int = 0) -> VideoCounts:
    fields = {field.attname: getattr(row, field.attname) for field in VideoCounts._meta.concrete_fields}
    return VideoCounts(**{**fields, "day": day, "video_id": row.video_id + more})


def test_a_fresh_day_that_fails_leaves_nothing() -> None:
    with pytest.raises(RuntimeError), transaction.atomic(), partitions.fresh(TABLE, DAY) as table:
        assert table == f"{TABLE}_20250315"
        raise RuntimeError
    assert days() == []


def elsewhere(act: Callable[[], Any]) -> Any:
    try:
        return act()
    finally:
        connection.close()


@pytest.fixture
def nothing_left() -> Iterator[None]:
    yield

    def forget() -> None:
        for model in (VideoCounts, Video, Creator):
            model.objects.all().delete()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(elsewhere, forget).result()


def test_two_who_make_the_same_day_at_once_come_one_after_the_other(nothing_left: None) -> None:
    both_ready = threading.Barrier(2)

    def write(number: int) -> bool:
        with transaction.atomic():
            both_ready.wait()
            with partitions.fresh(TABLE, COMMITTED) as fresh, connection.cursor() as cursor:
                cursor.execute(
                    f"""INSERT INTO {fresh or TABLE} (day, age_days, video_id, creator_id, published_at,
                                                      views, likes, comments, shares, tier, market)
                        VALUES (%s, 0, %s, 1, now(), 1, 0, 0, 0, 2, 'US')""",
                    [COMMITTED, number],
                )
            return bool(fresh)

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda number: elsewhere(lambda: write(number)), (1, 2)))
    assert sorted(made) == [False, True]
    assert views() == {1: 1, 2: 1}


def test_while_a_fresh_day_is_filled_other_days_are_read_and_written(nothing_left: None) -> None:
    earlier = COMMITTED - datetime.timedelta(days=1)

    def other() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        counts(earlier, views=5)
        VideoCounts.objects.update(views=6)
        return VideoCounts.objects.latest("day").views

    with ThreadPoolExecutor(1) as pool:
        pool.submit(elsewhere, lambda: counts(earlier)).result()
        with transaction.atomic():
            with partitions.fresh(TABLE, DAY):
                pass
            assert pool.submit(elsewhere, other).result() == 6
