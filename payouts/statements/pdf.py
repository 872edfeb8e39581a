"""A statement as PDF: one that a creator keeps, prints or gives to his accountant.

The letters are embedded (DejaVu Sans), so it looks the same everywhere and needs no font of the system. The
date in the file is that of the month's close, and nothing else depends on the moment: the same statement
gives the same bytes.
"""

from collections.abc import Sequence

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from payouts.statements import wording
from payouts.statements.content import Paid, Statement
from pulse_site.money import written

FONTS = settings.BASE_DIR / "pulse_site" / "fonts"
FAMILY = "DejaVu"
INK, SOFT, HAIR, BACK, ACCENT, WHITE = (
    (28, 37, 35),
    (86, 99, 95),
    (223, 228, 225),
    (243, 246, 244),
    (15, 118, 110),
    (255,) * 3,
)
MARGIN, FOOT, WIDTH = 16, 20, 178
ROW, SMALL, TEXT = 5.6, 7.2, 8.4
LEFT, RIGHT = Align.L, Align.R
# Columns of the videos: width in millimetres, side.
VIDEOS: tuple[tuple[float, Align], ...] = (
    (41, LEFT), (30, LEFT), (24, RIGHT), (18, RIGHT), (27, RIGHT), (13, RIGHT), (25, RIGHT),
)  # fmt: skip
PLAIN: tuple[tuple[float, Align], ...] = ((143, LEFT), (35, RIGHT))
PAYMENTS: tuple[tuple[float, Align], ...] = (
    (28, LEFT), (32, LEFT), (53, LEFT), (32, RIGHT), (33, RIGHT),
)  # fmt: skip


def render(statement: Statement) -> bytes:
    """The bytes of the file, in the language that is active."""
    sheet = _Sheet(statement)
    sheet.add_page()
    _head(sheet)
    _summary(sheet)
    _explanations(sheet)
    _videos(sheet)
    _adjustments(sheet)
    _payments(sheet)
    _unpaid(sheet)
    return bytes(sheet.output())


class _Sheet(FPDF):
    """A4 pages with Pulse's head on the first, and a foot on each."""

    def __init__(self, statement: Statement) -> None:
        super().__init__(format="A4")
        self.statement = statement
        assert statement.month.closed_at is not None  # noqa: S101 - only closed months have statements
        self.set_creation_date(statement.month.closed_at)
        self.set_title(f"{wording.title(statement)} · @{statement.creator.handle}")
        self.set_author("Pulse")
        self.set_lang(get_language() or "en")
        self.set_margin(MARGIN)
        self.set_auto_page_break(True, FOOT)
        self.add_font(FAMILY, "", FONTS / "DejaVuSans.ttf")
        self.add_font(FAMILY, "B", FONTS / "DejaVuSans-Bold.ttf")
        self.alias_nb_pages("{pages}")

    def write_text(
        self, text: str, width: float = WIDTH, *, size: float = TEXT, bold: bool = False,
        ink: tuple[int, ...] = INK, align: Align = LEFT, height: float = ROW, end: bool = False,
    ) -> None:  # fmt: skip
        """One cell at the present place; `end` goes on to the next line."""
        self.set_font(FAMILY, "B" if bold else "", size)
        self.set_text_color(*ink)
        text = self.fitted(text, width, whole=align == RIGHT or bold)
        after = {"new_x": XPos.LMARGIN, "new_y": YPos.NEXT} if end else {}
        self.cell(width, height, text, align=align, **after)  # type: ignore[arg-type]

    def fitted(self, text: str, width: float, *, whole: bool) -> str:
        """What fits the column: an amount gets smaller and stays `whole`, a text may lose its end."""
        room = width - 2 * self.c_margin
        if whole and (wanted := self.get_string_width(text)) > room:
            self.set_font_size(self.font_size_pt * room / wanted)
        if whole or self.get_string_width(text) <= room:
            return text
        while text and self.get_string_width(f"{text}…") > room:
            text = text[:-1]
        return f"{text}…"

    def paragraph(self, text: str, *, ink: tuple[int, ...] = INK, size: float = TEXT) -> None:
        self.set_font(FAMILY, "", size)
        self.set_text_color(*ink)
        self.multi_cell(WIDTH, 4.8, text, align=LEFT, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def heading(self, text: str) -> None:
        """With room for the first rows below it, or on the next page."""
        if self.get_y() > self.h - FOOT - 4 * ROW - 10:
            self.add_page()
        self.ln(6)
        self.write_text(text, size=11, bold=True, height=7, end=True)

    def rule(self, ink: tuple[int, ...] = HAIR) -> None:
        self.set_draw_color(*ink)
        self.set_line_width(0.2)
        self.line(MARGIN, self.get_y(), MARGIN + WIDTH, self.get_y())

    def footer(self) -> None:
        self.set_y(-FOOT + 4)
        self.rule()
        self.ln(1.5)
        page = _("Page %(page)s of %(pages)s") % {"page": self.page_no(), "pages": "{pages}"}
        seal = _("Ledger seal %(digest)s") % {"digest": self.statement.seal}
        self.write_text(seal, 140, size=5.6, ink=SOFT, height=4)
        # The alias of the number of pages is wider than the number: aligned by the width it will have.
        self.set_font(FAMILY, "", 6.6)
        surplus = self.get_string_width("{pages}") - self.get_string_width("0")
        self.set_x(MARGIN + 140)
        self.write_text(page, 38 + surplus, size=6.6, ink=SOFT, align=RIGHT, height=4)


def _name(sheet: _Sheet) -> str:
    """The creator's name where our letters can write it; his handle otherwise."""
    creator = sheet.statement.creator
    letters = sheet.fonts[FAMILY.lower() + "B"].cmap  # type: ignore[union-attr]
    writable = creator.name and all(ord(letter) in letters for letter in creator.name)
    return creator.name if writable else f"@{creator.handle}"


def _head(sheet: _Sheet) -> None:
    statement = sheet.statement
    sheet.set_fill_color(*ACCENT)
    sheet.rect(0, 0, sheet.w, 3, style="F")
    sheet.set_y(13)
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
    boxes = (
        (_("Earned"), statement.earned_micros),
        (_("Paid to you"), statement.paid_micros),
        (_("Closing balance"), statement.closing_micros),
    )
    gap, top = 5, sheet.get_y()
    width = (WIDTH - 2 * gap) / len(boxes)
    for number, (label, micros) in enumerate(boxes):
        last = number == len(boxes) - 1
        sheet.set_fill_color(*(ACCENT if last else BACK))
        left = MARGIN + number * (width + gap)
        sheet.rect(left, top, width, 19, style="F", round_corners=True, corner_radius=2)
        sheet.set_xy(left + 3, top + 3)
        sheet.write_text(label, width - 6, size=SMALL, ink=WHITE if last else SOFT, height=5)
        sheet.set_xy(left + 3, top + 8.5)
        sheet.write_text(written(micros), width - 6, size=13, bold=True, ink=WHITE if last else INK, height=7)
    sheet.set_xy(MARGIN, top + 23)
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


def _table(
    sheet: _Sheet,
    columns: Sequence[tuple[float, Align]],
    head: Sequence[str],
    rows: Sequence[tuple[Sequence[str], str]],
    total: Sequence[str] = (),
) -> None:
    """Rows of texts, each with a note below it or none; the head stands on every page again."""
    _row(sheet, columns, head, ink=SOFT, size=SMALL)
    for cells, note in rows:
        if sheet.will_page_break(ROW * (2 if note else 1)):
            sheet.add_page()
            _row(sheet, columns, head, ink=SOFT, size=SMALL)
        sheet.rule()
        _row(sheet, columns, cells)
        if note:
            sheet.set_y(sheet.get_y() - 1)
            sheet.write_text(note, size=6.8, ink=SOFT, height=4.6, end=True)
    if total:
        sheet.rule(SOFT)
        _row(sheet, columns, total, bold=True)


def _row(
    sheet: _Sheet,
    columns: Sequence[tuple[float, Align]],
    cells: Sequence[str],
    *,
    ink: tuple[int, ...] = INK,
    size: float = 7.6,
    bold: bool = False,
) -> None:
    for number, ((width, align), cell) in enumerate(zip(columns, cells, strict=True), start=1):
        end = number == len(columns)
        sheet.write_text(cell, width, size=size, ink=ink, bold=bold, align=align, end=end)


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
    _table(sheet, VIDEOS, head, rows, [*total, written(statement.earned_micros)])


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
        _table(sheet, PLAIN, [_("Reason"), _("Amount")], rows, [_("Total"), written(total)])


def _payments(sheet: _Sheet) -> None:
    statement = sheet.statement
    rows = [(_payment(each), "") for each in statement.paid]
    rows += [(_payment(each, came_back=True), each.bank_reason) for each in statement.returned]
    if rows:
        sheet.heading(_("Payments"))
        head = [_("Date"), _("Reference"), _("To"), _("Tax withheld"), _("Amount")]
        _table(sheet, PAYMENTS, head, rows)


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
        _table(sheet, PLAIN, [_("Reason"), _("Impressions")], rows)
