"""Rows of every model that the admin shows."""

import datetime
import itertools
from urllib.parse import urlencode

from django.contrib.auth.models import Group
from django.utils import timezone

from campaigns import team
from campaigns.invoices import settling
from campaigns.models import Campaign, Delivery, Invoice, Placement, PlacementRun
from creators import terms
from creators.models import Bulk, Decision, Eligibility, Flag, FollowerCount, ProgrammeTerms, SavedView
from payouts import what_if
from payouts.models import (
    Account,
    Correction,
    Dispute,
    Earning,
    Entry,
    PayeeChange,
    PaymentFile,
    Payout,
    PayoutBatch,
    Seal,
    StatementFile,
    TaxYear,
    Transfer,
)
from payouts.what_if import Question
from pulse_site import audit
from pulse_site.models import Run, Upload, User
from tests import factories

_serial = itertools.count(1)


def fill(rows: int) -> None:
    """Make `rows` more of each, every one with relations of its own, as a list would follow them."""
    for _row in range(rows):
        _fill_one(next(_serial))


def _fill_one(number: int) -> None:
    user = factories.user()
    Group.objects.create(name=f"Group {number}")
    upload = Upload.objects.create(feed="followers", name=f"file-{number}.csv", uploaded_by=user)
    Run.objects.create(kind="preview_upload", key=f"test {number}", owner=user)
    creator = factories.enrolled(followers=100_000 + number, category=factories.category())
    FollowerCount.objects.create(
        as_of=factories.DAY, creator=creator, followers=100_000 + number, upload=upload
    )
    Eligibility.objects.create(
        creator=creator,
        as_of=factories.DAY,
        terms=factories.terms(),
        eligible=True,
        followers=100_000 + number,
        videos=9,
    )
    Decision.objects.create(
        creator=creator, action="approve", from_status="pending", to_status="approved", decided_by=user
    )
    Bulk.objects.create(action="approve", chosen_by="a list", prepared_by=user)
    Flag.objects.create(creator=creator, kind="manual", detail="Look at the newest video.", raised_by=user)
    SavedView.objects.create(owner=user, name=f"View {number}", query="status=all", shared=True)
    campaign = factories.campaign()
    factories.creative(campaign, added_by=user, status="submitted")
    factories.rate(starts_on=factories.DAY + datetime.timedelta(days=number))
    _fill_letters(campaign, user)
    _fill_lineup(number, campaign)
    _fill_invoices(campaign)
    _fill_money(number, campaign, user)


def _fill_letters(campaign: Campaign, user: User) -> None:
    """An invitation, and with it an e-mail."""
    team.invite(campaign.advertiser, f"{user}@brand.example", "viewer", user)


def _fill_lineup(number: int, campaign: Campaign) -> None:
    video = factories.video(creator=factories.creator(status="pending"), category=factories.category())
    factories.counts(of=video)
    run = PlacementRun.objects.create(
        day=factories.DAY - datetime.timedelta(days=number),
        market="US",
        terms=factories.terms(),
        population=25,
        lineup=1,
        digest="0" * 64,
    )
    placed = {"video": video, "creator": video.creator, "category": video.category}
    Placement.objects.create(run=run, rank=1, tier=2, score=1, **placed)
    Delivery.objects.create(
        day=factories.DAY,
        campaign=campaign,
        rank=1,
        impressions=1_000,
        billed_impressions=1_000,
        verdict=Delivery.Verdict.BILLABLE,
        revenue_micros=10_000_000,
        month=factories.month(),
        **placed,
    )


def _fill_invoices(campaign: Campaign) -> None:
    """A paid one and a credit note, in months of their own."""
    Account.objects.create(
        code=f"receivable:advertiser:{campaign.advertiser_id}",
        kind=Account.Kind.RECEIVABLE,
        advertiser=campaign.advertiser,
    )
    invoice = factories.invoice(campaign.advertiser)
    factories.invoice(campaign.advertiser, kind=Invoice.Kind.CREDIT_NOTE)
    settling.receive(
        campaign.advertiser,
        f"entry:test:{campaign.pk}",
        invoice.amount_micros,
        received_on=factories.DAY,
        invoice=invoice,
    )


def _fill_money(number: int, campaign: Campaign, user: User) -> None:
    creator = factories.creator()
    month = factories.month(f"{2000 + number // 12}-{number % 12 + 1:02}")
    Earning.objects.create(
        month=month,
        campaign=campaign,
        creator=creator,
        impressions=1_000,
        revenue_micros=10_000_000,
        enrolled_micros=10_000_000,
        share_micros=5_000_000,
    )
    payable = Account.objects.create(code=f"payable:test:{number}", kind="payable", creator=creator)
    clearing = Account.objects.create(code=f"clearing:test:{number}", kind="clearing")
    Transfer.objects.create(
        key=f"earning:test:{number}",
        kind="earning",
        debit_account=clearing,
        credit_account=payable,
        amount_micros=5_000_000,
        month=month,
    )
    batch = PayoutBatch.objects.create(
        reference=f"B-{number}", month=month, minimum_micros=0, prepared_by=user
    )
    audit.record(user, "batch.prepare", batch, payouts=1, amount_micros=5_000_000)
    correction = Correction.objects.create(reason="other", prepared_by=user)
    correction.adjustments.create(
        origin=month, campaign=campaign, creator=creator, revenue_micros=1_000_000, enrolled_micros=1_000_000
    )
    Dispute.objects.create(creator=creator, month=month, text="My best video is missing.")
    file = PaymentFile.objects.create(
        batch=batch,
        method="ach",
        name=f"B-{number}-ach-1.ach",
        content=b"",
        payments=1,
        total_micros=5_000_000,
    )
    Payout.objects.create(batch=batch, creator=creator, amount_micros=5_000_000, file=file)
    Seal.objects.create(subject="transfers", first_id=1, last_id=number, rows=1, digest="0" * 64)
    StatementFile.objects.create(
        creator=creator, month=month, language="en", format="csv", content=b"x", sha256="0" * 64
    )
    factories.payee(creator)
    PayeeChange.objects.create(creator=creator, proposed='{"city": "Troy"}', summary="city", proposed_by=user)
    TaxYear.objects.get_or_create(year=2000 + number, defaults={"threshold_micros": 600_000_000})
    Entry.objects.create(
        debit_account=clearing,
        credit_account=payable,
        amount_micros=1_000_000,
        reason="other",
        prepared_by=user,
    )


def lineup_pages(by: User) -> dict[str, object]:
    """What the pages of the lineups are asked for, after `fill`: with proposed terms, an answered what-if."""
    run = PlacementRun.objects.get()
    placed = run.placements.get()
    proposal = terms.propose(_proposal(), by)
    question = Question(run.day, "", {"lineup_basis_points": 300})
    Run.objects.create(
        kind=what_if.KIND, key=question.key(what_if.DAY), status=Run.Status.DONE, result=_answer(placed)
    )
    base = question.base
    asked = {
        "day": run.day,
        "lineup": 3,
        **{name: getattr(base, name) for name in ("weight_views", "weight_likes", "weight_comments")},
        **{name: getattr(base, name) for name in ("weight_shares", "min_followers", "min_videos")},
    }
    return {
        "run": run.pk,
        "day": run.day,
        "video": placed.video_id,
        "creator": placed.creator_id,
        "terms": proposal.pk,
        "asked": urlencode(asked),
    }


def _proposal() -> ProgrammeTerms:
    proposal = terms.successor(factories.terms(), lineup_basis_points=300)
    proposal.starts_on = timezone.localdate() + datetime.timedelta(days=40)
    proposal.reason = "A smaller lineup sells better."
    return proposal


def _answer(placed: Placement) -> dict[str, object]:
    video = [1, placed.video_id, "creator", "gaming"]
    return {
        "eligible": {"was": 3, "would": 4, "entered": 1, "left": 0},
        "newly_eligible": [["creator", 100_000]],
        "no_longer_eligible": [],
        "population": 25,
        "lineup": [1, 1, 1, 1],
        "categories": [[placed.category_id, 1, 1, 1, 1]],
        "entered": [video],
        "left": [video],
    }
