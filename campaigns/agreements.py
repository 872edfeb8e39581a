"""The agreement with advertisers: which version is in force, and who has accepted it.

A version is in force from the day on which it starts until the next one does. Who accepted an earlier one
keeps running what he booked, and books nothing more before an owner has accepted the new one (booking.py).
"""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Advertiser, Agreement, AgreementAcceptance
from pulse_site import audit
from pulse_site.models import User
from pulse_site.refusal import Refused


def current(day: datetime.date | None = None) -> Agreement:
    """The version in force on `day` (UTC, today unless given)."""
    return Agreement.objects.in_force(day or timezone.now().date()).get()


def accept(advertiser: Advertiser, version: int, by: User) -> None:
    """Write down that `by` accepts `version` for the advertiser; once is as good as twice.

    Raises Refused when another version is in force than the one that he was shown.
    """
    agreement = current()
    if agreement.version != version:
        raise Refused(_("Another version of the agreement is in force by now. Please read that one."))
    with transaction.atomic():
        _acceptance, created = AgreementAcceptance.objects.get_or_create(
            advertiser=advertiser, agreement=agreement, defaults={"accepted_by": by}
        )
        if created:
            audit.record(by, "advertiser.agree", advertiser, version=version)


def acceptance(advertiser: Advertiser) -> AgreementAcceptance | None:
    """Who accepted the version in force, and when; None when nobody has."""
    accepted = advertiser.acceptances.filter(agreement=current())
    return accepted.select_related("agreement", "accepted_by").first()
