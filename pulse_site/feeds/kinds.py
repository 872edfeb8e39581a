"""What a file is by its first bytes, where that is no table: a clear word beats a complaint about line 8."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pulse_site.refusal import Refused

OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # also what a password is put on
PACKED = (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
_OTHERS = (
    (re.compile(rb"%pdf-"), gettext_lazy("a PDF file")),
    (re.compile(rb"\{\\rtf"), gettext_lazy("a text document")),
    (re.compile(rb"<!doctype html|<html|<table|<head"), gettext_lazy("a web page")),
    (re.compile(rb"<\?xml"), gettext_lazy("an XML file")),
    (re.compile(rb'\[?\s*\{\s*"'), gettext_lazy("a JSON file")),
    (re.compile(rb"par1"), gettext_lazy("a Parquet file")),
    (re.compile(rb"\x89png|\xff\xd8\xff|gif8"), gettext_lazy("a picture")),
)


def refuse_others(start: bytes) -> None:
    """Raise Refused for a file that begins like something else than a text or a workbook."""
    if start.startswith(OLD_WORKBOOK):
        raise Refused(
            _(
                "This is an old workbook (XLS) or one with a password. Open it, and save it as XLSX without "
                "a password."
            )
        )
    if start.startswith(PACKED):
        raise Refused(_("This file is packed. Unpack it, and give the file that is in it."))
    told = start[:1_000].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    kind = next((name for pattern, name in _OTHERS if pattern.match(told)), None)
    if kind:
        raise Refused(_("This is %(kind)s. Save its table as CSV (UTF-8) or XLSX.") % {"kind": kind})
