"""The reviewers' desk."""

from creators.admin import (
    bulk,
    creator_panels,
    creators,
    desk,
    flags,
    programme,
    reasons,
    saved_views,
    terms,
    videos,
)

__all__ = [
    "bulk",
    "creator_panels",
    "creators",
    "desk",
    "flags",
    "programme",
    "reasons",
    "saved_views",
    "terms",
    "videos",
]
