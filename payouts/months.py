"""An accounting month: calculated as often as one likes, frozen for review, closed once by another person.

The draft (drafts.py) is what the deliveries of the month brought, by campaign and creator, and the creator's
share by the terms in force on the month's first day. What was reviewed is what is closed, or nothing is.

Closing bills each campaign into the month's clearing account, shares that out to the creators, gives the
rest to the platform, and so leaves clearing at zero: nothing is lost or made.

Who changes a month holds its row FOR UPDATE first; whoever writes rows of the month holds it FOR SHARE (the
guards see to that), so each waits for the other and finds what the other left. SQLite has one writer.
"""

import datetime
import re
import time
from typing import Any

from django.db import connection, transaction
from django.db.models import BigIntegerField, Count, Exists, OuterRef, QuerySet, Sum
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Delivery, Month, PlacementRun
from payouts import adjustments, drafts, invoicing, ledger, seals
from payouts.models import Account, Transfer
from pulse_site import audit
from pulse_site.four_eyes import require, require_another
from pulse_site.models import User
from pulse_site.refusal import Refused

CODE = re.compile(r"[1-9]\d{3}-(0[1-9]|1[0-2])", re.ASCII)
# action -> (the statuses it may start from, the status it leads to)
MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "calculate": (Month.TAKING, Month.Status.CALCULATED),
    "review": ((Month.Status.CALCULATED,), Month.Status.REVIEW),
    "reopen": ((Month.Status.REVIEW,), Month.Status.CALCULATED),
    "close": ((Month.Status.REVIEW,), Month.Status.CLOSED),
}

# Each asks twice for its month: a row of its own that joins it to all sums costs nothing, where a sum by
# month, or a join to the code that a sum's month makes, goes through every account.
BILLING = """
    SELECT 'billing:' || month.code || ':campaign:' || CAST(campaign.id AS text) AS key,
           receivable.id AS debit_account_id, clearing.id AS credit_account_id,
           billed.revenue_micros AS amount_micros, campaign.reference || ' ' || campaign.name AS reason
      FROM (SELECT campaign_id, CAST(SUM(revenue_micros) AS bigint) AS revenue_micros
              FROM payouts_earning WHERE month_id = %s GROUP BY campaign_id) billed
      JOIN campaigns_month month ON month.code = %s
      JOIN campaigns_campaign campaign ON campaign.id = billed.campaign_id
      JOIN payouts_account receivable ON receivable.advertiser_id = campaign.advertiser_id
      JOIN payouts_account clearing ON clearing.code = 'clearing:' || month.code
     WHERE billed.revenue_micros > 0
"""
EARNING = """
    SELECT 'earning:' || month.code || ':creator:' || CAST(earned.creator_id AS text) AS key,
           clearing.id AS debit_account_id, payable.id AS credit_account_id,
           earned.share_micros AS amount_micros, '' AS reason
      FROM (SELECT creator_id, CAST(SUM(share_micros) AS bigint) AS share_micros
              FROM payouts_earning WHERE month_id = %s GROUP BY creator_id) earned
      JOIN campaigns_month month ON month.code = %s
      JOIN payouts_account payable ON payable.creator_id = earned.creator_id
      JOIN payouts_account clearing ON clearing.code = 'clearing:' || month.code
     WHERE earned.share_micros > 0
"""
PLATFORM = """
    SELECT 'platform:' || month.code AS key, clearing.id AS debit_account_id,
           platform.id AS credit_account_id, rest.micros AS amount_micros, '' AS reason
      FROM (SELECT CAST(SUM(revenue_micros - share_micros) AS bigint) AS micros
              FROM payouts_earning WHERE month_id = %s) rest
      JOIN campaigns_month month ON month.code = %s
      JOIN payouts_account clearing ON clearing.code = 'clearing:' || month.code
      JOIN payouts_account platform ON platform.code = 'platform'
     WHERE rest.micros > 0
"""
# What closing a month posts, by kind and in this order; `verify` compares it with what is there.
POSTED: dict[str, str] = {
    Transfer.Kind.BILLING: BILLING,
    Transfer.Kind.EARNING: EARNING,
    Transfer.Kind.PLATFORM: PLATFORM,
}
EARNERS = "SELECT DISTINCT creator_id AS id FROM payouts_earning WHERE month_id = %s AND share_micros > 0"
BILLED_ADVERTISERS = """
    SELECT DISTINCT campaign.advertiser_id AS id FROM payouts_earning earning
      JOIN campaigns_campaign campaign ON campaign.id = earning.campaign_id WHERE earning.month_id = %s
"""


def calculate(code: str) -> dict[str, Any]:
    """Draft the earnings of the month `code` ("2026-10") from its deliveries; the draft before is replaced.

    Returns month, status, revenue_micros, shared_micros, platform_micros, creators (who earn), seconds and
    warnings. Raises Refused for a malformed code, a month that has not begun, or one that was reviewed.
    """
    started = time.monotonic()
    with transaction.atomic():
        month = _hold(code)
        _require_status(month, "calculate")
        drafts.write(month)
        _move(month, "calculate")
    return _summary(month, started)


def review(code: str, by: User) -> dict[str, Any]:
    """Calculate the month once more and freeze the draft, so that another person can check and close it.

    Deliveries that come from now on are billed in the next month. Returns what `calculate` returns; raises
    Refused when `by` may not, the month is not over, or it was never calculated.
    """
    started = time.monotonic()
    with transaction.atomic():
        month = _hold(code)
        require(by, "campaigns.review_month")
        _require_status(month, "review")
        _require_over(month)
        drafts.confirm(month)
        _move(month, "review", reviewed_by=by, reviewed_at=timezone.now())
        audit.record(by, "month.review", month, digest=month.reviewed_digest, **_totals(month))
    return _summary(month, started)


def reopen(code: str, by: User) -> dict[str, Any]:
    """Take the month back from review, so that it is a draft again; who may review or close may do that.

    Returns what `calculate` returns; raises Refused when `by` may not or the month is not under review.
    """
    started = time.monotonic()
    with transaction.atomic():
        month = _hold(code)
        require(by, "campaigns.review_month", "campaigns.close_month")
        _require_status(month, "reopen")
        # The row forgets who had put it under review, so the audit trail keeps it.
        audit.record(by, "month.reopen", month, reviewed_by=str(month.reviewed_by), **_totals(month))
        _move(month, "reopen", reviewed_by=None, reviewed_at=None, reviewed_digest="")
    return _summary(month, started)


def close(code: str, by: User) -> dict[str, Any]:
    """Close the month for good: post its transfers, freeze the lineups it used, seal what was written.

    Returns what `calculate` returns. Raises Refused when `by` may not or is the one who put the month under
    review, when it is not under review or not for as long as its terms ask, when an earlier month with
    deliveries is open, or when the draft is no longer what was reviewed.
    """
    started = time.monotonic()
    with transaction.atomic():
        month = _hold(code)
        require(by, "campaigns.close_month")
        _require_status(month, "close")
        require_another(by, month.reviewed_by)
        _require_reviewed_long_enough(month)
        _require_earlier_closed(month)
        drafts.require_as_reviewed(month)
        _post(month, by)
        invoicing.issue(month, by)
        lineups_used(month).update(frozen=True)
        _move(month, "close", closed_by=by, closed_at=timezone.now(), digest=digest(month))
        facts: dict[str, Any] = {
            "reviewed_by": str(month.reviewed_by),
            "digest": month.digest,
            **_totals(month),
        }
        audit.record(by, "month.close", month, **facts)
        transaction.on_commit(seals.seal)
    return _summary(month, started)


def digest(month: Month) -> str:
    """SHA-256 over the earnings of the month, and the count and sum of its transfers by kind.

    Which transfers they are follows from the earnings, and each is under a seal. Creators and campaigns go
    in by their numbers, which never change as a handle may; the numbers of the rows themselves stay out, so
    that a month that was killed and closed again has the same digest.
    """
    posted = Transfer.objects.filter(month=month).order_by("kind").values_list("kind")
    sums = posted.annotate(count=Count("id"), micros=Cast(Sum("amount_micros"), BigIntegerField()))
    return seals.digest(drafts.rows(month), sums)


def fits(month: Month) -> bool:
    """Are earnings and transfers what the closed month has its digest of: in this form, or the older one?"""
    return month.digest in (form(month) for form in (digest, _older_digest))


def closes_from(month: Month) -> datetime.date:
    """The first day on which a month under review may be closed: its terms' days of review lie before it."""
    assert month.reviewed_at and month.terms  # noqa: S101 - it is under review
    return month.reviewed_at.date() + datetime.timedelta(days=month.terms.review_days)


def lineups_used(month: Month) -> QuerySet[PlacementRun]:
    """The lineups beside which the month's impressions were billed."""
    billed = Delivery.objects.filter(
        month=month,
        verdict=Delivery.Verdict.BILLABLE,
        day=OuterRef("day"),
        campaign__market=OuterRef("market"),
    )
    return PlacementRun.objects.current().filter(Exists(billed))


def _hold(code: str) -> Month:
    """The month, made if it is new, its row locked until the transaction ends; and room to add it up."""
    if not CODE.fullmatch(code):
        raise Refused(_("%(month)r is not a month; write it like 2026-10.") % {"month": code})
    if code > f"{timezone.now():%Y-%m}":
        raise Refused(_("%(month)s has not begun.") % {"month": code})
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # A month's sums by campaign and creator: beyond its 4 MB they go by the disk, twice as slow.
            cursor.execute("SET LOCAL work_mem = '256MB'")
    Month.objects.get_or_create(code=code)
    return Month.objects.select_for_update().get(code=code)


def _require_status(month: Month, action: str) -> None:
    sources = MOVES[action][0]
    if month.status not in sources:
        wanted = " / ".join(str(Month.Status(source).label) for source in sources)
        raise Refused(
            _("%(month)s is %(status)s; for this it must be %(wanted)s.")
            % {"month": month, "status": month.get_status_display(), "wanted": wanted}
        )


def _require_over(month: Month) -> None:
    if timezone.now().date() <= month.last_day:
        raise Refused(
            _("%(month)s is not over; it can be put under review from the day after %(day)s.")
            % {"month": month, "day": month.last_day}
        )


def _require_reviewed_long_enough(month: Month) -> None:
    """In whole days of UTC, like the months themselves; a clock that was put back only makes it later."""
    assert month.reviewed_at  # noqa: S101 - it is under review
    day, now = closes_from(month), timezone.now()
    if now.date() < day or now < month.reviewed_at:
        raise Refused(
            _("%(month)s is under review since %(since)s; it can be closed from %(day)s on.")
            % {"month": month, "since": month.reviewed_at.date(), "day": day}
        )


def _require_earlier_closed(month: Month) -> None:
    earlier = Month.objects.filter(code__lt=month.code).exclude(status=Month.Status.CLOSED)
    used = earlier.filter(Exists(Delivery.objects.filter(month=OuterRef("pk"))))
    if first := used.order_by("code").first():
        raise Refused(
            _("%(month)s has deliveries and is still %(status)s; close it first.")
            % {"month": first, "status": first.get_status_display()}
        )


def _move(month: Month, action: str, **fields: Any) -> None:
    """Write the month with the status that `action` leads to; it is held, and its status was checked."""
    month.status = MOVES[action][1]
    for name, value in fields.items():
        setattr(month, name, value)
    month.save()


def _post(month: Month, by: User) -> None:
    """Bill the campaigns, share with the creators, give the platform the rest: clearing ends at zero."""
    clearing = ledger.account(Account.Kind.CLEARING, f"clearing:{month.code}")
    ledger.account(Account.Kind.PLATFORM, "platform")
    ledger.open_accounts(ledger.OPEN_OF_ADVERTISERS, BILLED_ADVERTISERS, [month.code])
    ledger.open_accounts(ledger.OPEN_OF_CREATORS, EARNERS, [month.code])
    for kind, wanted in POSTED.items():
        ledger.post(kind, month, wanted, [month.code] * wanted.count("%s"), by)
    adjustments.post_of_origin(month, by)
    if left := ledger.balance(clearing):
        raise ArithmeticError(f"{left} micros are left in {clearing}: {month} does not add up.")


def _older_digest(month: Month) -> str:
    """A line of JSON for each earning and each transfer."""
    fields = ("key", "kind", "debit_account__code", "credit_account__code", "amount_micros")
    posted = Transfer.objects.filter(month=month).order_by("pk").values_list(*fields)
    return seals.digest_of_json(drafts.rows(month), posted)


def _summary(month: Month, started: float) -> dict[str, Any]:
    return {
        "month": month.code,
        "status": month.status,
        **_totals(month),
        "seconds": round(time.monotonic() - started, 3),
        "warnings": _warnings(month),
    }


def _totals(month: Month) -> dict[str, Any]:
    return {
        "revenue_micros": month.revenue_micros,
        "shared_micros": month.shared_micros,
        "platform_micros": month.platform_micros,
        "creators": month.creators,
    }


def _warnings(month: Month) -> list[str]:
    """What a person should look at before he believes the figures."""
    return [
        _("%(day)s (%(market)s) has deliveries but no lineup: none of them is billable.")
        % {"day": day, "market": market}
        for day, market in month.facts.get("unlisted", ())
    ]
