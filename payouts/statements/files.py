"""Statements as files: rendered once per creator, month, language and format, and served only from there.

The row and its SHA-256 are written together and never changed (guards.py), so what a creator got can be shown
to him again, byte for byte, whatever the code does by then. Two who ask at once both render; the database
keeps the first one's bytes, and both get those.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.models import Month
from creators.models import Creator
from payouts.models import Account, Earning, Payout, StatementFile, Transfer
from payouts.statements import pdf, sheet
from payouts.statements.content import Statement
from payouts.statements.reading import of, of_each
from pulse_site.refusal import Refused

Format = StatementFile.Format
RENDERERS: dict[str, Callable[[Statement], bytes]] = {Format.PDF: pdf.render, Format.CSV: sheet.render}
CONTENT_TYPES: dict[str, str] = {Format.PDF: "application/pdf", Format.CSV: "text/csv; charset=utf-8"}
CHUNK = 200


def file_of(creator: Creator, month: Month, language: str, format: str) -> StatementFile:
    """The stored file, made if it is not there yet. Raises Refused when the month is not closed."""
    wanted = StatementFile.objects.filter(creator=creator, month=month, language=language, format=format)
    found = wanted.first()
    if found is None:
        _store([_rendered(of(creator, month), language, format)])
        found = wanted.get()
    return found


def name(file: StatementFile) -> str:
    """pulse-ada-2026-10-fr.pdf"""
    return f"pulse-{file.creator.handle}-{file.month_id}-{file.language}.{file.format}"


def tampered() -> Iterator[int]:
    """The numbers of the files whose bytes are not those that were hashed; one file in memory at a time."""
    rows = StatementFile.objects.values_list("pk", "content", "sha256")
    for pk, content, sha256 in rows.iterator(CHUNK):
        if hashlib.sha256(_as_bytes(content)).hexdigest() != sha256:
            yield pk


def _as_bytes(content: Any) -> Any:
    """SQLite keeps a text in a column of bytes, if somebody puts one there."""
    return content.encode() if isinstance(content, str) else content


def render_month(code: str, progress: Callable[[int], None] = lambda permille: None) -> dict[str, Any]:
    """Render the statements of a closed month for everybody with a movement in it, each in his language.

    A few hundred creators at a time, each time in a transaction of its own: what is stored is the cursor, so
    a run that was killed goes on behind it. `progress` is told how far it is, in permille. Returns month,
    creators, rendered (files that are new) and seconds. Raises Refused for a month that is not closed.
    """
    started = time.monotonic()
    month = Month.objects.select_related("terms").filter(code=code).first()
    if month is None or month.status != Month.Status.CLOSED:
        raise Refused(_("%(month)s is not closed; there are statements of closed months.") % {"month": code})
    everybody = concerned(month)
    total, done, rendered, last = everybody.count(), 0, 0, 0
    while chunk := list(everybody.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        rendered += _render_chunk(chunk, month)
        last, done = chunk[-1].pk, done + len(chunk)
        progress(done * 1000 // max(total, done))
    return {
        "month": code,
        "creators": done,
        "rendered": rendered,
        "seconds": round(time.monotonic() - started, 3),
    }


def concerned(month: Month) -> QuerySet[Creator]:
    """Who has anything on a statement of the month: an earning, a transfer, or a payment that was settled."""
    transfers = Transfer.objects.filter(month=month)
    accounts = Account.objects.filter(
        Q(pk__in=transfers.values("debit_account")) | Q(pk__in=transfers.values("credit_account")),
        creator__isnull=False,
    )
    first, last = month.first_day, month.last_day
    settled = Payout.objects.filter(settled_on__range=(first, last))
    return Creator.objects.filter(
        Q(pk__in=Earning.objects.filter(month=month).values("creator"))
        | Q(pk__in=accounts.values("creator"))
        | Q(pk__in=settled.values("creator"))
    )


def _render_chunk(creators: Sequence[Creator], month: Month) -> int:
    stored = set(
        StatementFile.objects.filter(creator__in=creators, month=month).values_list(
            "creator", "language", "format"
        )
    )
    lacking = {
        creator.pk: [format for format in RENDERERS if (creator.pk, creator.language, format) not in stored]
        for creator in creators
    }
    unfinished = [creator for creator in creators if lacking[creator.pk]]
    if not unfinished:
        return 0
    return _store(
        [
            _rendered(statement, statement.creator.language, format)
            for statement in of_each(unfinished, month)
            for format in lacking[statement.creator.pk]
        ]
    )


def _rendered(statement: Statement, language: str, format: str) -> StatementFile:
    with translation.override(language):
        content = RENDERERS[format](statement)
    return StatementFile(
        creator=statement.creator,
        month=statement.month,
        language=language,
        format=format,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _store(files: Sequence[StatementFile]) -> int:
    """Keep the files that are not there yet; returns how many were given."""
    with transaction.atomic():
        StatementFile.objects.bulk_create(files, ignore_conflicts=True)
    return len(files)
