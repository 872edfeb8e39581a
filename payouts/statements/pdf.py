"""A statement as PDF: one that a creator keeps, prints or gives to his accountant.

The date in the file is that of the month's close, and nothing else depends on the moment: the same statement
gives the same bytes (pulse_site/paper.py).
"""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from payouts.statements import wording
from payouts.statements.content import Paid, Statement
from pulse_site.money import written
from pulse_site.paper import ACCENT, LEFT, RIGHT, SOFT, WIDTH, Columns, Paper

VIDEOS: Columns = (
    (41, LEFT), (30, LEFT), (24, RIGHT), (18, RIGHT), (27, RIGHT), (13, RIGHT), (25, RIGHT),
)  # fmt: skip
PLAIN: Columns = ((143, LEFT), (35, RIGHT))
PAYMENTS: Columns = (
    (28, LEFT), (32, LEFT), (53, LEFT), (32, RIGHT), (33, RIGHT),
)  # fmt: skip


def render(statement: Statement) -> bytes:
    """The bytes of the file, in the language that is active."""
    sheet = _Sheet(statement)
    _head(sheet)
    _summary(sheet)
    _explanations(sheet)
    _videos(sheet)
    _adjustments(sheet)
    _payments(sheet)
    _unpaid(sheet)
    return bytes(sheet.output())


class _Sheet(Paper):
    """Pages of one statement."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        assert statement.month.closed_at is not None  # noqa: S101 - only closed months have statements
        super().__init__(
            f"{wording.title(statement)} · @{statement.creator.handle}",
            statement.month.closed_at,
            _("Ledger seal %(digest)s") % {"digest": statement.seal},
        )


def _name(sheet: _Sheet) -> str:
    """The creator's name where our letters can write it; his handle otherwise."""
    creator = sheet.statement.creator
    return creator.name if creator.name and sheet.writable(creator.name) else f"@{creator.handle}"


def _head(sheet: _Sheet) -> None:
    statement = sheet.statement
    sheet.write_text("Pulse", 60, size=15, bold=True, ink=ACCENT, height=8)
    sheet.write_text(
        wording.title(statement), WIDTH - 60, size=13, bold=True, align=RIGHT, height=8, end=True
    )
    period = f"{date_format(statement.month.first_day)} – {date_format(statement.month.last_day)}"
    sheet.write_text(_("Creator programme"), 60, ink=SOFT)
    sheet.write_text(period, WIDTH - 60, ink=SOFT, align=RIGHT, end=True)
    sheet.ln(5)
    sheet.write_text(_name(sheet), size=11, bold=True, height=6, end=True)
    handle = f"@{statement.creator.handle}"
    number = _("Creator no. %(number)s") % {"number": statement.creator.pk}
    sheet.write_text(" · ".join([handle, number, _("all amounts in US dollars")]), ink=SOFT, end=True)
    sheet.ln(4)


def _summary(sheet: _Sheet) -> None:
    """Three figures in boxes, then the way from the opening balance to the closing one."""
    statement = sheet.statement
    sheet.boxes(
        [
            (_("Earned"), written(statement.earned_micros)),
            (_("Paid to you"), written(statement.paid_micros)),
            (_("Closing balance"), written(statement.closing_micros)),
        ]
    )
    for step in wording.steps(statement):
        sheet.rule()
        bold = step.strong
        sheet.write_text(step.label, 120, bold=bold, height=6.2)
        sheet.write_text(written(step.micros), WIDTH - 120, bold=bold, align=RIGHT, height=6.2, end=True)
    sheet.rule()


def _explanations(sheet: _Sheet) -> None:
    sheet.ln(3)
    for sentence in wording.explanations(sheet.statement):
        sheet.paragraph(sentence, ink=SOFT, size=7.8)


def _videos(sheet: _Sheet) -> None:
    statement = sheet.statement
    sheet.heading(_("What your videos earned"))
    if not statement.lines:
        sheet.paragraph(
            _("No advertiser was billed for impressions beside your videos in this month."), ink=SOFT
        )
        return
    head = [_("Video"), _("Campaign"), _("Impressions"), _("CPM"), _("Revenue"), _("Rate"), _("Your share")]
    rows = [
        (
            [
                f"{line.video}",
                line.campaign,
                wording.count(line.impressions),
                written(line.cpm_micros),
                written(line.revenue_micros),
                wording.line_rate(statement, line),
                written(line.share_micros),
            ],
            wording.line_note(statement, line),
        )
        for line in statement.lines
    ]
    total = [_("Total"), "", wording.count(statement.impressions), "", written(statement.revenue_micros), ""]
    sheet.ruled(VIDEOS, head, rows, [*total, written(statement.earned_micros)])


def _adjustments(sheet: _Sheet) -> None:
    statement = sheet.statement
    rows = [
        ([wording.adjustment(statement, each), written(each.micros)], "") for each in statement.adjustments
    ]
    rows += [
        ([f"{date_format(each.on)}: {wording.moved(each)}", written(each.micros)], "")
        for each in statement.others
    ]
    if rows:
        sheet.heading(_("Corrections and other entries"))
        total = statement.adjusted_micros + statement.goodwill_micros + statement.other_micros
        sheet.ruled(PLAIN, [_("Reason"), _("Amount")], rows, [_("Total"), written(total)])


def _payments(sheet: _Sheet) -> None:
    statement = sheet.statement
    rows = [(_payment(each), "") for each in statement.paid]
    rows += [(_payment(each, came_back=True), each.bank_reason) for each in statement.returned]
    if rows:
        sheet.heading(_("Payments"))
        head = [_("Date"), _("Reference"), _("To"), _("Tax withheld"), _("Amount")]
        sheet.ruled(PAYMENTS, head, rows)


def _payment(payment: Paid, came_back: bool = False) -> list[str]:
    to = wording.destination(payment)
    return [
        date_format(payment.on, "SHORT_DATE_FORMAT"),
        payment.reference,
        _("came back: %(to)s") % {"to": to} if came_back else to,
        written(payment.withheld_micros) if payment.withheld_micros else "–",
        written(-payment.net_micros if came_back else payment.net_micros),
    ]


def _unpaid(sheet: _Sheet) -> None:
    statement = sheet.statement
    if statement.unpaid:
        sheet.heading(_("Not billed"))
        sheet.paragraph(wording.unpaid_note(statement), ink=SOFT)
        rows = [
            ([wording.verdict(each.verdict), wording.count(each.impressions)], "")
            for each in statement.unpaid
        ]
        sheet.ruled(PLAIN, [_("Reason"), _("Impressions")], rows)
