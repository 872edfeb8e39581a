"""The reviewers' desk."""

from creators.admin import bulk, creator_panels, creators, flags, programme, reasons, saved_views, videos

__all__ = [
    "bulk",
    "creator_panels",
    "creators",
    "flags",
    "programme",
    "reasons",
    "saved_views",
    "videos",
]
