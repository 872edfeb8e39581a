"""The demo's advertisers: each is invited, applies, is checked and let in by the functions that staff use.

Olivia leads the first with a team of her own; an agency acts for the others. One waits in the queue, half
checked, and one was asked a question.
"""

from collections.abc import Mapping

from django.utils import timezone

from campaigns import agreements, booking, checklist, onboarding, team
from campaigns.models import Advertiser, AdvertiserCheck, Member
from pulse_site.models import Mail, User

BRANDS = (
    "Aurora Cosmetics",
    "Bluebird Airlines",
    "Cedar & Clay Kitchens",
    "Drift Motors",
    "Everline Sportswear",
    "Foxglove Books",
    "Grandview Studios",
    "Harvest Table",
    "Indigo Denim",
    "Juniper Pet Care",
    "Kestrel Games",
    "Lumen Fitness",
)
WAITING, ASKED = "Novella Press", "Moss & Fern"
TEAM = {"felix": Member.Role.FINANCE, "vera": Member.Role.VIEWER}
QUESTION = "The tax number can’t be found. Please check it."


def let_in(people: Mapping[str, User], by: User) -> list[Advertiser]:
    """The dozen advertisers, approved, and two who are not yet; what was done before is not done again."""
    if not onboarding.form_is_open():
        onboarding.move_form("open", by)
    owners = [people["olivia"], *[people["greta"]] * (len(BRANDS) - 1)]
    made = [_applied(name, owner, by) for name, owner in zip(BRANDS, owners, strict=True)]
    # The last one pays on receipt, so that on the day after the demo something is overdue.
    Advertiser.objects.filter(pk=made[-1].pk).update(payment_days=0)
    _approve(made, by)
    _gather(made[0], people, by)
    _leave_in_the_queue(people, by)
    # The addresses of the demo lead nowhere; nothing shall be sent to them.
    Mail.objects.filter(sent_at=None).update(sent_at=timezone.now(), body="")
    return made


def _applied(name: str, owner: User, by: User) -> Advertiser:
    found = Advertiser.objects.filter(name=name).first()
    if found:
        return found
    invitation = onboarding.invite(owner.email, owner.language, by)
    return onboarding.apply(invitation, owner, _details(name), agreements.current().version)


def _details(name: str) -> dict[str, str]:
    domain = f"{name.split()[0].lower()}.example"
    return {
        "name": name,
        "legal_name": f"{name} Inc.",
        "website": f"https://www.{domain}",
        "street": f"{len(name) * 7} Market Street",
        "city": "Portland",
        "region": "OR",
        "postal_code": "97201",
        "country": "US",
        "tax_number": f"93-{sum(map(ord, name)):07}",
        "billing_name": "Bea Ledger",
        "billing_email": f"billing@{domain}",
        "safety_name": "Sam Guard",
        "safety_email": f"safety@{domain}",
    }


def _approve(made: list[Advertiser], by: User) -> None:
    waiting = Advertiser.objects.filter(pk__in=[row.pk for row in made], status=Advertiser.Status.APPLIED)
    for advertiser in waiting:
        for item in AdvertiserCheck.Item:
            checklist.tick(advertiser, item, by)
    booking.admit(waiting, "approve", by, reason="Welcome to Pulse.")


def _gather(advertiser: Advertiser, people: Mapping[str, User], by: User) -> None:
    for name, role in TEAM.items():
        if not advertiser.members.filter(user=people[name]).exists():
            invitation = team.invite(advertiser, people[name].email, role, people["olivia"])
            team.join(invitation, people[name])


def _leave_in_the_queue(people: Mapping[str, User], by: User) -> None:
    waiting = _applied(WAITING, people["nora"], by)
    if not waiting.checks.exists():
        for item in (AdvertiserCheck.Item.LEGAL_NAME, AdvertiserCheck.Item.WEBSITE):
            checklist.tick(waiting, item, by)
    asked = Advertiser.objects.filter(pk=_applied(ASKED, people["marc"], by).pk)
    booking.admit(asked.filter(decisions=None), "ask", by, reason=QUESTION)
