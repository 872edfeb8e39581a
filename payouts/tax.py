"""Year end: what each payee was paid in a calendar year, and what of it goes to the tax office.

A payment counts in the year in which it was made (`settled_on`), whatever month it was earned in; one that
came back doesn't count. Amounts are gross, before backup withholding, which stands beside them. Payees of
the same tax number are one taxpayer, and are reported on one form.

A taxpayer is reported when the year's total reaches the threshold of the year (TaxYear), or when tax was
withheld, however little. Foreign payees with a valid W-8 and nothing withheld are on no form 1099; they are
listed apart. Sources: IRS, instructions for Forms 1099-MISC and 1099-NEC; Pub. L. 119-21 (OBBBA), section
70433, for $2,000 from 2026 on.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, TextIO

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payouts import details
from payouts.models import Payee, TaxYear
from payouts.payees import SEES
from pulse_site import audit
from pulse_site.four_eyes import require
from pulse_site.models import User
from pulse_site.money import MICROS_PER_DOLLAR
from pulse_site.refusal import Refused
from pulse_site.spreadsheets import harmless


class Form(NamedTuple):
    """Which form and box the creators' share is, and the field of TaxYear that has its threshold."""

    name: str
    box: str
    threshold: str


FORMS = {
    "nec": Form("1099-NEC", "1", "threshold_micros"),
    "misc": Form("1099-MISC", "3", "threshold_micros"),
    "royalties": Form("1099-MISC", "2", "royalty_threshold_micros"),
}
VERDICTS: dict[str, Any] = {
    "threshold": gettext_lazy("reported: the threshold is reached"),
    "withheld": gettext_lazy("reported: tax was withheld"),
    "below": gettext_lazy("not reported: below the threshold"),
    "foreign": gettext_lazy("not reported: foreign, with a W-8"),
}
REPORTED = ("threshold", "withheld")
HEADER = (
    "year",
    "form",
    "box",
    "verdict",
    "tax_number",
    "legal_name",
    "company",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
    "creators",
    "payments",
    "gross_usd",
    "withheld_usd",
    "missing",
)
# One row a taxpayer: by his tax number, or each creator for himself where there is none.
TOTALS = """
    SELECT COALESCE(NULLIF(payee.tax_id_digest, ''), 'creator ' || CAST(payout.creator_id AS text)) AS who,
           min(payout.creator_id) AS creator_id,
           count(DISTINCT payout.creator_id) AS creators,
           count(*) AS payments,
           CAST(SUM(payout.amount_micros) AS bigint) AS gross_micros,
           CAST(SUM(payout.withheld_micros) AS bigint) AS withheld_micros,
           min(CASE WHEN payee.tax_form IN ('w8ben', 'w8bene') AND payee.tax_status = 'valid'
                    THEN 1 ELSE 0 END) AS is_foreign
      FROM payouts_payout payout LEFT JOIN payouts_payee payee ON payee.creator_id = payout.creator_id
     WHERE payout.status = 'paid' AND payout.settled_on BETWEEN %s AND %s
     GROUP BY 1
"""
JUDGED = f"""
    SELECT creator_id, creators, payments, gross_micros, withheld_micros,
           CASE WHEN withheld_micros > 0 AND gross_micros < %s THEN 'withheld'
                WHEN is_foreign = 1 AND withheld_micros = 0 THEN 'foreign'
                WHEN gross_micros >= %s THEN 'threshold' ELSE 'below' END AS verdict
      FROM ({TOTALS}) totals
"""  # noqa: S608 - one statement around another of ours


@dataclass(frozen=True)
class Line:
    """One taxpayer's year; `payee` is of the first of his creators, None where there are no details."""

    payee: Payee | None
    creator_id: int
    creators: int
    payments: int
    gross_micros: int
    withheld_micros: int
    verdict: str

    @property
    def missing(self) -> list[str]:
        """What a form needs and the payee hasn't."""
        if self.payee is None:
            return [str(_("payee details"))]
        needed = ("tax_id_hint", "street", "city", "postal_code")
        return [
            str(Payee._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            for name in needed
            if not getattr(self.payee, name)
        ]


def form() -> Form:
    """The form of the setting TAX_REPORTING."""
    if settings.TAX_REPORTING not in FORMS:
        raise ImproperlyConfigured(f"TAX_REPORTING must be one of {', '.join(FORMS)}.")
    return FORMS[settings.TAX_REPORTING]


def rules(year: int) -> TaxYear:
    """The thresholds of the year; raises Refused for a year that nobody has entered."""
    found = TaxYear.objects.filter(pk=year).first()
    if found is None:
        raise Refused(
            _(
                "The reporting threshold of %(year)s is not entered. Add the tax year %(year)s in the admin "
                "(Payouts, Tax years) with the amount that the IRS has published for it: it follows "
                "inflation from 2027 on."
            )
            % {"year": year}
        )
    return found


def totals(year: int) -> dict[str, Any]:
    """The year in figures: the form, its threshold, and by verdict how many taxpayers, gross and withheld.

    Amounts are micros. Raises Refused for a year without thresholds.
    """
    of_year = rules(year)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT verdict, count(*), CAST(SUM(gross_micros) AS bigint),
                       CAST(SUM(withheld_micros) AS bigint)
                  FROM ({JUDGED}) judged GROUP BY verdict""",  # noqa: S608
            _values(of_year),
        )
        found = {verdict: figures for verdict, *figures in cursor.fetchall()}
    by_verdict = {
        verdict: dict(
            zip(("payees", "gross_micros", "withheld_micros"), found.get(verdict, (0, 0, 0)), strict=True)
        )
        for verdict in VERDICTS
    }
    return {
        "year": year,
        "form": form().name,
        "box": form().box,
        "threshold_micros": _threshold(of_year),
        "payees": sum(figures["payees"] for figures in by_verdict.values()),
        "reported": sum(by_verdict[verdict]["payees"] for verdict in REPORTED),
        "gross_micros": sum(figures["gross_micros"] for figures in by_verdict.values()),
        "withheld_micros": sum(figures["withheld_micros"] for figures in by_verdict.values()),
        "verdicts": by_verdict,
    }


def lines(year: int) -> Iterator[Line]:
    """Every taxpayer who was paid in the year: the reported ones first, the largest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT creator_id, creators, payments, gross_micros, withheld_micros, verdict
                  FROM ({JUDGED}) judged
                 ORDER BY CASE WHEN verdict IN ('threshold', 'withheld') THEN 0
                               WHEN verdict = 'foreign' THEN 1 ELSE 2 END,
                          gross_micros DESC, creator_id""",  # noqa: S608
            _values(rules(year)),
        )
        rows = cursor.fetchall()
    for at in range(0, len(rows), 1_000):
        batch = rows[at : at + 1_000]
        payees = Payee.objects.in_bulk([row[0] for row in batch])
        for row in batch:
            yield Line(payees.get(row[0]), *row)


def export(year: int, file: TextIO, by: User | None = None, *, in_full: bool = False) -> int:
    """Write the year as CSV, a line a taxpayer; returns how many. Tax numbers are masked unless `in_full`,
    which `by` must be allowed and which is recorded. Raises Refused when he isn't.
    """
    of_year = rules(year)
    if in_full:
        if by is None:
            raise Refused(_("Say who wants the tax numbers in full (--as USER)."))
        require(by, SEES)
        audit.record(by, "tax_year.export", of_year)
    writer = csv.writer(file)
    writer.writerow(HEADER)
    written = 0
    for line in lines(year):
        writer.writerow(map(harmless, _cells(year, line, in_full)))
        written += 1
    return written


def _cells(year: int, line: Line, in_full: bool) -> list[Any]:
    payee = line.payee or Payee(creator_id=line.creator_id)
    named = form() if line.verdict in REPORTED else None
    return [
        year,
        named.name if named else "",
        named.box if named else "",
        line.verdict,
        payee.tax_id if in_full else details.tax_hint(payee.tax_id),
        payee.legal_name,
        "yes" if payee.is_company else "no",
        payee.street,
        payee.city,
        payee.region,
        payee.postal_code,
        payee.country,
        line.creators,
        line.payments,
        _dollars(line.gross_micros),
        _dollars(line.withheld_micros),
        ", ".join(line.missing),
    ]


def _dollars(micros: int) -> Decimal:
    """Payments are whole cents."""
    return (Decimal(micros) / MICROS_PER_DOLLAR).quantize(Decimal("0.01"))


def _threshold(of_year: TaxYear) -> int:
    threshold: int = getattr(of_year, form().threshold)
    return threshold


def _values(of_year: TaxYear) -> list[Any]:
    threshold = _threshold(of_year)
    return [threshold, threshold, f"{of_year.year}-01-01", f"{of_year.year}-12-31"]
