"""The demo's log-ins: each with what his role may do, all with one printed password."""

from django.contrib.auth.models import Permission
from django.db.models import Q

from pulse_site.models import User

PASSWORD = "pulse-demo-only"  # noqa: S105 - the demo's log-ins are printed on purpose
PEOPLE = {
    "admin": "administrator",
    "rita": "reviews creators",
    "fiona": "finance: reviews months, prepares payouts",
    "frank": "finance: closes months, approves payouts",
    "arthur": "auditor: sees everything, changes nothing",
    "olivia": "owner of an advertiser, in the portal",
}
MAY = {
    "rita": ["review_creator", "change_creator"],
    "fiona": [
        "review_month",
        "prepare_batch",
        "download_paymentfile",
        "add_upload",
        "apply_upload",
        "prepare_correction",
        "prepare_entry",
        "answer_dispute",
        "propose_payee_change",
        "screen_payee",
    ],
    "frank": [
        "close_month",
        "approve_batch",
        "approve_correction",
        "approve_entry",
        "approve_payee_change",
        "view_payee_details",
    ],
    "arthur": [],
}


def staff() -> dict[str, User]:
    """The people by name, made where they are missing."""
    return {name: _person(name) for name in PEOPLE}


def _person(name: str) -> User:
    user, created = User.objects.get_or_create(
        username=name,
        defaults={
            "is_staff": name != "olivia",
            "is_superuser": name == "admin",
            "email": f"{name}@pulse.example",
        },
    )
    if created:
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
        if name in MAY:
            looks = Q(codename__startswith="view_") & ~Q(codename="view_payee_details")
            may = looks | Q(codename__in=MAY[name])
            user.user_permissions.set(Permission.objects.filter(may))
    return user
