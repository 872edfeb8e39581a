"""The link by which a creator accepts the terms: he has no account, so what he may do stands signed in it.

Whoever was approved is sent a link to the terms in his language; when he accepts them he earns from that day
on. The link names the creator and nothing else, is good for TERMS_LINK_DAYS, and can't be guessed or changed.
What he accepted, when and in which language is kept as a row that nobody changes.
"""

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from creators import enrolments
from creators.models import Creator, ProgrammeTerms
from pulse_site import audit, mail
from pulse_site.models import User
from pulse_site.refusal import Refused

SALT = "creators.terms"
DAY_SECONDS = 86_400
AT_ONCE = 500
Forged, Expired = signing.BadSignature, signing.SignatureExpired


def address(creator: Creator) -> str:
    """The path of a new link."""
    return reverse("terms:accept", args=[signing.dumps(creator.pk, salt=SALT)])


def creator_of(token: str) -> Creator:
    """Whom the link is for. Raises Expired for one that is too old, Forged for one that we never made."""
    age = settings.TERMS_LINK_DAYS * DAY_SECONDS
    found = Creator.objects.filter(pk=signing.loads(token, salt=SALT, max_age=age)).first()
    if found is None:
        raise Forged
    return found


def waiting() -> QuerySet[Creator]:
    """The approved who have yet to accept the terms and were never sent a link, and who have an address."""
    return Creator.objects.filter(
        status=Creator.Status.APPROVED, terms_accepted_on=None, invited_at=None
    ).exclude(email="")


def invite(creator: Creator, by: User | None = None) -> None:
    """Send the creator a new link; he may have had one before.

    Raises Refused when there is no address to send it to, or nothing that he could accept.
    """
    if not creator.email:
        raise Refused(_("%(creator)s has no e-mail address; enter one first.") % {"creator": creator})
    if creator.status != Creator.Status.APPROVED or creator.terms_accepted_on:
        raise Refused(_("Only who is approved and has not accepted the terms is sent a link to them."))
    with transaction.atomic():
        _send(creator)
        audit.record(by, "creator.invite", creator)


def invite_waiting() -> int:
    """Send a link to each creator who waits for his first; returns how many. May be stopped and run again.

    In pieces, each with its own transaction: a link that was sent is not sent again.
    """
    sent = 0
    while True:
        with transaction.atomic():
            found = waiting().order_by("pk").select_for_update(skip_locked=True)[:AT_ONCE]
            chosen = list(found)
            for creator in chosen:
                _send(creator)
        sent += len(chosen)
        if len(chosen) < AT_ONCE:
            return sent


def accept(creator: Creator, language: str) -> bool:
    """The creator accepts the terms in force, by his link; returns whether he does so for the first time.

    Raises Refused when he is not approved, or no terms are in force.
    """
    today = timezone.localdate()
    with transaction.atomic():
        held = Creator.objects.select_for_update().get(pk=creator.pk)
        if held.terms_accepted_on:
            return False
        if held.status != Creator.Status.APPROVED:
            raise Refused(_("You can accept the terms once you are approved."))
        return bool(enrolments.accept_terms(Creator.objects.filter(pk=held.pk), today, language=language))


def _send(creator: Creator) -> None:
    mail.post(
        creator.email,
        "terms",
        creator.language,
        creator=creator,
        path=address(creator),
        days=settings.TERMS_LINK_DAYS,
        terms=ProgrammeTerms.objects.in_force(timezone.localdate()),
    )
    Creator.objects.filter(pk=creator.pk).update(invited_at=timezone.now())
