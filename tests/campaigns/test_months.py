import datetime

import pytest

from campaigns.months import settled_until
from tests import factories

pytestmark = pytest.mark.django_db


def test_nothing_is_settled_before_the_first_review() -> None:
    factories.month("2026-09")
    factories.month("2026-10", status="calculated")
    assert settled_until() is None


def test_a_month_under_review_settles_its_days() -> None:
    factories.month("2026-02", status="review")
    factories.month("2026-01", status="review")
    factories.month("2026-03")
    assert settled_until() == datetime.date(2026, 2, 28)
