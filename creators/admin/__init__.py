"""The reviewers' desk."""

from creators.admin import creator_panels, creators, programme, videos

__all__ = ["creator_panels", "creators", "programme", "videos"]
