"""Statements as files: their figures are the ledger's, and each is rendered once."""

import csv
import datetime
import hashlib
import io
import json
import re

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from pypdf import PdfReader

from campaigns.models import Campaign, Month
from creators.models import Creator
from payouts import statements, tasks
from payouts.models import StatementFile
from payouts.statements import files, pdf, sheet
from payouts.verification import verify
from pulse_site import guards, money, runs
from pulse_site.models import Run, User
from tests import factories
from tests.payouts.behind import tamper
from tests.payouts.programme import close, deliver
from tests.payouts.statements.ledger_rows import move

pytestmark = pytest.mark.django_db


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def rows_of(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_pdf_says_the_statements_figures(october: Month, ada: Creator, language: str) -> None:
    statement = statements.of(ada, october)
    shown = text_of(bytes(files.file_of(ada, october, language, "pdf").content))
    with translation.override(language):
        for micros in (
            statement.earned_micros,
            statement.revenue_micros,
            statement.closing_micros,
            *(line.share_micros for line in statement.lines),
            *(line.revenue_micros for line in statement.lines),
        ):
            assert money.written(micros) in shown
    assert "Ada Lovelace" in shown
    assert statement.seal in shown
    title = {"en": "Statement of October 2026", "fr": "Relevé mensuel – octobre 2026"}[language]
    assert title in shown
    assert {"en": "not enrolled on that day", "fr": "non inscrit ce jour-là"}[language] in shown


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_csv_adds_up_from_balance_to_balance(october: Month, ada: Creator, language: str) -> None:
    statement = statements.of(ada, october)
    _head, *rows = rows_of(bytes(files.file_of(ada, october, language, "csv").content))
    assert {len(row) for row in rows} == {11}
    amounts = [round(float(row[9]) * 1_000_000) for row in rows if row[9]]
    opening, *between, closing = amounts
    assert opening + sum(between) == closing == statement.closing_micros
    assert [row[7:10] for row in rows[1:4]] == [
        ["120.010000", "50.00", "60.005000"],
        ["3.330000", "50.00", "1.665000"],
        ["5.000000", "0.00", "0.000000"],
    ]


def test_no_text_of_a_csv_is_a_formula(october: Month, ada: Creator) -> None:
    move("entry", ada, -5, factories.month("2026-11"), "entry:1", "=HYPERLINK(1)")
    november = factories.month("2026-11")
    Month.objects.filter(pk="2026-11").update(
        status="closed",
        terms=factories.terms(),
        reviewed_by=october.reviewed_by,
        closed_by=october.closed_by,
        closed_at=october.closed_at,
    )
    november = Month.objects.get(pk="2026-11")
    with guards.lifted("campaigns_campaign"):
        Campaign.objects.update(reference="@SUM(1)")
    for month in (october, november):
        for row in rows_of(sheet.render(statements.of(ada, month)))[1:]:
            cells = [cell for number, cell in enumerate(row) if number != 9]
            assert not [cell for cell in cells if re.match(r"[=+\-@]", cell)]


def test_the_same_statement_gives_the_same_bytes(october: Month, ada: Creator) -> None:
    assert len({pdf.render(statements.of(ada, october)) for _twice in range(2)}) == 1
    assert len({sheet.render(statements.of(ada, october)) for _twice in range(2)}) == 1


def test_a_long_statement_repeats_its_head_on_every_page(
    ada: Creator, finance_one: User, finance_two: User
) -> None:
    campaign = factories.campaign()
    for number in range(150):
        deliver(campaign, ada, 1_000 + number)
    content = bytes(files.file_of(ada, close(finance_one, finance_two), "en", "pdf").content)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    assert len(pages) >= 4
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert "Impressions" in page
    assert len(re.findall(r"^7\d{18}", "\n".join(pages), re.MULTILINE)) == 150


def test_a_name_in_letters_that_we_do_not_have_gives_way_to_the_handle(october: Month, ada: Creator) -> None:
    ada.name = "愛達"
    shown = text_of(pdf.render(statements.of(ada, october)))
    assert shown.count("@ada") == 2


def test_a_file_is_rendered_once_and_stays(october: Month, ada: Creator) -> None:
    made = files.file_of(ada, october, "fr", "pdf")
    assert hashlib.sha256(made.content).hexdigest() == made.sha256
    ada.name = "Somebody else"
    ada.save()
    assert files.file_of(ada, october, "fr", "pdf").pk == made.pk
    for act in (StatementFile.objects.all().delete, lambda: StatementFile.objects.update(sha256="")):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_two_who_ask_at_once_get_the_same_row(
    october: Month, ada: Creator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one comes while the first one renders."""
    first = pdf.render

    def overtaken(statement: statements.Statement) -> bytes:
        monkeypatch.setitem(files.RENDERERS, "pdf", lambda statement: b"the first")
        files.file_of(ada, october, "en", "pdf")
        return first(statement)

    monkeypatch.setitem(files.RENDERERS, "pdf", overtaken)
    assert bytes(files.file_of(ada, october, "en", "pdf").content) == b"the first"
    assert StatementFile.objects.count() == 1


def told(*command: str) -> dict[str, object]:
    out = io.StringIO()
    call_command(*command, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_a_month_is_rendered_for_all_whom_it_concerns_each_in_his_language(
    october: Month, ada: Creator
) -> None:
    Creator.objects.filter(handle="ben").update(language="fr")
    factories.enrolled("cleo")
    assert told("render_statements", "2026-10") == {
        "month": "2026-10", "creators": 2, "rendered": 4, "seconds": pytest.approx(0, abs=60),
    }  # fmt: skip
    found = StatementFile.objects.order_by("pk").values_list("creator__handle", "language", "format")
    assert set(found) == {
        ("ada", "en", "pdf"),
        ("ada", "en", "csv"),
        ("ben", "fr", "pdf"),
        ("ben", "fr", "csv"),
    }
    assert told("render_statements", "2026-10")["rendered"] == 0


def test_a_month_that_is_not_closed_is_refused() -> None:
    factories.month()
    for code in ("2026-10", "2026-09", "x"):
        with pytest.raises(CommandError, match="not closed") as refusal:
            call_command("render_statements", code)
        assert refusal.value.returncode == 1


def test_a_run_that_was_killed_goes_on_where_it_was(october: Month, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "CHUNK", 1)
    real, calls = files._rendered, []

    def dies(*arguments: object) -> StatementFile:
        calls.append(arguments)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(files, "_rendered", dies)
    with pytest.raises(KeyboardInterrupt):
        files.render_month("2026-10")
    kept = set(StatementFile.objects.values_list("pk", "sha256"))
    assert len(kept) == 2
    runs.start("render_statements", key="2026-10", arguments={"code": "2026-10"})
    runs.perform(Run.objects.get(kind="render_statements").pk)
    assert Run.objects.get(kind="render_statements").result["rendered"] == 2
    assert kept < set(StatementFile.objects.values_list("pk", "sha256"))
    assert tasks.render_statements


def test_a_chunk_costs_the_same_queries_whatever_its_size(
    ada: Creator, finance_one: User, finance_two: User
) -> None:
    campaign = factories.campaign()
    for _each in range(8):
        deliver(campaign, factories.enrolled(), 1_000)
    month = close(finance_one, finance_two)
    everybody = list(files.concerned(month))
    assert month.terms  # read once for all chunks
    asked = []
    for chunk in (everybody[:1], everybody[1:]):
        with CaptureQueriesContext(connection) as queries:
            files._render_chunk(chunk, month)
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 22


def broken() -> dict[str, str]:
    return {breach.rule: breach.what for breach in verify()}


def test_a_file_that_was_changed_is_named(october: Month, ada: Creator) -> None:
    made = files.file_of(ada, october, "en", "csv")
    assert "statements" not in broken()
    tamper("UPDATE payouts_statementfile SET content = 'x'")
    assert f"{made.pk}" in broken()["statements"]


def test_a_statement_that_no_longer_fits_the_ledger_is_named(october: Month, ada: Creator) -> None:
    tamper(
        f"UPDATE campaigns_delivery SET revenue_micros = revenue_micros + 2000000 "
        f"WHERE creator_id = {ada.pk} AND verdict = 'billable'"
    )
    assert f"creator {ada.pk}" in broken()["statements"]


def test_the_date_in_the_pdf_is_that_of_the_close(october: Month, ada: Creator) -> None:
    reader = PdfReader(io.BytesIO(pdf.render(statements.of(ada, october))))
    assert reader.metadata.creation_date.date() == datetime.date(2026, 11, 20)
