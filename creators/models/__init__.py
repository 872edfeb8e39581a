"""Supply: the programme's terms, its creators, their followers and their videos."""

from creators.models.creators import MOVES, Creator, Decision, Enrolment
from creators.models.programme import BASIS_POINTS, Category, ProgrammeTerms
from creators.models.reach import Eligibility, FollowerCount, Reach
from creators.models.videos import Tier, Video, VideoCounts

__all__ = [
    "BASIS_POINTS",
    "Category",
    "Creator",
    "Decision",
    "Eligibility",
    "Enrolment",
    "FollowerCount",
    "MOVES",
    "ProgrammeTerms",
    "Reach",
    "Tier",
    "Video",
    "VideoCounts",
]
