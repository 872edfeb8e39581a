import pytest

from campaigns.models import Delivery, Month
from creators.models import Creator, Enrolment
from pulse_site.models import User
from tests import factories
from tests.payouts.programme import close, day, deliver


@pytest.fixture
def ada() -> Creator:
    """Enrolled until the 20th of October."""
    creator = factories.creator("ada", name="Ada Lovelace", status=Creator.Status.APPROVED)
    Enrolment.objects.create(creator=creator, starts_on=day(1), ends_on=day(20))
    return creator


@pytest.fixture
def october(ada: Creator, finance_one: User, finance_two: User) -> Month:
    """Closed: Ada has three billed rows of GAMING, one of them after her enrolment, and one not billed."""
    gaming = factories.campaign("GAMING", cpm_micros=10_000_000)
    deliver(gaming, ada, 12_001)
    deliver(gaming, ada, 333)
    deliver(gaming, ada, 500, day=day(25))
    deliver(gaming, ada, 7_777, verdict=Delivery.Verdict.NOT_BOOKED)
    deliver(gaming, factories.enrolled("ben"), 50_000)
    return close(finance_one, finance_two)
