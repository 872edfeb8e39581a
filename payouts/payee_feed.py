"""The payees feed: details by CSV or XLSX, proposed row by row and approved as a set by another person.

A blank cell leaves what is there. A row that says what the payee has, or what already waits for approval, is
unchanged, so that the same file may come twice. What takes the rules of a payee is done in Python, a batch of
rows at a time; what is proposed is encrypted there, so that only the rows of the file itself stand in the
import's temporary table, which goes with the import. Bank details and tax numbers are masked in whatever is
kept of a rejected row; an uploaded file is stored encrypted, and removed once it was applied, refused or
cancelled.
"""

# ruff: noqa: S608 - names in the statements are written here, never taken from a file

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from creators import candidates
from creators.models import Creator
from payouts import details
from payouts.models import Method, Payee, PayeeChange
from payouts.payees import PROPOSES
from pulse_site import audit
from pulse_site.encryption import encrypt
from pulse_site.feeds import cells
from pulse_site.feeds.cells import Unusable
from pulse_site.feeds.feed import Column, Feed
from pulse_site.feeds.mapping import SECRET, Rejected, folded
from pulse_site.feeds.staging import Stage, execute, select
from pulse_site.four_eyes import require
from pulse_site.models import Upload, User
from pulse_site.refusal import Refused

BATCH = 2_000
# Columns of a destination by the key that they are; an e-mail is PayPal's only in its own column.
DESTINATION = {
    "account": "account",
    "routing": "routing",
    "account_type": "account_type",
    "account_name": "account_name",
    "iban": "iban",
    "bic": "bic",
    "paypal_email": "email",
    "wise_recipient": "recipient_id",
}
COLUMN_OF = {key: column for column, key in DESTINATION.items()} | {"tax_id": "tax_number"}
SECRETS = frozenset({"account", "routing", "iban", "paypal_email", "wise_recipient", "tax_number"})
YES, NO = ("yes", "y", "true", "1", "company", "oui"), ("no", "n", "false", "0", "person", "non")


def chosen(*known: str) -> Callable[[str], str]:
    """A parser of one of some words, by their letters and digits: W-8BEN is w8ben."""

    def parse(cell: str) -> str:
        if folded(cell) not in known:
            raise Unusable("bad_details", _("Choose one of: %(known)s.") % {"known": ", ".join(known)})
        return folded(cell)

    return parse


def yes_or_no(cell: str) -> str:
    if folded(cell) not in (*YES, *NO):
        raise Unusable("bad_details", _("Write yes or no."))
    return "yes" if folded(cell) in YES else "no"


def _text(name: str, longest: int, *aliases: str) -> Column:
    secret = name in SECRETS
    return Column(name, cells.text(longest), aliases, type="text", required=False, secret=secret)


class PayeesFeed(Feed):
    """handle, and whatever of a payee's details the file has."""

    name = "payees"
    key = ("handle",)
    sample = ("handle", "summary")
    confidential = True

    @property
    def columns(self) -> tuple[Column, ...]:
        handle = ("creator", "creator handle", "username", "tiktok handle")
        return (
            Column("handle", candidates.handle, handle, type="text"),
            _text("legal_name", 200, "name", "payee", "payee name", "beneficiary"),
            Column("company", yes_or_no, ("is company",), type="text", required=False),
            _text("street", 200, "address", "address line 1"),
            _text("city", 100, "town"),
            _text("region", 100, "state", "province", "state or region"),
            _text("postal_code", 20, "zip", "zip code", "postcode"),
            _text("country", 2, "country code"),
            _text("email", 254, "e-mail", "contact email"),
            Column("method", chosen(*Method.values), ("payment method",), type="text", required=False),
            _text("routing", 40, "routing number", "aba"),
            _text("account", 40, "account number"),
            _text("account_type", 20),
            _text("account_name", 100, "name of the account", "account holder"),
            _text("iban", 60),
            _text("bic", 20, "swift", "swift bic"),
            _text("paypal_email", 254, "paypal", "paypal e-mail"),
            _text("wise_recipient", 80, "wise", "wise recipient id", "recipient id"),
            Column(
                "tax_form",
                chosen(*filter(None, Payee.TaxForm.values)),
                ("form",),
                type="text",
                required=False,
            ),
            _text("tax_number", 40, "tax id", "tin", "ssn", "ein"),
        )

    def admit(self, by: User | None) -> None:
        if by is None:
            raise Refused(_("Say who proposes these changes (--as USER): another person approves them."))
        require(by, PROPOSES)

    def check(self, stage: Stage) -> None:
        stage.reject(
            "handle",
            "unknown_creator",
            _("Pulse doesn't know this creator; check the handle, or import his followers first."),
            "NOT EXISTS (SELECT 1 FROM creators_creator c WHERE c.handle = feed_rows.handle)",
        )
        stage.judge(
            {
                "creator_id": "bigint",
                "change": "text",
                "proposed": "text",
                "summary": "text",
                "leads": "bigint",
                "destination_digest": "text",
            }
        )
        for batch in self._batches():
            stage.load_judged(*_judge(batch))

    def resolution(self) -> tuple[str, Sequence[Any]]:
        return (
            """SELECT s.line, s.handle, j.creator_id, j.change, j.proposed, j.summary,
                      CASE WHEN j.leads = 1 THEN COALESCE(j.destination_digest, '') END AS destination_digest
                 FROM feed_rows s JOIN feed_judged j ON j.line = s.line""",
            (),
        )

    def apply(self, upload: Upload) -> None:
        proposed = execute(
            """INSERT INTO payouts_payeechange (creator_id, proposed, summary, destination_digest, status,
                                                reason, upload_id, proposed_by_id, proposed_at)
               SELECT creator_id, proposed, summary, destination_digest, 'proposed', '', %s, %s, %s
                 FROM feed_ready WHERE change <> 'unchanged' ORDER BY line""",
            [upload.pk, upload.uploaded_by_id, timezone.now()],
        )
        audit.record(upload.uploaded_by, "payee.import", upload, changes=proposed)

    def _batches(self) -> Iterator[list[dict[str, Any]]]:
        names = ["line", *[column.name for column in self.columns]]
        last = 0
        while rows := select(
            f"SELECT {', '.join(names)} FROM feed_rows WHERE line > %s ORDER BY line LIMIT {BATCH}", [last]
        ):
            yield [dict(zip(names, row, strict=True)) for row in rows]
            last = rows[-1][0]


def _judge(rows: list[dict[str, Any]]) -> tuple[list[tuple[Any, ...]], list[Rejected]]:
    """What each row would change, and what is wrong with the others."""
    ids = dict(Creator.objects.filter(handle__in=[r["handle"] for r in rows]).values_list("handle", "pk"))
    known = {payee.pk: payee for payee in Payee.objects.filter(pk__in=ids.values())}
    waiting = dict(
        PayeeChange.objects.filter(creator__in=ids.values(), status=PayeeChange.Status.PROPOSED).values_list(
            "creator", "proposed"
        )
    )
    judged, rejected = [], []
    for row in rows:
        creator = ids[row["handle"]]
        now = details.of(known.get(creator))
        wanted = details.merged(now, _given(row))
        if complaint := _complaint(row, wanted):
            rejected.append(complaint)
            continue
        changed = details.differing(now, wanted)
        proposed = json.dumps(changed, sort_keys=True) if changed else ""
        if proposed and creator in waiting and waiting[creator] != proposed:
            message = _("Another change of this payee waits; approve or reject it first.")
            rejected.append((row["line"], "handle", row["handle"], "change_open", message))
            continue
        change = "updated" if creator in known else "created"
        if not proposed or creator in waiting:
            change, proposed = "unchanged", ""
        summary = details.summary(now, wanted) if proposed else ""
        leads_to = details.proposed_digest(changed) if proposed else None
        judged.append(
            (row["line"], creator, change, encrypt(proposed), summary, int(leads_to is not None), leads_to)
        )
    return judged, rejected


def _given(row: dict[str, Any]) -> dict[str, Any]:
    """What the row says, as `payees.propose` takes it."""
    given = {name: row[name] for name in (*details.TEXTS, "method", "tax_form") if row[name]}
    if row["company"]:
        given["is_company"] = row["company"] == "yes"
    if row["tax_number"]:
        given["tax_id"] = row["tax_number"]
    destination = {key: row[column] for column, key in DESTINATION.items() if row[column]}
    return given | ({"destination": destination} if destination else {})


def _complaint(row: dict[str, Any], wanted: details.Details) -> Rejected | None:
    """The first cell to blame, and everything that is wrong with the row."""
    problems = list(details.problems(wanted))
    if not problems:
        return None
    field = problems[0].field
    column = COLUMN_OF.get(field, field)
    if field == "email" and wanted["method"] != Method.PAYPAL:
        column = "email"
    value = row.get(column) or ""
    shown = SECRET if value and column in SECRETS else value
    return row["line"], column, shown, "bad_details", " ".join(problem.message for problem in problems)[:300]
