"""The library's import page, for a few rows of reference data at a time, made safe.

A file is read by the readers of the feeds (any delimiter and encoding, no workbook that unpacks into
gigabytes), is small, and goes in wholly or not at all. Between the preview and the confirmation it travels
in the form, signed: nothing is left behind on a disk, and any web process may take the second step.
"""

import base64
import tempfile
import zlib
from pathlib import Path
from typing import Any

import tablib
from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.admin import ImportMixin
from import_export.formats.base_formats import Format
from import_export.forms import ImportForm
from import_export.resources import Diff

from pulse_site.admin.exports import HarmlessResource
from pulse_site.feeds.reading import Source
from pulse_site.refusal import Refused
from pulse_site.spreadsheets import restored

LARGEST_BYTES = 1_000_000
LARGEST_ROWS = 5_000
SALT = "pulse_site.admin.imports"


class FeedFile(Format):
    """CSV or XLSX, read as a feed's file is; so it has no use for the encoding that the library wants."""

    def __init__(self, encoding: str | None = None) -> None:
        pass

    def get_title(self) -> str:
        return "CSV, XLSX"

    def can_import(self) -> bool:
        return True

    def create_dataset(self, in_stream: bytes) -> tablib.Dataset:
        """All rows; raises Refused for a file that can't be read or is too long."""
        with tempfile.NamedTemporaryFile() as file:
            Path(file.name).write_bytes(in_stream)
            source = Source(Path(file.name), lambda cells: 0)
            dataset = tablib.Dataset(headers=source.header)
            for line, cells in source.rows():
                if len(cells) != len(source.header):
                    raise Refused(
                        _("Line %(line)s has %(cells)s cells, the header has %(header)s.")
                        % {"line": line, "cells": len(cells), "header": len(source.header)}
                    )
                if len(dataset) == LARGEST_ROWS:
                    told = _("The file has more than %(rows)s rows. Split it.")
                    raise Refused(told % {"rows": LARGEST_ROWS})
                dataset.append(cells)
        return dataset


class SignedContent:
    """What the library takes for a storage: the file's content is its own name, signed, for a day."""

    def __init__(self, name: str = "", **options: Any) -> None:
        self.name = name

    def save(self, data: bytes) -> None:
        packed = base64.urlsafe_b64encode(zlib.compress(data)).decode()
        self.name = signing.TimestampSigner(salt=SALT).sign(packed)

    def read(self) -> bytes:
        try:
            packed = signing.TimestampSigner(salt=SALT).unsign(self.name, max_age=86_400)
        except signing.BadSignature as error:
            raise SuspiciousOperation(str(error)) from None
        return zlib.decompress(base64.urlsafe_b64decode(packed))

    def remove(self) -> None:
        """Nothing to do: nothing was kept."""


class PlainDiff(Diff):
    """Before and after without colours: the library's stand in style attributes, which the policy refuses."""

    def as_html(self) -> list[SafeString | str]:
        pairs = zip(self.left, self.right, strict=True)
        return [_changed(str(before), str(after)) for before, after in pairs]


def _changed(before: str, after: str) -> SafeString | str:
    if before == after:
        return after
    return format_html("<del>{}</del> <ins>{}</ins>" if before else "{}<ins>{}</ins>", before, after)


class ReferenceResource(HarmlessResource):
    """A resource that comes in as well: every row is validated as its form would, unknown columns refused."""

    class Meta:
        clean_model_instances = True
        skip_unchanged = True

    def get_diff_class(self) -> type[Diff]:
        return PlainDiff

    def before_import(self, dataset: tablib.Dataset, **kwargs: Any) -> None:
        known = [field.column_name for field in self.get_user_visible_fields()]
        unknown = [header for header in dataset.headers if header not in known]
        if unknown:
            raise Refused(
                _("There is no column %(unknown)s here; the columns are %(known)s.")
                % {"unknown": ", ".join(map(repr, unknown)), "known": ", ".join(known)}
            )

    def before_import_row(self, row: dict[str, str], **kwargs: Any) -> None:
        for column, text in row.items():
            row[column] = restored(text)


class ReferenceForm(ImportForm):
    import_file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV or XLSX, up to 1 MB and 5,000 rows; the easiest is to change an export."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    format = forms.ChoiceField(widget=forms.HiddenInput, initial="0")
    media = forms.Media()  # the library's script guesses the format

    def clean_import_file(self) -> Any:
        if self.cleaned_data["import_file"].size > LARGEST_BYTES:
            raise ValidationError(_("The file is larger than 1 MB. Split it."))
        return self.cleaned_data["import_file"]


class Imports(ImportMixin):
    """A ModelAdmin whose few rows may be imported by who may add and change them."""

    import_export_change_list_template = "admin/import_export/change_list_import_export.html"
    import_formats = [FeedFile]
    import_form_class = ReferenceForm
    tmp_storage_class = SignedContent

    def has_import_permission(self, request: HttpRequest) -> bool:
        return super().has_import_permission(request) and self.has_change_permission(request)

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_import_data_kwargs(**kwargs), "rollback_on_validation_errors": True}

    def add_data_read_fail_error_to_form(self, form: Any, e: Exception) -> None:
        if not isinstance(e, Refused):
            raise e
        form.add_error("import_file", str(e))

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        """Another may have changed the rows since the preview: then nothing was taken."""
        if not (result.has_errors() or result.has_validation_errors()):
            return super().process_result(result, request)
        messages.error(request, _("The rows changed after the preview, and nothing was taken. Try again."))
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_import")
