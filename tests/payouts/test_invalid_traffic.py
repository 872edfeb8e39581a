"""A file of invalid traffic becomes one correction, and the same file again changes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Campaign, Delivery
from creators.models import Creator
from payouts import corrections
from payouts.models import Adjustment, Correction, Transfer
from payouts.verification import verify
from pulse_site.feeds.run import import_file
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories
from tests.payouts.programme import close, day, deliver

pytestmark = pytest.mark.django_db
HEADER = "day,campaign,video,impressions,reason"


@pytest.fixture
def campaign() -> Campaign:
    return factories.campaign("ONE")


@pytest.fixture
def deliveries(campaign: Campaign, finance_one: User, finance_two: User) -> list[Delivery]:
    """October is closed: two deliveries of Ada's, one of Ben's from before his enrolment."""
    ada, ben = factories.enrolled("ada"), factories.enrolled("ben", day(20))
    made = [deliver(campaign, creator, 1_000) for creator in (ada, ada, ben)]
    close(finance_one, finance_two)
    return made


class File:
    def __init__(self, folder: Path, by: User) -> None:
        self.path, self.by = folder / "ivt.csv", by

    def take(self, *rows: tuple[Delivery, int] | str, **options: Any) -> dict[str, Any]:
        lines = [row if isinstance(row, str) else line(*row) for row in rows]
        self.path.write_text("\n".join([HEADER, *lines]))
        options = {"by": self.by, **options}
        return import_file("invalid_traffic", self.path, name="ivt.csv", options={}, **options)


def line(delivery: Delivery, impressions: int) -> str:
    return f"{delivery.day},{delivery.campaign.reference},{delivery.video_id},{impressions},data centre"


@pytest.fixture
def file(tmp_path: Path, finance_one: User) -> File:
    return File(tmp_path, finance_one)


def test_a_file_is_one_correction_with_an_adjustment_a_row(
    file: File, deliveries: list[Delivery], finance_one: User, finance_two: User
) -> None:
    summary = file.take((deliveries[0], 100), (deliveries[1], 1_000), (deliveries[2], 10))
    assert (summary["rows"], summary["created"], summary["credit_micros"]) == (3, 3, 11_100_000)
    correction = Correction.objects.get()
    assert (correction.reason, correction.prepared_by) == ("invalid_traffic", finance_one)
    rows = Adjustment.objects.order_by("id").values_list("revenue_micros", "enrolled_micros", "detail")
    assert list(rows) == [
        (1_000_000, 1_000_000, "data centre"),
        (10_000_000, 10_000_000, "data centre"),
        (100_000, 0, "data centre"),
    ]
    assert corrections.approve(correction, finance_two)["posted"] == 3
    assert set(Adjustment.objects.values_list("share_micros", flat=True)) == {500_000, 5_000_000, 0}
    assert Transfer.objects.filter(kind="deduction").count() == 2
    assert [breach for breach in verify() if breach.rule != "used lineups"] == []


def test_a_dry_run_says_the_same_and_writes_nothing(file: File, deliveries: list[Delivery]) -> None:
    summary = file.take((deliveries[0], 100), dry_run=True)
    assert (summary["created"], summary["sample"][0]["impressions"]) == (1, 100)
    assert not Correction.objects.exists()


def test_the_same_file_again_changes_nothing(
    file: File, deliveries: list[Delivery], finance_two: User
) -> None:
    for _before_and_after_the_approval in range(2):
        file.take((deliveries[0], 100))
        assert file.take((deliveries[0], 100))["unchanged"] == 1
        correction = Correction.objects.get()
        if correction.status == "prepared":
            corrections.approve(correction, finance_two)
    assert Adjustment.objects.count() == 1


def test_another_count_takes_the_place_of_one_that_nobody_approved(
    file: File, deliveries: list[Delivery], administrator: User, finance_one: User
) -> None:
    """It moves into the newer correction: whoever changed it last has prepared it."""
    file.take((deliveries[0], 100), (deliveries[1], 100))
    file.by = administrator
    summary = file.take((deliveries[0], 200))
    assert (summary["created"], summary["updated"]) == (0, 1)
    first, second = Correction.objects.order_by("id")
    assert (first.prepared_by, first.adjustments.get().impressions) == (finance_one, 100)
    assert (second.prepared_by, second.adjustments.get().revenue_micros) == (administrator, 2_000_000)
    file.take((deliveries[1], 300))
    assert not Correction.objects.filter(pk=first.pk).exists()


def test_what_is_approved_is_not_corrected_by_a_file(
    file: File, deliveries: list[Delivery], finance_two: User
) -> None:
    file.take((deliveries[0], 100))
    corrections.approve(Correction.objects.get(), finance_two)
    summary = file.take((deliveries[0], 150), (deliveries[1], 5))
    assert (summary["created"], summary["reasons"]) == (1, {"approved": 1})
    with pytest.raises(Refused, match="correct the difference by hand. Approved impressions: 100$"):
        file.take((deliveries[0], 150))


def test_a_rejected_correction_does_not_stand_in_the_way(
    file: File, deliveries: list[Delivery], finance_two: User
) -> None:
    file.take((deliveries[0], 100))
    corrections.reject(Correction.objects.get(), finance_two)
    assert file.take((deliveries[0], 100))["created"] == 1
    assert Correction.objects.filter(status="prepared").get().adjustments.count() == 1


def test_no_more_is_invalid_than_was_delivered(file: File, deliveries: list[Delivery]) -> None:
    with pytest.raises(Refused, match="Billed impressions: 1000$"):
        file.take((deliveries[0], 1_001))


@pytest.mark.parametrize(
    ("by_hand", "second", "reasons"),
    [("ada", 400, {}), ("ada", 401, {"corrected": 2}), ("ben", 1_000, {})],
)
def test_what_was_corrected_by_hand_leaves_less_for_a_file(
    file: File,
    deliveries: list[Delivery],
    finance_one: User,
    finance_two: User,
    by_hand: str,
    second: int,
    reasons: dict[str, int],
) -> None:
    """Ada's two deliveries were billed $20, of which $12 are taken back already: $8 are left for both.

    Both are rejected by name, and the third row of the file is taken.
    """
    corrections.prepare(
        finance_one,
        reason="measurement",
        origin=deliveries[0].month,
        campaign=deliveries[0].campaign,
        creator=Creator.objects.get(handle=by_hand),
        micros=10_000_000 if by_hand == "ben" else 12_000_000,
    )
    rows = [(deliveries[0], 400), (deliveries[1], second)]
    if by_hand == "ada":
        rows.append((deliveries[2], 7))
    assert file.take(*rows)["reasons"] == reasons
    assert not reasons or file.take(*rows)["unchanged"] == 1
    for made in Correction.objects.order_by("id"):
        corrections.approve(made, finance_two)
    assert [breach for breach in verify() if breach.rule != "used lineups"] == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{day},TWO,{video},1,x", "unknown_campaign"),
        ("2026-10-02,ONE,{video},1,x", "not_delivered"),
        ("{day},ONE,1,1,x", "not_delivered"),
        ("{day},ONE,{video},0,x", "nothing"),
        ("{day},ONE,{video},-1,x", "negative"),
        ("yesterday,ONE,{video},1,x", "bad_date"),
    ],
)
def test_what_can_not_be_is_rejected_by_name(
    file: File, deliveries: list[Delivery], row: str, reason: str
) -> None:
    bad = row.format(day=deliveries[0].day, video=deliveries[0].video_id)
    assert file.take(bad, (deliveries[1], 1))["reasons"] == {reason: 1}


def test_what_was_never_billed_is_not_taken_back(
    file: File, campaign: Campaign, deliveries: list[Delivery]
) -> None:
    aside = deliver(
        campaign,
        Creator.objects.get(handle="ada"),
        500,
        verdict=Delivery.Verdict.TIER,
        month=factories.month("2026-11"),
    )
    assert file.take((aside, 5), (deliveries[0], 5))["reasons"] == {"not_billed": 1}


def test_who_may_not_prepare_does_not_import(
    file: File, deliveries: list[Delivery], finance_two: User
) -> None:
    with pytest.raises(Refused, match="permission"):
        file.take((deliveries[0], 1), by=finance_two)
    assert not Correction.objects.exists()


def test_the_command_prints_what_scripts_rely_on(
    file: File, deliveries: list[Delivery], finance_one: User, capsys: pytest.CaptureFixture[str]
) -> None:
    file.take((deliveries[0], 100), dry_run=True)
    rejects = file.path.with_name("out.csv")
    call_command(
        "import_invalid_traffic", str(file.path), "--json", "--as", "finance-one", "--rejects", str(rejects)
    )
    summary = json.loads(capsys.readouterr().out)
    keys = {"rows", "created", "updated", "unchanged", "rejected", "seconds", "reasons"}
    assert keys <= summary.keys()
    assert Correction.objects.get().prepared_by == finance_one
    assert rejects.exists()
    with pytest.raises(CommandError, match="no active user"):
        call_command("import_invalid_traffic", str(file.path), "--as", "nobody")
