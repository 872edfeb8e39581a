"""Invoices as files: rendered once, PDF and CSV together, in the advertiser's language, served from there.

The rows and their SHA-256 are written in one transaction with the e-mail that tells of the document, and
never changed (guards.py). So an advertiser is written to once, whoever came first: the run that begins after
the close, or a person who asked for the file before it got there.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation

from campaigns.invoices import letters, pdf, sheet
from campaigns.invoices.issuer import issuer
from campaigns.models import Invoice, InvoiceFile

Format = InvoiceFile.Format
RENDERERS: dict[str, Callable[[Invoice], bytes]] = {Format.PDF: pdf.render, Format.CSV: sheet.render}
CONTENT_TYPES: dict[str, str] = {Format.PDF: "application/pdf", Format.CSV: "text/csv; charset=utf-8"}
CHUNK = 50


def file_of(invoice: Invoice, format: str) -> InvoiceFile:
    """The stored file, made if it is not there yet. Raises Refused without an issuer's details."""
    wanted = InvoiceFile.objects.filter(invoice=invoice, format=format)
    found = wanted.first()
    if found is None:
        _make(lacking().filter(pk=invoice.pk))
        found = wanted.get()
    return found


def name(file: InvoiceFile) -> str:
    """INV-2026-000001.pdf"""
    return f"{file.invoice.number}.{file.format}"


def lacking() -> QuerySet[Invoice]:
    """The documents whose files are still to be made."""
    return Invoice.objects.filter(files=None)


def render_month(code: str, progress: Callable[[int], None] = lambda permille: None) -> dict[str, Any]:
    """Render the documents of a month that have no files yet, and tell their advertisers.

    Some at a time, each time in a transaction of its own: a run that was killed goes on behind what it kept.
    `progress` is told how far it is, in permille. Returns month, documents (made now) and seconds. Raises
    Refused when the settings don't say who issues invoices.
    """
    started = time.monotonic()
    issuer()
    of_month = lacking().filter(month=code).order_by("pk")
    total, done = of_month.count(), 0
    while made := _make(of_month[:CHUNK]):
        done += made
        progress(done * 1000 // max(total, done))
    return {"month": code, "documents": done, "seconds": round(time.monotonic() - started, 3)}


def tampered() -> Iterator[int]:
    """The numbers of the files whose bytes are not those that were hashed; one file in memory at a time."""
    rows: Any = InvoiceFile.objects.values_list("pk", "content", "sha256")
    for pk, content, sha256 in rows.iterator(CHUNK):
        content = content.encode() if isinstance(content, str) else content  # SQLite keeps texts as texts
        if hashlib.sha256(content).hexdigest() != sha256:
            yield pk


def _make(wanted: QuerySet[Invoice]) -> int:
    """Render documents without files, keep what nobody else kept meanwhile; returns how many were tried."""
    found = list(wanted.select_related("month", "advertiser").prefetch_related("lines"))
    rendered = {invoice.pk: _rendered(invoice) for invoice in found}
    with transaction.atomic():
        _hold(found)
        kept = set(InvoiceFile.objects.filter(invoice__in=found).values_list("invoice", flat=True))
        fresh = [invoice for invoice in found if invoice.pk not in kept]
        InvoiceFile.objects.bulk_create(file for invoice in fresh for file in rendered[invoice.pk])
        for invoice in fresh:
            letters.announce(invoice)
    return len(found)


def _hold(invoices: Sequence[Invoice]) -> None:
    """Nobody else makes their files until this transaction ends; that they are settled is not held up."""
    held = Invoice.objects.select_for_update(no_key=True).filter(pk__in=[each.pk for each in invoices])
    list(held.order_by("pk").values_list("pk"))


def _rendered(invoice: Invoice) -> list[InvoiceFile]:
    with translation.override(invoice.language):
        contents = {format: render(invoice) for format, render in RENDERERS.items()}
    return [
        InvoiceFile(
            invoice=invoice,
            format=format,
            content=content,
            sha256=hashlib.sha256(content).hexdigest(),
        )
        for format, content in contents.items()
    ]
