"""The demo's log-ins: each with what his role may do, all with one printed password."""

from django.contrib.auth.models import Group

from pulse_site import roles
from pulse_site.accounts import people
from pulse_site.models import User

PASSWORD = "pulse-demo-only"  # noqa: S105 - the demo's log-ins are printed on purpose
PEOPLE = {
    "admin": "administrator",
    "rita": "reviews creators",
    "stella": "reviews creators, also in bulk and against the rules",
    "otto": "ad operations: advertisers, campaigns, files",
    "fiona": "finance: reviews months, prepares payouts",
    "frank": "finance: closes months, approves payouts",
    "arthur": "auditor: sees everything, changes nothing",
    "olivia": "owner of an advertiser, in the portal",
    "felix": "finance of the same advertiser, in the portal",
    "vera": "viewer of the same advertiser, in the portal",
    "greta": "agency of the other advertisers, in the portal",
    "nora": "applied as an advertiser, in the portal",
    "marc": "was asked about an application, in the portal",
}
PORTAL = ("olivia", "felix", "vera", "greta", "nora", "marc")
ROLES = {
    "rita": roles.REVIEWER,
    "stella": roles.SENIOR_REVIEWER,
    "otto": roles.AD_OPERATIONS,
    "fiona": roles.FINANCE_PREPARER,
    "frank": roles.FINANCE_APPROVER,
    "arthur": roles.AUDITOR,
}


def staff() -> dict[str, User]:
    """The people by name, made where they are missing."""
    return {name: _person(name) for name in PEOPLE}


def _person(name: str) -> User:
    """Each logs in at once: the demo's addresses lead nowhere, so they are not asked to confirm them."""
    user = User.objects.filter(username=name).first()
    if user is None:
        rights = {"is_staff": name not in PORTAL, "is_superuser": name == "admin"}
        user = people.create(f"{name}@pulse.example", PASSWORD, username=name, **rights)
        if name in ROLES:
            user.groups.add(Group.objects.get(name=ROLES[name]))
    people.vouch_for_address(user)
    return user
