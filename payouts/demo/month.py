"""A believable programme on a fresh database, and one whole month of it.

Every step goes through the function that staff use: files are imported, creators decided on, campaigns
booked, lineups computed, the month closed by a second person and paid. A step that was done before changes
nothing, so a demo that was killed is finished by starting it again.
"""

import csv
import datetime
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection
from django.utils import timezone

from campaigns import placements
from campaigns.invoices import files as invoice_files
from campaigns.models import MICROS_PER_CENT, Campaign, Invoice, Month, PlacementRun
from creators import approval, eligibility, enrolments
from creators.models import Category, Creator, Decision
from payouts import batches, corrections, entries, months
from payouts.demo import advertisers, demand, payees, people, supply
from payouts.models import Account, Adjustment, Correction, Earning, Entry, PayoutBatch
from pulse_site.feeds.run import import_file
from pulse_site.models import User
from pulse_site.refusal import Refused

ONE_DAY = datetime.timedelta(days=1)
LATE_START_MICROS = 250_000_000
T = TypeVar("T")


class Demo:
    """One building of the demo: its dates, its people, and where its files and its progress go."""

    def __init__(self, scale: int, say: Callable[[str], None], today: datetime.date) -> None:
        """`scale` multiplies creators and videos; the month is the last whole one before `today`.

        Raises Refused for a scale below 1, and where the demo has no business: with DEBUG off, or beside
        another programme.
        """
        if scale < 1:
            raise Refused(f"A scale of {scale} makes no programme; 1 is the smallest.")
        if not settings.DEBUG:
            raise Refused("The demo makes log-ins with a known password; it runs only with DEBUG on.")
        if Creator.objects.exists() and not User.objects.filter(username="olivia").exists():
            raise Refused("Another programme is in this database; give the demo its own by DATABASE_URL.")
        self.scale, self.say = scale, say
        month = Month.objects.order_by("code").first() or Month(
            code=f"{today.replace(day=1) - ONE_DAY:%Y-%m}"
        )
        self.code, self.first, self.last = month.code, month.first_day, month.last_day
        self.eve = self.first - ONE_DAY
        self.yesterday = max(today - ONE_DAY, self.last)
        self.folder = Path(settings.VAR) / "demo" / f"{self.code}-{scale}"

    def build(self) -> None:
        """Run the whole month, from the first file to the payment; nothing where that was done before."""
        if PayoutBatch.objects.filter(month=self.code, status=PayoutBatch.Status.PAID).exists():
            self.say("The demo's month is already here.")
            return
        self.staff = people.staff()
        self.invent()
        self.step("follower file imported", self.bring_in_creators)
        self.step("videos of the weeks before imported", lambda: self.bring_in_videos(self.eve, self.clips))
        self.review_creators()
        self.step("campaigns of a dozen advertisers booked", self.book_campaigns)
        for number in range((self.last - self.eve).days):
            self.run_a_day(self.first + number * ONE_DAY)
        self.step("deliveries of the month imported", lambda: self.bring_in_deliveries(self.first, self.last))
        self.close_the_month()
        self.step("invoices rendered", lambda: invoice_files.render_month(self.code))
        self.step("an advertiser's payment received", self.receive)
        self.step("invalid traffic taken back: fiona prepares, frank approves", self.take_back)
        payees.enter(self)
        self.pay()
        if self.yesterday > self.last:
            self.go_on_to_yesterday()

    def step(self, what: str, work: Callable[[], T]) -> T:
        started = time.monotonic()
        done = work()
        self.say(f"{time.monotonic() - started:6.1f} s  {what}")
        return done

    def take(self, feed: str, path: Path, **options: Any) -> dict[str, Any]:
        return import_file(feed, path, name=path.name, options=options, by=self.staff["admin"])

    def invent(self) -> None:
        hashtags = dict(Category.objects.values_list("slug", "hashtags"))
        since = self.first - supply.WARM_UP
        self.creators = supply.people(self.scale, hashtags)
        self.clips = supply.clips(self.creators, hashtags, since, self.yesterday, self.scale)
        self.say(f"{len(self.creators):,} creators and {len(self.clips):,} videos invented")

    def bring_in_creators(self) -> None:
        path = supply.write_followers(self.folder / f"followers-{self.eve}.csv", self.creators)
        self.take("followers", path, as_of=self.eve.isoformat())
        self.fill_in_profiles()

    def fill_in_profiles(self) -> None:
        """What creators say of themselves when they apply: category, birth date, market."""
        categories = dict(Category.objects.values_list("slug", "pk"))
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE creators_creator SET category_id = %s, born_on = %s, market = %s WHERE handle = %s",
                [(categories[p.category], p.born_on, p.market, p.handle) for p in self.creators],
            )

    def bring_in_videos(self, day: datetime.date, seen: Iterable[supply.Clip]) -> None:
        path = supply.write_videos(self.folder / f"videos-{day}.csv", seen, day)
        self.take("videos", path, as_of=day.isoformat(), market="US")

    def review_creators(self) -> None:
        """On the eve of the month: most of the queue is approved, some are rejected, the newest wait."""
        if Campaign.objects.exists():
            return
        self.step("eligibility checked", lambda: eligibility.refresh(self.eve))
        queue = list(Creator.objects.waiting_longest_first().values_list("pk", flat=True))
        approved, rejected = len(queue) * 80 // 100, len(queue) * 88 // 100
        self.decide(queue[:approved], Decision.Action.APPROVE)
        self.decide(queue[approved:rejected], Decision.Action.REJECT, "Reposts other people's videos")
        self.decide(
            queue[rejected : rejected + 20], Decision.Action.ASK, "Please confirm who runs this account"
        )
        rita = self.staff["rita"]
        welcome = Creator.objects.filter(status=Creator.Status.APPROVED).exclude(handle__endswith="7")
        self.step("terms accepted by most", lambda: enrolments.accept_terms(welcome, self.eve, rita))

    def decide(self, ids: list[int], action: str, reason: str = "") -> None:
        chosen, rita = Creator.objects.filter(pk__in=ids), self.staff["rita"]
        self.step(
            f"{len(ids):,} creators: {action}",
            lambda: approval.decide(chosen, action, rita, reason=reason, today=self.eve),
        )

    def book_campaigns(self) -> None:
        made = advertisers.let_in(self.staff, self.staff["admin"])
        admin, olivia = self.staff["admin"], self.staff["olivia"]
        demand.rate_card(self.first)
        self.campaigns = demand.campaigns(made, admin, self.first, self.last)
        demand.exclude_creators(self.campaigns)
        demand.book(self.campaigns, admin, self.eve)
        demand.in_preparation(made[0], olivia, admin, self.yesterday)

    def run_a_day(self, day: datetime.date) -> None:
        def work() -> None:
            self.bring_in_videos(day, supply.reported(self.clips, day))
            placements.recompute(day, "US")

        if not PlacementRun.objects.current().filter(day=day, market="US").exists():
            self.step(f"{day}: videos imported, lineup computed", work)

    def bring_in_deliveries(self, first: datetime.date, last: datetime.date) -> None:
        path = demand.write_deliveries(self.folder / f"deliveries-{last}.csv", self.campaigns, first, last)
        self.take("deliveries", path)

    def close_the_month(self) -> None:
        if not Month.objects.filter(code=self.code, status=Month.Status.CLOSED).exists():
            self.step(f"{self.code} calculated", lambda: months.calculate(self.code))
            self.step("a late start credited", self.credit_a_late_start)
            self.step(
                f"{self.code} put under review by fiona",
                lambda: months.review(self.code, self.staff["fiona"]),
            )
            self.step(f"{self.code} closed by frank", lambda: months.close(self.code, self.staff["frank"]))

    def credit_a_late_start(self) -> None:
        """One campaign, of olivia's if any was billed, began late: the close issues a credit note for it."""
        billed = Campaign.objects.filter(pk__in=Earning.objects.filter(month=self.code).values("campaign"))
        own = billed.filter(advertiser__members__user=self.staff["olivia"])
        late = own.order_by("pk").first() or billed.order_by("pk").first()
        if late and not Adjustment.objects.filter(campaign=late, creator=None).exists():
            made = corrections.prepare(
                self.staff["fiona"],
                reason=Correction.Reason.GOODWILL,
                origin=Month.objects.get(code=self.code),
                campaign=late,
                creator=None,
                micros=LATE_START_MICROS,
                detail="Late start of the campaign",
            )
            corrections.approve(made, self.staff["frank"])

    def receive(self) -> None:
        """The second advertiser pays its invoice; the first, mostly olivia's, pays a half of it."""
        invoices = Invoice.objects.invoices().filter(month=self.code).with_balance().order_by("pk")
        for invoice, part in zip(invoices[:2], (2, 1), strict=False):
            if not invoice.advertiser.payments.exists():
                self.receive_one(invoice, invoice.open_micros // MICROS_PER_CENT // part * MICROS_PER_CENT)

    def receive_one(self, invoice: Invoice, micros: int) -> None:
        entries.open_accounts()
        received = Entry(
            debit_account=Account.objects.get(kind=Account.Kind.BANK),
            credit_account=Account.objects.get(advertiser=invoice.advertiser),
            amount_micros=micros,
            reason=Entry.Reason.RECEIVED,
            bank_reference=f"WIRE {invoice.serial:04}",
            invoice=invoice,
        )
        entries.approve(entries.prepare(received, self.staff["fiona"]), self.staff["frank"])

    def take_back(self) -> None:
        """The ad server finds invalid traffic after the close: both sides see it as a correction."""
        path = demand.write_invalid_traffic(self.folder / f"invalid-traffic-{self.code}.csv", self.code)
        fiona, frank = self.staff["fiona"], self.staff["frank"]
        import_file("invalid_traffic", path, name=path.name, options={}, by=fiona)
        for correction in Correction.objects.filter(status=Correction.Status.PREPARED):
            corrections.approve(correction, frank)

    def pay(self) -> None:
        month, fiona, frank = Month.objects.get(code=self.code), self.staff["fiona"], self.staff["frank"]
        batch = PayoutBatch.objects.filter(month=month).first() or self.step(
            "payout batch prepared by fiona", lambda: batches.prepare(month, fiona)
        )
        steps: dict[str, tuple[str, Callable[[PayoutBatch, User], object], User]] = {
            PayoutBatch.Status.PREPARED: ("approved by frank", batches.approve, frank),
            PayoutBatch.Status.APPROVED: ("filed by fiona", batches.make_files, fiona),
            PayoutBatch.Status.FILED: ("handed to the bank by fiona", batches.mark_sent, fiona),
        }
        while step := steps.get(batch.status):
            what, act, who = step
            self.step(f"payout batch {what}", partial(act, batch, who))
        self.step("the bank's answers imported", lambda: self.hear_from_the_bank(batch))

    def hear_from_the_bank(self, batch: PayoutBatch) -> None:
        """All are paid but two: those banks know no such account."""
        today = f"{timezone.now():%Y-%m-%d}"
        path = self.folder / f"answers-{batch}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            answers = csv.writer(file)
            answers.writerow(["reference", "status", "date", "reason"])
            for number, payout in enumerate(batch.payouts.filter(file__isnull=False).order_by("pk")):
                returned = number in (2, 5)
                answer = ("returned", today, "R03 no account") if returned else ("paid", today, "")
                answers.writerow([payout.reference, *answer])
        self.take("payment_results", path)

    def go_on_to_yesterday(self) -> None:
        """Bring the programme up to date, so that queue, lineup and draft look as on any morning."""
        day = self.yesterday
        since = (clip for clip in self.clips if clip.published.date() > self.last)
        self.step("videos since imported", lambda: self.bring_in_videos(day - ONE_DAY, since))
        self.run_a_day(day)
        self.step("yesterday's deliveries imported", lambda: self.bring_in_deliveries(day, day))
        self.step("month so far calculated", lambda: months.calculate(f"{day:%Y-%m}"))
        self.step("eligibility checked", eligibility.refresh)
