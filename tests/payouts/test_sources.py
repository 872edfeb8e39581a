"""A transfer that was changed behind the database's back is named by the programs that read the journal."""

import io
from pathlib import Path

import pytest

from payouts import journal
from payouts.models import Correction, Transfer
from payouts.sources import disagreements
from tests.payouts.behind import tamper
from tests.payouts.test_journal import bean_check, hledger, needs_hledger
from tests.payouts.test_verification import corrected, paid  # noqa: F401 - fixtures

pytestmark = [pytest.mark.django_db, needs_hledger]
EXTRA = """
    INSERT INTO payouts_transfer (key, kind, debit_account_id, credit_account_id, amount_micros, month_id,
                                  reason, created_at)
    SELECT 'extra', '{kind}', debit_account_id, credit_account_id, 5, month_id, '', created_at
      FROM payouts_transfer WHERE kind = 'platform'
"""


def complaints(tmp_path: Path, month: str | None = None) -> list[str]:
    """What hledger and beancount say to the journal, nothing if they accept it."""
    said = []
    for format in ("hledger", "beancount"):
        out = io.StringIO()
        journal.export(format, out, month)
        text = out.getvalue()
        done = hledger(text, "check", "--strict") if format == "hledger" else bean_check(text, tmp_path)
        said.append(done.stderr if done.returncode else "")
    return said


@pytest.mark.parametrize("month", [None, "2026-10", "2026-11"])
def test_both_programs_accept_a_programme_that_kept_the_rules(
    corrected: Correction,  # noqa: F811
    tmp_path: Path,
    month: str | None,
) -> None:
    assert disagreements(month) == {}
    assert complaints(tmp_path, month) == ["", ""]


OF_MONTHS = ("billing", "earning", "platform")
ONE = "payouts_transfer {} WHERE id = (SELECT MIN(id) FROM payouts_transfer WHERE kind = '{}')"
SET = f"UPDATE {ONE.format('SET {}', '{}')}"


@pytest.mark.parametrize(
    "statement",
    [
        *(
            statement.format(kind=kind)
            for kind in (*OF_MONTHS, "reserve", "payment", "deduction")
            for statement in (
                SET.format("amount_micros = amount_micros + 1", "{kind}"),
                SET.format("credit_account_id = debit_account_id", "{kind}"),
                SET.format("kind = 'entry'", "{kind}"),
                SET.format("reason = 'changed'", "{kind}"),
                SET.format("created_at = '2026-10-02 00:00:00+00:00'", "{kind}"),
                f"DELETE FROM {ONE.format('', '{kind}')}",
                EXTRA,
            )
        ),
        *(SET.format("month_id = '2026-11'", kind) for kind in OF_MONTHS),
        SET.format("month_id = '2026-10'", "payment"),
        SET.format("kind = 'platform'", "earning"),
        SET.format("kind = 'payment'", "reserve"),
    ],
)
def test_a_changed_transfer_is_named_by_both_programs(
    corrected: Correction,  # noqa: F811
    tmp_path: Path,
    statement: str,
) -> None:
    before = set(Transfer.objects.values_list())
    tamper(statement)
    after = set(Transfer.objects.values_list())
    changed = {row[1] for row in before ^ after}
    said = complaints(tmp_path)
    assert changed and all(key in words for key in changed for words in said)
