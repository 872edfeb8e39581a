"""Companies that apply: what they say, the links that they were sent, and how far they have come."""

import re

from campaigns import booking, checklist, onboarding
from campaigns.models import Advertiser, AdvertiserCheck, Invitation
from pulse_site.accounts import people
from pulse_site.models import Mail, User

DETAILS = {
    "name": "Acme",
    "legal_name": "Acme Inc.",
    "website": "https://acme.example",
    "street": "1 Main Street",
    "city": "Portland",
    "region": "OR",
    "postal_code": "97201",
    "country": "US",
    "tax_number": "12-3456789",
    "billing_name": "Bea Ledger",
    "billing_email": "billing@acme.example",
    "safety_name": "Sam Guard",
    "safety_email": "safety@acme.example",
}


def token() -> str:
    """The token of the link in the newest e-mail."""
    found = re.search(r"/(?:apply|join)/([\w-]+)/", Mail.objects.order_by("-pk")[0].body)
    assert found
    return found.group(1)


def person(email: str = "ada@acme.example", **fields: str) -> User:
    return people.holder_of(email) or people.create(
        email, "a-long-password", first_name="Ada", last_name="Byron", **fields
    )


def apply(invitation: Invitation) -> Advertiser:
    return onboarding.apply(invitation, person(invitation.email), DETAILS, 1)


def applied(by: User) -> Advertiser:
    """Acme, which Ada owns, waits for a decision."""
    return apply(onboarding.invite("ada@acme.example", "en", by))


def asked(by: User) -> Advertiser:
    """Acme was asked for its tax number."""
    made = applied(by)
    decide(made, "ask", by, reason="What is your tax number?")
    return made


def checked(by: User) -> Advertiser:
    """Acme waits, and every item of the checklist is ticked."""
    made = applied(by)
    for item in AdvertiserCheck.Item:
        checklist.tick(made, item, by)
    return made


def decide(advertiser: Advertiser, action: str, by: User, **words: str) -> None:
    booking.admit(Advertiser.objects.filter(pk=advertiser.pk), action, by, **words)
    advertiser.refresh_from_db()
