"""Paper: the A4 pages on which statements and invoices are drawn, so that all look like one house.

The letters are embedded (DejaVu Sans), so it looks the same everywhere and needs no font of the system. The
date in the file is the one that is given, and nothing else depends on the moment: who draws the same gets
the same bytes.
"""

import datetime
from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

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
Columns = Sequence[tuple[float, Align]]  # width in millimetres, side


class Paper(FPDF):
    """A4 pages with a coloured edge on the first, and a foot on each."""

    def __init__(self, title: str, made_at: datetime.datetime, foot: str) -> None:
        super().__init__(format="A4")
        self.foot = foot
        self.set_creation_date(made_at)
        self.set_title(title)
        self.set_author("Pulse")
        self.set_lang(get_language() or "en")
        self.set_margin(MARGIN)
        self.set_auto_page_break(True, FOOT)
        self.add_font(FAMILY, "", FONTS / "DejaVuSans.ttf")
        self.add_font(FAMILY, "B", FONTS / "DejaVuSans-Bold.ttf")
        self.alias_nb_pages("{pages}")
        self.add_page()
        self.set_fill_color(*ACCENT)
        self.rect(0, 0, self.w, 3, style="F")
        self.set_y(13)

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

    def writable(self, text: str) -> bool:
        """Whether our letters can write it."""
        letters = self.fonts[FAMILY.lower() + "B"].cmap  # type: ignore[union-attr]
        return all(ord(letter) in letters for letter in text)

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

    def boxes(self, figures: Sequence[tuple[str, str]]) -> None:
        """Figures with their labels in boxes side by side; the last one is what it is all about."""
        gap, top = 5, self.get_y()
        width = (WIDTH - gap * (len(figures) - 1)) / len(figures)
        for number, (label, figure) in enumerate(figures):
            last = number == len(figures) - 1
            self.set_fill_color(*(ACCENT if last else BACK))
            left = MARGIN + number * (width + gap)
            self.rect(left, top, width, 19, style="F", round_corners=True, corner_radius=2)
            self.set_xy(left + 3, top + 3)
            self.write_text(label, width - 6, size=SMALL, ink=WHITE if last else SOFT, height=5)
            self.set_xy(left + 3, top + 8.5)
            self.write_text(figure, width - 6, size=13, bold=True, ink=WHITE if last else INK, height=7)
        self.set_xy(MARGIN, top + 23)

    def ruled(
        self,
        columns: Columns,
        head: Sequence[str],
        rows: Sequence[tuple[Sequence[str], str]],
        total: Sequence[str] = (),
    ) -> None:
        """Rows of texts, each with a note below it or none; the head stands on every page again."""
        self.row(columns, head, ink=SOFT, size=SMALL)
        for cells, note in rows:
            if self.will_page_break(ROW * (2 if note else 1)):
                self.add_page()
                self.row(columns, head, ink=SOFT, size=SMALL)
            self.rule()
            self.row(columns, cells)
            if note:
                self.set_y(self.get_y() - 1)
                self.write_text(note, size=6.8, ink=SOFT, height=4.6, end=True)
        if total:
            self.rule(SOFT)
            self.row(columns, total, bold=True)

    def row(
        self,
        columns: Columns,
        cells: Sequence[str],
        *,
        ink: tuple[int, ...] = INK,
        size: float = 7.6,
        bold: bool = False,
    ) -> None:
        for number, ((width, align), cell) in enumerate(zip(columns, cells, strict=True), start=1):
            end = number == len(columns)
            self.write_text(cell, width, size=size, ink=ink, bold=bold, align=align, end=end)

    def footer(self) -> None:
        self.set_y(-FOOT + 4)
        self.rule()
        self.ln(1.5)
        page = _("Page %(page)s of %(pages)s") % {"page": self.page_no(), "pages": "{pages}"}
        self.write_text(self.foot, 140, size=5.6, ink=SOFT, height=4)
        # The alias of the number of pages is wider than the number: aligned by the width it will have.
        self.set_font(FAMILY, "", 6.6)
        surplus = self.get_string_width("{pages}") - self.get_string_width("0")
        self.set_x(MARGIN + 140)
        self.write_text(page, 38 + surplus, size=6.6, ink=SOFT, align=RIGHT, height=4)
