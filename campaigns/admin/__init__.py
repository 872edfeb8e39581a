"""Ad operations: lineups, advertisers, campaigns and what the ad server delivered."""

from campaigns.admin import (
    advertisers,
    applications,
    campaigns,
    creatives,
    lineup_corrections,
    lineups,
    orders,
    rates,
)

__all__ = [
    "advertisers",
    "applications",
    "campaigns",
    "creatives",
    "lineup_corrections",
    "lineups",
    "orders",
    "rates",
]
