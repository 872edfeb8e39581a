"""The reviewers' desk."""

from creators.admin import bulk, creator_panels, creators, desk, programme, reasons, terms, videos

__all__ = ["bulk", "creator_panels", "creators", "desk", "programme", "reasons", "terms", "videos"]
