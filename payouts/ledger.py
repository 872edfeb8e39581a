"""The ledger: amounts move from one account to another, once, and are never taken back.

A transfer debits the account it comes from and credits the one it goes to; a balance is what was credited
less what was debited. So what an advertiser owes is a negative balance of his receivable account, what a
creator is owed a positive one of his payable account, and all balances add up to nothing.

Nothing here loops over rows: whoever posts says in one SELECT which transfers there should be, each under a
key that is derived from what is done. Posting them again does nothing, so a run that was killed is simply
started again; the same key with another body is an error in whoever asks, and nothing is written.

A balance is read from the account's checkpoint and the tail: the transfers that came since the last seal. So
it costs what came lately, however long the history is. Both are read in one statement, since a seal moves
transfers from the one to the other.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Month
from creators.selection import analyze
from payouts.models import Account
from pulse_site.models import User
from pulse_site.refusal import Refused

MANY = 1_000  # rows after which a table is another one to the planner
POST = """
    INSERT INTO payouts_transfer
           (key, kind, debit_account_id, credit_account_id, amount_micros, month_id, reason,
            created_by_id, created_at)
    SELECT given.key, %s, given.debit_account_id, given.credit_account_id, given.amount_micros, %s,
           given.reason, %s, %s
      FROM ({wanted}) given WHERE true
     ORDER BY given.debit_account_id, given.credit_account_id, given.key
        ON CONFLICT (key) DO NOTHING
"""
DIFFERENT = """
    SELECT given.key FROM ({wanted}) given JOIN payouts_transfer posted ON posted.key = given.key
     WHERE posted.kind <> %s OR posted.month_id <> %s
        OR posted.debit_account_id <> given.debit_account_id
        OR posted.credit_account_id <> given.credit_account_id
        OR posted.amount_micros <> given.amount_micros
     ORDER BY given.key LIMIT 3
"""
# What is found on one side only, or with another body.
MISMATCHES = """
    SELECT DISTINCT COALESCE(given.key, posted.key) AS key
      FROM ({wanted}) given
      FULL JOIN (SELECT key, kind, debit_account_id, credit_account_id, amount_micros FROM payouts_transfer
                  WHERE kind IN ({kinds}) AND (%s = '' OR month_id = %s)) posted ON posted.key = given.key
     WHERE (posted.kind = given.kind AND posted.debit_account_id = given.debit_account_id
            AND posted.credit_account_id = given.credit_account_id
            AND posted.amount_micros = given.amount_micros) IS NOT TRUE
     ORDER BY key LIMIT {limit}
"""
OPEN_OF_CREATORS = """
    INSERT INTO payouts_account (code, kind, creator_id)
    SELECT 'payable:creator:' || CAST(given.id AS text), 'payable', given.id
      FROM ({ids}) given WHERE true ORDER BY given.id
        ON CONFLICT DO NOTHING
"""
OPEN_OF_ADVERTISERS = """
    INSERT INTO payouts_account (code, kind, advertiser_id)
    SELECT 'receivable:advertiser:' || CAST(given.id AS text), 'receivable', given.id
      FROM ({ids}) given WHERE true ORDER BY given.id
        ON CONFLICT DO NOTHING
"""

SEALED = "(SELECT COALESCE(MAX(last_id), 0) FROM payouts_seal WHERE subject = 'transfers')"
MOVED = """
    SELECT credit_account_id AS account_id, amount_micros AS micros FROM payouts_transfer WHERE {which}
     UNION ALL
    SELECT debit_account_id, -amount_micros FROM payouts_transfer WHERE {which}
"""
# account_id and balance_micros of every account that ever moved: its checkpoint and the tail.
BALANCES = f"""
    SELECT account_id, CAST(SUM(micros) AS bigint) AS balance_micros
      FROM (SELECT account_id, balance_micros AS micros FROM payouts_checkpoint
             UNION ALL
            {MOVED.format(which=f"id > {SEALED}")}) moved
     GROUP BY account_id
"""  # noqa: S608 - one statement around another of ours
# Adds the transfers from one id through another to their accounts' checkpoints.
CHECKPOINT = f"""
    INSERT INTO payouts_checkpoint (account_id, balance_micros)
    SELECT account_id, CAST(SUM(micros) AS bigint)
      FROM ({MOVED.format(which="id BETWEEN %s AND %s")}) moved WHERE true GROUP BY account_id
        ON CONFLICT (account_id) DO UPDATE
       SET balance_micros = payouts_checkpoint.balance_micros + excluded.balance_micros
"""  # noqa: S608


def account(kind: str, code: str) -> Account:
    """The account of that code, opened if it is missing: the platform's, the bank's, a month's, a batch's."""
    return Account.objects.get_or_create(code=code, defaults={"kind": kind})[0]


def open_accounts(sql: str, ids: str, values: Sequence[Any]) -> int:
    """Open the accounts that are missing for the creators or advertisers whose `id` the query `ids` yields.

    `sql` is OPEN_OF_CREATORS or OPEN_OF_ADVERTISERS. Returns how many were opened.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.format(ids=ids), values)
        opened = cursor.rowcount
    if opened >= MANY:
        analyze("payouts_account")
    return opened


def post(kind: str, month: Month, wanted: str, values: Sequence[Any], by: User | None = None) -> int:
    """Post the transfers that the query `wanted` describes, and return how many of them are new.

    `wanted` yields key, debit_account_id, credit_account_id, amount_micros and reason, and must not read
    the transfers it makes: it is asked more than once. Raises Refused, and writes nothing, when a key is
    there already with another body or when the month is closed.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        try:
            cursor.execute(
                POST.format(wanted=wanted), [kind, month.code, by.pk if by else None, now, *values]
            )
        except IntegrityError as error:
            if "payouts_transfer takes no change" in str(error):
                raise Refused(
                    _("%(month)s is closed and takes no more transfers.") % {"month": month}
                ) from error
            raise
        posted = cursor.rowcount
        # Mostly all are new; and the statistics of the table don't know yet of what was just posted.
        cursor.execute(f"SELECT COUNT(*) FROM ({wanted}) given", values)  # noqa: S608
        if cursor.fetchone()[0] == posted:
            return posted
        cursor.execute(DIFFERENT.format(wanted=wanted), [*values, kind, month.code])
        if different := [key for (key,) in cursor.fetchall()]:
            raise Refused(
                _("Transfers were posted before with another body: %(keys)s.")
                % {"keys": ", ".join(different)}
            )
        return posted


def together(posted: Mapping[str, str]) -> str:
    """One query for what those of `posted` describe, each as `post` was given it for its kind."""
    body = "key, debit_account_id, credit_account_id, amount_micros"
    return " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, {body} FROM ({wanted}) given"  # noqa: S608 - of our own
        for kind, wanted in posted.items()
    )


def mismatches(posted: Mapping[str, str], values: Sequence[Any], month: str = "") -> list[str]:
    """Keys (at most 100 a kind) of the transfers of some kinds, and a month, that are not what was to be.

    They lack, have another kind or body, or were never wanted; `posted` is by kind what `post` was given.
    """
    kinds = ", ".join(f"'{kind}'" for kind in posted)
    with connection.cursor() as cursor:
        cursor.execute(
            MISMATCHES.format(wanted=together(posted), kinds=kinds, limit=100 * len(posted)),
            [*values, month, month],
        )
        return [key for (key,) in cursor.fetchall()]


def balance(of: Account) -> int:
    """What was credited to the account less what was debited, in micros."""
    found = Account.objects.with_balance().filter(pk=of.pk).values("balance_micros")  # type: ignore[misc]
    return found.get()["balance_micros"]


def checkpoint(first_id: int, last_id: int) -> None:
    """Add the transfers `first_id` to `last_id` to the checkpoints; seals.py does it as it seals them."""
    with connection.cursor() as cursor:
        cursor.execute(CHECKPOINT, [first_id, last_id] * 2)


def month_to_post_in() -> Month:
    """The month that payments are posted in: the one after the last closed one, this one before the first."""
    last = Month.objects.filter(status=Month.Status.CLOSED).order_by("code").last()
    day = last.last_day + datetime.timedelta(days=1) if last else timezone.now()
    return Month.objects.get_or_create(code=f"{day:%Y-%m}")[0]
