"""Uploads in the admin.

upload_admin  the pages: a file, its columns, its preview, its result
page          what those show
forms         what they ask
words         what feeds, columns and reasons are called
"""

from pulse_site.admin.uploads.upload_admin import UploadAdmin
from pulse_site.admin.uploads.words import FEEDS

__all__ = ["FEEDS", "UploadAdmin"]
