"""Supply: the programme's terms, its creators, their followers and their videos."""

from creators.models.creators import Creator
from creators.models.decisions import MOVES, Bulk, BulkRow, Decision, DecisionReason
from creators.models.desk import Claim, Flag, SavedView
from creators.models.enrolments import Enrolment, TermsAcceptance
from creators.models.programme import BASIS_POINTS, Category, ProgrammeTerms
from creators.models.reach import Eligibility, FollowerCount, Reach, ReplacedCount, ReplacedReach
from creators.models.videos import CategoryMove, CategoryOrigin, ThinnedDay, Tier, Video, VideoCounts

__all__ = [
    "BASIS_POINTS",
    "Bulk",
    "BulkRow",
    "Category",
    "CategoryMove",
    "CategoryOrigin",
    "Claim",
    "Creator",
    "Decision",
    "DecisionReason",
    "Eligibility",
    "Enrolment",
    "Flag",
    "FollowerCount",
    "MOVES",
    "ProgrammeTerms",
    "Reach",
    "ReplacedCount",
    "ReplacedReach",
    "SavedView",
    "TermsAcceptance",
    "ThinnedDay",
    "Tier",
    "Video",
    "VideoCounts",
]
