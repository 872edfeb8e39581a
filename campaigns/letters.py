"""Letters to an advertiser: to each of its owners, in the language of each."""

from typing import Any

from django.db.models import QuerySet

from campaigns.models import Advertiser, Member
from pulse_site import mail
from pulse_site.accounts import people


def to_owners(advertisers: QuerySet[Advertiser], letter: str, **words: Any) -> None:
    """Post `letter` to the owners of each of `advertisers`.

    An advertiser that staff entered and nobody owns yet is written to at its billing address.
    """
    owners = Member.objects.filter(advertiser__in=advertisers, role=Member.Role.OWNER)
    told = set()
    for owner in owners.select_related("advertiser", "user").exclude(user__email=""):
        to_member(owner, letter, **words)
        told.add(owner.advertiser_id)
    for advertiser in advertisers.exclude(pk__in=told).exclude(billing_email=""):
        mail.post(
            advertiser.billing_email,
            letter,
            advertiser.language,
            person=advertiser.billing_name,
            advertiser=advertiser,
            **words,
        )


def to_member(member: Member, letter: str, **words: Any) -> None:
    """Post `letter` to one member, unless he has no address."""
    person = member.user
    if person.email:
        mail.post(
            person.email,
            letter,
            person.language,
            person=people.display_name(person),
            advertiser=member.advertiser,
            member=member,
            **words,
        )
