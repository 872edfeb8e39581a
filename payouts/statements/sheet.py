"""A statement as CSV: texts in the reader's language, amounts and dates for programs.

UTF-8 with a byte order mark, without which Excel reads it as something else. Every row has the same
columns, so that it can be filtered and added up: the amounts of the rows between the two balances come to
their difference.
"""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from payouts.statements import wording
from payouts.statements.content import Paid, Statement
from pulse_site.money import plain
from pulse_site.spreadsheets import csv_document


def render(statement: Statement) -> bytes:
    """The bytes of the file, the same for the same statement and language."""
    return csv_document(_columns(), _rows(statement))


def _columns() -> list[str]:
    return [
        _("Section"),
        _("Month"),
        _("Description"),
        _("Video"),
        _("Campaign"),
        _("Impressions"),
        _("CPM (USD)"),
        _("Revenue (USD)"),
        _("Rate (%)"),
        _("Amount (USD)"),
        _("Note"),
    ]


def _rows(statement: Statement) -> Iterator[list[Any]]:
    steps = {step.name: step for step in wording.steps(statement)}
    yield _row(statement, steps["opening"].label, micros=statement.opening_micros)
    for line in statement.lines:
        rate = statement.basis_points if line.enrolled else 0
        yield [
            _("Earnings"),
            line.origin,
            "",
            f"{line.video}",
            line.campaign,
            line.impressions,
            plain(line.cpm_micros),
            plain(line.revenue_micros),
            f"{rate // 100}.{rate % 100:02}",
            plain(line.share_micros),
            wording.line_note(statement, line),
        ]
    for adjusted in statement.adjustments:
        yield _row(
            statement,
            _("Goodwill") if adjusted.goodwill else _("Corrections"),
            wording.adjustment(statement, adjusted),
            adjusted.micros,
            month=adjusted.origin,
            video=f"{adjusted.video or ''}",
            campaign=adjusted.campaign,
        )
    for moved in statement.others:
        yield _row(statement, _("Other entries"), wording.moved(moved), moved.micros)
    for payment in statement.returned:
        yield _row(
            statement, steps["returned"].label, _described(payment), payment.net_micros, payment.bank_reason
        )
    if before := steps.get("transit_before"):
        yield _row(statement, before.label, micros=before.micros)
    for payment in statement.paid:
        yield _row(statement, _("Paid to you"), _described(payment), -payment.net_micros)
        if payment.withheld_micros:
            yield _row(statement, _("Tax withheld"), payment.reference, -payment.withheld_micros)
    if after := steps.get("transit_after"):
        yield _row(statement, after.label, micros=after.micros)
    yield _row(statement, steps["closing"].label, micros=statement.closing_micros)
    for unpaid in statement.unpaid:
        yield [_("Not billed"), statement.month.code, wording.verdict(unpaid.verdict), "", ""] + [
            unpaid.impressions,
            *[""] * 5,
        ]
    for sentence in wording.explanations(statement):
        yield [_("Explanation"), statement.month.code, sentence, *[""] * 8]


def _row(
    statement: Statement,
    section: str,
    description: str = "",
    micros: int = 0,
    note: str = "",
    month: str = "",
    video: str = "",
    campaign: str = "",
) -> list[Any]:
    code = month or statement.month.code
    return [section, code, description, video, campaign, "", "", "", "", plain(micros), note]


def _described(payment: Paid) -> str:
    parts = [payment.reference, payment.on.isoformat(), wording.destination(payment)]
    return ", ".join(filter(None, parts))
