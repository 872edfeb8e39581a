"""A file that is too large is let go while it comes, instead of being kept on disk only to be refused.

The request says its length before anything of the file. It is read to its end all the same: a browser whose
connection is closed while it sends shows that, and not the answer.
"""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from pulse_site.admin.uploads import forms


def is_too_large(request: HttpRequest) -> bool:
    """Whether the request holds more than the largest file and all other answers of a form."""
    return int(request.META.get("CONTENT_LENGTH") or 0) > forms.LARGEST + forms.MEGABYTE


class LargeFileHandler(FileUploadHandler):
    """Skips the files of a request that is too large; its other answers come as ever."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.request and is_too_large(self.request):
            raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
