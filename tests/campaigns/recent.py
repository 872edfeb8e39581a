"""Recent lineups for forecasts: small, with views that are easily added up."""

import datetime

from campaigns.models import Inventory, PlacementRun
from tests import factories

ONE_DAY = datetime.timedelta(days=1)


def lineups(today: datetime.date, days: int = 3, **views: int) -> list[PlacementRun]:
    """A lineup for each of the `days` before `today`; `views` of the standard tier by category's slug."""
    made = []
    for ago in range(1, days + 1):
        run = PlacementRun.objects.create(
            day=today - ago * ONE_DAY,
            market="US",
            terms=factories.terms(),
            population=1_000,
            lineup=40,
            digest="0" * 64,
        )
        for slug, seen in views.items():
            inventory(run, slug, seen)
        made.append(run)
    return made


def inventory(run: PlacementRun, slug: str, views: int, tier: int = 2) -> Inventory:
    return Inventory.objects.create(
        run=run, category=factories.category(slug), tier=tier, videos=1, views=views
    )
