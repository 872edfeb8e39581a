"""Exports of lists, of any length, that a spreadsheet can open without running anything.

The library gives the page, the resources and the permissions. Its own setting against formulas strips one
`=`, ignores `+ - @` and tabs and turns XLSX numbers into text; and it keeps the whole file in memory. Here a
list goes out as it is read, as it is filtered, by the one rule of spreadsheets.py.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db import models
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from import_export import fields, resources
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, XLSX
from import_export.forms import ExportForm

from pulse_site.money import MICROS_PER_DOLLAR
from pulse_site.spreadsheets import SHEET_ROWS, csv_chunks, harmless, xlsx_chunks

CHUNK = 2_000
WRITERS: dict[str, Any] = {
    "csv": (csv_chunks, "text/csv; charset=utf-8"),
    "xlsx": (xlsx_chunks, XLSX.CONTENT_TYPE),
}


class HarmlessResource(resources.ModelResource):
    """Numbers as numbers; a text that a spreadsheet would take for a formula gets a leading quote."""

    def export_field(self, field: fields.Field, instance: models.Model, **kwargs: Any) -> Any:
        if isinstance(field, Column):
            return harmless(field.get_value(instance))
        value = field.get_value(instance)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return value
        return harmless(super().export_field(field, instance, **kwargs))


class Column(fields.Field):
    """A column that only goes out: dollars for micros, yes or no, and all else as it is."""

    def __init__(self, path: str, name: str) -> None:
        super().__init__(attribute=path, column_name=name, readonly=True)
        self.steps = path.split("__")
        self.in_micros = path.endswith("_micros")

    def get_value(self, instance: Any) -> Any:
        value = instance
        for step in self.steps:
            value = value.get(step) if isinstance(value, dict) else getattr(value, step, None)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if value is None:
            return ""
        return Decimal(value) / MICROS_PER_DOLLAR if self.in_micros else value


def columns(model: type[models.Model], paths: str) -> type[HarmlessResource]:
    """A resource that exports the fields of `model` at these paths (apart by blanks), named as people would.

    What a foreign key leads to bears the key's name (`creator__handle` is the creator); what stands in a row
    beside this one or in a JSON field bears its own (`reach__followers` are the followers); `x_micros`
    becomes `x_usd`, in dollars.
    """
    named = {(name := _name(model, path)): Column(path, name) for path in paths.split()}
    meta = type("Meta", (), {"model": model, "fields": tuple(named)})
    return type(f"{model.__name__}Resource", (HarmlessResource,), {**named, "Meta": meta})


def _name(model: type[models.Model], path: str) -> str:
    keys = {field.attname: field.name for field in model._meta.fields if field.is_relation}
    keys |= {name: name for name in keys.values()}
    first, *others = path.split("__")
    return keys.get(first, [first, *others][-1]).replace("_micros", "_usd")


def download(
    name: str, format: str, header: Sequence[str], rows: Iterable[Sequence[Any]]
) -> StreamingHttpResponse:
    """The rows as a file that is sent as they are read; `format` is one of WRITERS."""
    written, content_type = WRITERS[format]
    disposition = content_disposition_header(True, f"{name}.{format}".replace(" ", "-"))
    return StreamingHttpResponse(
        written(header, rows), content_type=content_type, headers={"Content-Disposition": disposition}
    )


class Exports(ExportMixin):
    """A ModelAdmin whose list can be exported, as it is filtered and searched, to CSV and XLSX.

    Who may see the list may export it (settings).
    """

    export_formats = [CSV, XLSX]
    export_form_class = ExportForm  # the library's other form needs inline scripts and styles

    def get_export_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        try:
            return super().get_export_queryset(request)
        except IncorrectLookupParameters:
            raise Http404 from None

    def init_request_context_data(self, request: HttpRequest, form: Any) -> dict[str, Any]:
        query = request.GET.urlencode()
        context = {"sheet_rows": SHEET_ROWS, "list_query": f"?{query}" if query else ""}
        return {**super().init_request_context_data(request, form), **context}

    def get_data_for_export(
        self, request: HttpRequest, queryset: models.QuerySet[Any], **kwargs: Any
    ) -> tuple[list[str], Iterator[list[Any]]]:
        """The header, and the rows as they are read."""
        resource = self.choose_export_resource_class(kwargs.get("export_form"), request)()
        return resource.get_export_headers(), _rows(resource, queryset)

    def _do_file_export(
        self, file_format: Any, request: HttpRequest, queryset: models.QuerySet[Any], export_form: Any = None
    ) -> StreamingHttpResponse:
        """The library's last step, where it would write the whole file into memory."""
        header, rows = self.get_data_for_export(request, queryset, export_form=export_form)
        name = f"{self.opts.verbose_name_plural}-{timezone.localdate()}"
        return download(name, file_format.get_extension(), header, rows)


def _rows(resource: Any, queryset: models.QuerySet[Any]) -> Iterator[list[Any]]:
    exported = resource.get_export_fields()
    joined = {path for field in exported for path in _joins(queryset.model, field.attribute or "")}
    blobs = [field.name for field in queryset.model._meta.fields if isinstance(field, models.BinaryField)]
    for record in queryset.defer(*blobs).select_related(None).select_related(*sorted(joined)).iterator(CHUNK):
        yield [resource.export_field(field, record) for field in exported]


def _joins(model: Any, path: str) -> Iterator[str]:
    """The relation that the value at `path` is read through, so that no row asks for it by itself."""
    steps = []
    for step in path.split("__"):
        field = next((field for field in model._meta.get_fields() if field.name == step), None)
        if field is None or not (field.many_to_one or field.one_to_one):
            break
        steps.append(step)
        model = field.related_model
    if steps:
        yield "__".join(steps)
