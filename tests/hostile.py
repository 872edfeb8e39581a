"""Files that no importer may choke on: each is one clear refusal, and the database stays as it was.

`refused(header, row)` gives name -> bytes for a feed whose CSV header and one good row are given.
"""

import functools
import gzip
import io
import os
import zipfile
from collections.abc import Callable

from django.apps import apps

APPS = ("pulse_site", "creators", "campaigns", "payouts")
MEGABYTE = 1_000_000


def everything() -> dict[str, list[tuple[object, ...]]]:
    """All rows of all of Pulse's tables: to compare before and after."""
    return {
        model._meta.label: sorted(model._base_manager.values_list(), key=repr)
        for app in APPS
        for model in apps.get_app_config(app).get_models()
    }


def workbook(sheet: bytes, before: bytes = b"") -> bytes:
    """An XLSX file with that XML for its only sheet, and `before` in front of the sheet."""
    parts = {
        "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        b'<Relationship Id="r" Target="xl/workbook.xml" Type="http://schemas.openxmlformats.org/officeDocument/'
        b'2006/relationships/officeDocument"/></Relationships>',
        "xl/workbook.xml": b'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        b'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
        b'<sheet name="s" sheetId="1" r:id="r"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        b'relationships"><Relationship Id="r" Target="worksheets/sheet1.xml" Type="http://schemas.'
        b'openxmlformats.org/officeDocument/2006/relationships/worksheet"/></Relationships>',
        "xl/worksheets/sheet1.xml": before
        + b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
        b'main"><sheetData>' + sheet + b"</sheetData></worksheet>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def refused(header: str, row: str) -> dict[str, Callable[[], bytes]]:
    """Name -> maker of a file that is refused as a whole."""
    good = f"{header}\n{row}\n"
    cell = b'<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'
    return {
        "an empty file": lambda: b"",
        "blank lines alone": lambda: b"\n \n,,\n",
        "a header alone": lambda: header.encode(),
        "no header": lambda: f"{row}\n{row}\n".encode(),
        "unknown columns": lambda: b"colour,size\nred,1\n",
        "random bytes": lambda: os.urandom(10_000),
        "a picture": lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + os.urandom(500),
        "an old workbook": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000),
        "a workbook with a password": lambda: (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le")
        ),
        "a PDF file": lambda: b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n",
        "a web page": lambda: b"<!DOCTYPE html>\n<html><title>Log in</title></html>\n",
        "XML": lambda: b'<?xml version="1.0"?>\n<rows><row handle="ada"/></rows>\n',
        "JSON": lambda: b'[{"handle": "ada", "followers": 120000}]\n',
        "a packed file": lambda: gzip.compress(good.encode()),
        "UTF-16 of the other order that doesn't say so": lambda: good.encode("utf-16-be"),
        "UTF-16 with a lone surrogate": lambda: b"\xff\xfe" + good.encode("utf-16-le") + b"\x00\xd8\n\0",
        "UTF-8 with a broken byte": lambda: f"{good}é".encode() + b"\xff\n",
        "a NUL late in the file": lambda: good.encode() * 50_000 + b"a\0b\n",
        "a line of 100 million characters": lambda: good.encode() + b"x" * 100 * MEGABYTE,
        "a header of 100 million characters": lambda: b"x," * 50 * MEGABYTE,
        "a cell of 200 thousand characters": lambda: f'{good}"{"x" * 200_000}",1\n'.encode(),
        "a quote that is never closed": lambda: f'{good}"{row}\n{good}'.encode(),
        "cut off in the middle of a row": lambda: f"{good}{row[: row.index(',')]}".encode(),
        "cut off in the middle of a character": lambda: f"{good}{row}".encode() + "é".encode()[:1],
        "cut off in the middle of a quoted cell": lambda: f'{good}"{row[:3]}'.encode(),
        "a broken workbook": lambda: workbook(cell)[:-200],
        "a workbook whose formulas nobody calculated": lambda: workbook(
            cell + b'<row r="2"><c r="A2"><f>1+1</f><v/></c></row>'
        ),
        "a workbook of nothing": lambda: workbook(b""),
        "a zip file that is no workbook": lambda: _zipped(b"hello"),
        "a workbook that unpacks to gigabytes": _bomb,
        "a workbook whose entities grow": lambda: workbook(
            cell,
            b"<!DOCTYPE l [<!ENTITY a 'ha'>"
            + b"".join(b"<!ENTITY %c '&%c;&%c;'>" % (n + 1, n, n) for n in range(97, 121))
            + b"]>",
        ),
        "a workbook with a cell of 10 million characters": lambda: workbook(
            b'<row r="1"><c r="A1" t="inlineStr"><is><t>' + b"x" * 10 * MEGABYTE + b"</t></is></c></row>"
        ),
        "a workbook of a million columns": lambda: workbook(
            b'<row r="1">' + b'<c t="inlineStr"><is><t>x</t></is></c>' * MEGABYTE + b"</row>"
        ),
        "a workbook that names texts it doesn't have": lambda: workbook(
            b'<row r="1"><c r="A1" t="s"><v>7</v></c></row>'
        ),
        "a workbook with a number that is none": lambda: workbook(
            b'<row r="1"><c r="A1"><v>1e</v></c></row>'
        ),
        "a workbook whose bytes were changed": lambda: _spoilt(workbook(cell * 1_000)),
        "a header of a billion columns, as far as it goes": lambda: b"x," * 400_000 + b"\n" + good.encode(),
        "a cell of 10 million characters": lambda: f'{good}"{"x" * 10 * MEGABYTE}",1\n'.encode(),
        "a workbook with one cell at the far corner": lambda: workbook(
            cell + b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        ),
    }


@functools.cache
def _bomb() -> bytes:
    return workbook(b" " * 400 * MEGABYTE)


def _spoilt(book: bytes) -> bytes:
    """The same with some bytes of its largest part turned round."""
    at = book.index(b"sheet1.xml") + 200
    return book[:at] + bytes(255 - byte for byte in book[at : at + 50]) + book[at + 50 :]


def _zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", content)
    return out.getvalue()
