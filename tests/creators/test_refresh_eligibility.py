"""The command refresh_eligibility."""

import json

import pytest
from django.core.management import CommandError, call_command

from creators.models import Creator
from tests import factories


def ready() -> Creator:
    made = factories.creator(followers=100_000)
    for _ in range(5):
        factories.video(creator=made)
    return made


@pytest.mark.django_db
def test_it_prints_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    made = ready()
    call_command("refresh_eligibility", "--as-of", "2026-10-15", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["as_of"], told["eligible"], told["queued"]) == ("2026-10-15", 1, 1)
    assert list(Creator.objects.pending()) == [made]


@pytest.mark.django_db
def test_a_day_to_come_is_refused_with_exit_code_1() -> None:
    with pytest.raises(CommandError, match="yet to come") as refused:
        call_command("refresh_eligibility", "--as-of", "2999-01-01")
    assert refused.value.returncode == 1
