"""Who else a creator might be: found by one rule with the flags, at the price of a few look-ups."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from creators import flags, similar
from creators.approval import decide
from creators.models import Creator
from creators.similar import Cause
from pulse_site.models import User
from tests import factories
from tests.creators.test_desk_admin import page, rita  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


def causes(creator: Creator) -> dict[str, list[Cause]]:
    return {each.creator.handle: each.causes for each in similar.to(creator).similar}


@pytest.mark.parametrize(
    ("handle", "other", "cause"),
    [
        ("khaby.lame", "khabylame", Cause.ALIKE),
        ("khaby.lame", "khaby-1ame_official", Cause.ALIKE),
        ("moderna", "modema", Cause.ALIKE),
        ("an.na", "anna", Cause.ALIKE),
        ("khaby.lame", "khaby.lane", Cause.OFF),
        ("khaby.lame", "khabylamee", Cause.OFF),
        ("khaby.lame", "khab_lame", Cause.OFF),
        ("khaby.lame", "kahby.lame", Cause.OFF),
        ("khaby.lame", "khaby.laen", None),
        ("an.a", "ana", None),
        ("anna", "anno", None),
        ("dancer.2018", "dancer.2019", None),
    ],
)
def test_handles_are_similar_that_read_alike_or_are_one_letter_off(
    handle: str, other: str, cause: Cause | None
) -> None:
    one, two = factories.creator(handle), factories.creator(other)
    assert causes(one) == ({other: [cause]} if cause else {})
    assert causes(two) == ({handle: [cause]} if cause else {})


@pytest.mark.parametrize("other", ["khabylame", "khaby_iame", "khaby.lane", "lame", "khaby.lame.official"])
def test_the_panel_says_that_a_handle_reads_alike_where_a_flag_is_raised(other: str) -> None:
    factories.creator("khaby.lame", status="approved")
    waiting = factories.creator(other, status="pending")
    flagged = bool(flags.raise_lookalikes())
    assert (causes(waiting).get("khaby.lame") == [Cause.ALIKE]) == flagged


def test_a_name_and_an_address_are_the_same_in_capitals_too() -> None:
    one = factories.creator("ada", name="Ada Lovelace", email="ada@example.com")
    factories.creator("countess", name="ADA LOVELACE", email="Ada@Example.com")
    factories.creator("stranger", name="", email="")
    assert causes(one) == {"countess": [Cause.EMAIL, Cause.NAME]}
    assert causes(Creator.objects.get(handle="stranger")) == {}


def test_a_common_name_alone_is_no_likeness_but_is_counted(rita: Client) -> None:  # noqa: F811
    one = factories.creator("ada.one", name="Ada", email="a@example.com", status="pending")
    for number in range(6):
        factories.creator(f"someone.{number}", name="Ada", email="a@example.com" if number == 3 else "")
    assert causes(one) == {"someone.3": [Cause.EMAIL, Cause.NAME]}
    assert similar.to(one).namesakes == 6
    assert "6 others are called Ada." in rita.get(page(one)).content.decode()


def test_the_likeliest_stands_first_and_then_who_has_most_followers() -> None:
    one = factories.creator("khaby.lame", name="Khaby", email="k@example.com")
    factories.creator("khaby.lane", followers=9)
    factories.creator("someone", name="khaby", followers=1)
    factories.creator("somebody", name="khaby", followers=5)
    factories.creator("khaby_lame")
    assert list(causes(one)) == ["khaby_lame", "somebody", "someone", "khaby.lane"]


def test_the_rule_is_read_alike_by_python_and_by_the_database() -> None:
    for handle in ("a_vv-rn.0134578official", "officialofficial", "v.v", "r_n", "1l1i"):
        made = factories.creator(handle)
        assert Creator.objects.annotate(looks=similar.LOOKS).get(pk=made.pk).looks == similar.looks(handle)


def test_it_takes_four_look_ups_along_indexes_however_many_there_are() -> None:
    one = factories.creator("khaby.lame", name="Khaby", email="k@example.com")
    for number in range(150):
        factories.creator(f"khabylame{'_' * (number + 1)}"[:64] if number < 50 else None, name="Khaby")
    with CaptureQueriesContext(connection) as asked:
        found = similar.to(one)
    assert len(asked) == 4
    assert (len(found.similar), found.namesakes) == (50, similar.MOST)
    with connection.cursor() as cursor:
        plans = ""
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        for query in asked.captured_queries[:3]:
            explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
            cursor.execute(f"{explain} {query['sql']}")
            plans += str(cursor.fetchall())
    for index in ("creator_email", "creator_name", "creator_looks"):
        assert index in plans


def test_the_page_shows_who_is_similar_why_and_what_was_decided(rita: Client, reviewer: User) -> None:  # noqa: F811
    one = factories.creator("khaby.lame", status="pending")
    assert "Nobody has a similar handle" in rita.get(page(one)).content.decode()
    other = factories.creator("khaby_lame", status="pending", followers=1_234_567)
    decide(Creator.objects.filter(pk=other.pk), "reject", reviewer, reason="No")
    shown = rita.get(page(one)).content.decode()
    assert f'<a href="{page(other)}">@khaby_lame</a>' in shown
    for told in ("Handle reads alike", "1,234,567", "rejected<", "Reject<br>"):
        assert told in shown
