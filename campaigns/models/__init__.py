"""Demand and inventory: lineups, advertisers, their campaigns, months and deliveries."""

from campaigns.models.advertisers import ADVERTISER_MOVES, Advertiser, Member
from campaigns.models.campaigns import (
    CAMPAIGN_MOVES,
    MICROS_PER_CENT,
    Campaign,
    Pause,
)
from campaigns.models.deliveries import Delivery, Month
from campaigns.models.lineups import Placement, PlacementRun

__all__ = [
    "ADVERTISER_MOVES",
    "Advertiser",
    "CAMPAIGN_MOVES",
    "Campaign",
    "Delivery",
    "MICROS_PER_CENT",
    "Member",
    "Month",
    "Pause",
    "Placement",
    "PlacementRun",
]
