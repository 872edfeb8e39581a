"""Small plain factories: each makes one valid row, whatever is not said gets a sensible value."""

import datetime
import itertools
import json
from typing import Any

from django.contrib.auth.models import Permission
from django.utils import timezone

from campaigns.models import (
    Advertiser,
    Agreement,
    AgreementAcceptance,
    Campaign,
    Creative,
    Invoice,
    Member,
    Month,
    Rate,
)
from creators.models import Category, Creator, Enrolment, ProgrammeTerms, Reach, Tier, Video, VideoCounts
from payouts import details
from payouts.models import Payee, PayeeChange
from pulse_site.accounts import people
from pulse_site.models import User

DAY = datetime.date(2026, 10, 15)
_serial = itertools.count(1)


def terms() -> ProgrammeTerms:
    return ProgrammeTerms.objects.get(version=1)


def category(slug: str = "gaming") -> Category:
    return Category.objects.get(slug=slug)


def user(username: str = "", **fields: Any) -> User:
    """Somebody who has confirmed his address, so that he may log in."""
    username = username or f"user-{next(_serial)}"
    made = User.objects.create_user(username, f"{username}@example.com", "a-long-password", **fields)
    people.vouch_for_address(made)
    return made


def staff(username: str, *permissions: str) -> User:
    """A member of staff who may do what `permissions` (codenames) say."""
    made = user(username, is_staff=True)
    made.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return made


def creator(handle: str = "", followers: int | None = None, **fields: Any) -> Creator:
    """A creator of 30 years; with `followers` also his newest count as of DAY."""
    fields.setdefault("born_on", datetime.date(1996, 1, 1))
    made = Creator.objects.create(handle=handle or f"creator{next(_serial)}", **fields)
    if followers is not None:
        Reach.objects.create(creator=made, followers=followers, as_of=DAY)
    return made


def enrolled(handle: str = "", starts_on: datetime.date | None = None, **fields: Any) -> Creator:
    """An approved creator who earns from `starts_on` (1 January 2026)."""
    made = creator(handle, status=Creator.Status.APPROVED, **fields)
    Enrolment.objects.create(creator=made, starts_on=starts_on or datetime.date(2026, 1, 1))
    return made


def video(platform_id: int = 0, **fields: Any) -> Video:
    fields.setdefault("published_at", datetime.datetime(2026, 10, 14, 12, tzinfo=datetime.UTC))
    fields.setdefault("market", "US")
    if "creator" not in fields:
        fields["creator"] = creator()
    return Video.objects.create(
        platform_id=platform_id or 7_000_000_000_000_000_000 + next(_serial), **fields
    )


def counts(day: datetime.date = DAY, of: Video | None = None, **fields: Any) -> VideoCounts:
    """Counts of a video on a day; all that is repeated from the video is taken from it."""
    of = of or video(**{key: fields.pop(key) for key in ("creator", "category", "tier") if key in fields})
    defaults = {"views": 1_000, "likes": 0, "comments": 0, "shares": 0}
    return VideoCounts.objects.create(
        day=day,
        video=of,
        creator=of.creator,
        market=of.market,
        category=of.category,
        tier=of.tier or Tier.STANDARD,
        published_at=of.published_at,
        age_days=(day - of.published_at.date()).days,
        **{**defaults, **fields},
    )


def advertiser(name: str = "", **fields: Any) -> Advertiser:
    """An approved one for which somebody has accepted the agreement."""
    fields.setdefault("status", Advertiser.Status.APPROVED)
    made = Advertiser.objects.create(name=name or f"Brand {next(_serial)}", **fields)
    signatory, _created = User.objects.get_or_create(username="signatory")
    AgreementAcceptance.objects.create(
        advertiser=made, agreement=Agreement.objects.get(version=1), accepted_by=signatory
    )
    return made


def colleague(username: str, advertiser: Advertiser, role: str) -> User:
    made = user(username)
    Member.objects.create(advertiser=advertiser, user=made, role=role)
    return made


def campaign(reference: str = "", categories: tuple[str, ...] = ("gaming",), **fields: Any) -> Campaign:
    """A booked campaign through October 2026: $10.00 CPM, $100,000 budget.

    It is booked when it has its categories: the database lets nobody change those of a booked one.
    """
    reference = reference or f"C-{next(_serial)}"
    fields.setdefault("status", Campaign.Status.BOOKED)
    fields.setdefault("starts_on", datetime.date(2026, 10, 1))
    fields.setdefault("ends_on", datetime.date(2026, 10, 31))
    fields.setdefault("budget_micros", 100_000_000_000)
    fields.setdefault("cpm_micros", 10_000_000)
    if fields["status"] in (Campaign.Status.BOOKED, Campaign.Status.PAUSED):
        fields.setdefault("booked_at", datetime.datetime(2026, 9, 15, 9, tzinfo=datetime.UTC))
    if "advertiser" not in fields:
        fields["advertiser"] = advertiser()
    booked_at, status = fields.pop("booked_at", None), fields.pop("status")
    fields = {"reference": reference, "name": f"Campaign {reference}", **fields}
    made = Campaign.objects.create(**fields)
    made.categories.set(Category.objects.filter(slug__in=categories))
    made.booked_at, made.status = booked_at, status
    made.save(update_fields=["booked_at", "status"])
    return made


def rate(slug: str = "gaming", cpm_micros: int = 10_000_000, **fields: Any) -> Rate:
    """A line of the rate card of the US, from 1 January 2026 on: $10.00."""
    fields.setdefault("starts_on", datetime.date(2026, 1, 1))
    return Rate.objects.create(category=category(slug), cpm_micros=cpm_micros, **fields)


def creative(campaign: Campaign, **fields: Any) -> Creative:
    """An approved ad, at an address."""
    number = next(_serial)
    fields = {
        "reference": f"CR-{number}",
        "name": f"Creative {number}",
        "url": f"https://ads.example/{number}.mp4",
        "landing_url": "https://brand.example/",
        "status": Creative.Status.APPROVED,
        **fields,
    }
    if "added_by" not in fields:
        fields["added_by"] = user()
    return Creative.objects.create(campaign=campaign, **fields)


def invoice(of: Advertiser, micros: int = 100_000_000, **fields: Any) -> Invoice:
    """An invoice (or a credit note) to `of` of 1 November with one line, due on 1 December."""
    kind = fields.setdefault("kind", Invoice.Kind.INVOICE)
    serial = Invoice.objects.filter(kind=kind).count() + 1
    if kind == Invoice.Kind.INVOICE:
        fields.setdefault("due_on", datetime.date(2026, 12, 1))
    if "month" not in fields:
        number = of.invoices.filter(kind=kind).count()
        fields["month"] = month(f"{2020 + number // 12}-{number % 12 + 1:02}")
    made = Invoice.objects.create(
        advertiser=of,
        year=2026,
        serial=serial,
        number=f"{Invoice.PREFIXES[kind]}-2026-{serial:06}",
        language=of.language,
        name=of.name,
        **{"issued_on": datetime.date(2026, 11, 1), **fields},
        total_micros=micros,
        carried_from_micros=0,
        carried_to_micros=0,
        amount_micros=micros,
    )
    corrected = {} if made.is_invoice else {"reason": "invalid_traffic", "detail": "data centre"}
    line = of.campaigns.first() or campaign(advertiser=of)
    made.lines.create(
        kind="billed" if made.is_invoice else "corrected",
        campaign=line,
        origin=made.month,
        reference=line.reference,
        name=line.name,
        impressions=micros * 1_000 // line.cpm_micros,
        cpm_micros=line.cpm_micros,
        amount_micros=micros,
        **corrected,
    )
    return made


def month(code: str = "2026-10", **fields: Any) -> Month:
    return Month.objects.get_or_create(code=code, defaults=fields)[0]


def payee(creator: Creator, **fields: Any) -> Payee:
    """Somebody who may be paid by ACH, to an account of his own: form valid, screened, nothing held.

    `destination` is a dict; hint and digests follow from what is given.
    """
    number = f"{next(_serial):09}"
    account = {"routing": "021000021", "account": number, "account_type": "checking"}
    fields = {
        "legal_name": f"Payee {creator.handle}"[:22],
        "street": "1 Main Street",
        "city": "Albany",
        "region": "NY",
        "postal_code": "12207",
        "country": "US",
        "email": f"{creator.pk}@example.com",
        "method": "ach",
        "destination": account,
        "version": 1,
        "tax_form": "w9",
        "tax_status": "valid",
        "tax_received_on": datetime.date(2026, 1, 2),
        "tax_id": number,
        "screening": "clear",
        "screened_on": DAY,
        **fields,
    }
    destination = fields.pop("destination")
    _approved(creator, fields["version"], details.digest(fields["method"], destination))
    return Payee.objects.create(
        creator=creator,
        destination=json.dumps(destination, sort_keys=True) if destination else "",
        destination_hint=details.hint(fields["method"], destination),
        destination_digest=details.digest(fields["method"], destination),
        tax_id_hint=details.tax_hint(fields["tax_id"]),
        tax_id_digest=details.tax_digest(fields["tax_id"]),
        **fields,
    )


def _approved(creator: Creator, versions: int, digest: str) -> None:
    """The approved changes that led to the bank details of a payee."""
    people = [User.objects.get_or_create(username=f"payees-{job}")[0] for job in ("proposer", "approver")]
    for _version in range(versions):
        PayeeChange.objects.create(
            creator=creator,
            proposed="{}",
            summary="destination",
            destination_digest=digest,
            status=PayeeChange.Status.APPROVED,
            proposed_by=people[0],
            approved_by=people[1],
            approved_at=timezone.now(),
        )
