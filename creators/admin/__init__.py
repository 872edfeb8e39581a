"""The reviewers' desk."""

from creators.admin import bulk, creator_panels, creators, desk, programme, reasons, videos

__all__ = ["bulk", "creator_panels", "creators", "desk", "programme", "reasons", "videos"]
