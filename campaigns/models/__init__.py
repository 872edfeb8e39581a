"""Demand and inventory: lineups, advertisers and their people, their campaigns, months and deliveries."""

from campaigns.models.advertisers import ADVERTISER_MOVES, Advertiser, AdvertiserDecision
from campaigns.models.agreements import Agreement, AgreementAcceptance
from campaigns.models.applications import FORM_MOVES, ApplicationForm, Suggestion
from campaigns.models.campaigns import (
    CAMPAIGN_MOVES,
    IMPRESSIONS_PER_MILLE,
    Campaign,
    Pause,
    impressions_bought,
)
from campaigns.models.checks import AdvertiserCheck
from campaigns.models.creatives import (
    CREATIVE_MOVES,
    Creative,
    CreatorExclusion,
    ExclusionList,
    VideoExclusion,
)
from campaigns.models.deliveries import Delivery, Month
from campaigns.models.invoices import (
    Allocation,
    CorrectionReason,
    Invoice,
    InvoiceFile,
    InvoiceLine,
    InvoiceQuerySet,
    Payment,
)
from campaigns.models.lineups import CategoryCut, Inventory, Placement, PlacementRun, ScoreBand
from campaigns.models.members import Ability, Invitation, Member
from campaigns.models.rates import MICROS_PER_CENT, Rate

__all__ = [
    "ADVERTISER_MOVES",
    "Ability",
    "Advertiser",
    "AdvertiserCheck",
    "AdvertiserDecision",
    "Agreement",
    "AgreementAcceptance",
    "ApplicationForm",
    "Allocation",
    "CAMPAIGN_MOVES",
    "CREATIVE_MOVES",
    "Campaign",
    "CategoryCut",
    "CorrectionReason",
    "Creative",
    "CreatorExclusion",
    "Delivery",
    "ExclusionList",
    "IMPRESSIONS_PER_MILLE",
    "Inventory",
    "FORM_MOVES",
    "Invitation",
    "Invoice",
    "InvoiceFile",
    "InvoiceLine",
    "InvoiceQuerySet",
    "MICROS_PER_CENT",
    "Member",
    "Month",
    "Pause",
    "Payment",
    "Placement",
    "PlacementRun",
    "Rate",
    "ScoreBand",
    "Suggestion",
    "VideoExclusion",
    "impressions_bought",
]
