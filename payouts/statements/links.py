"""Links to statements: a creator has no account, so what he may see stands signed in the address.

A link names its creator and nothing else, is good for STATEMENT_LINK_DAYS, and opens every closed month of
his and nobody else's. It can't be guessed or changed: the signature covers who and when.
"""

import datetime

from django.conf import settings
from django.core import signing
from django.db.models import Min, QuerySet
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Month
from creators.models import Creator
from payouts.models import Account, Earning, Transfer
from pulse_site import audit
from pulse_site.models import User

SALT = "payouts.statements"
DAY_SECONDS = 86_400
Forged, Expired = signing.BadSignature, signing.SignatureExpired


def sign(creator: Creator) -> str:
    """The token of a new link."""
    return signing.dumps(creator.pk, salt=SALT)


def address(creator: Creator) -> str:
    """The path of a new link."""
    return reverse("statements:newest", args=[sign(creator)])


def issue(creator: Creator, by: User) -> str:
    """The path of a new link that `by` hands out, which is recorded."""
    last_day = timezone.now() + datetime.timedelta(days=settings.STATEMENT_LINK_DAYS)
    audit.record(by, "statement.link", creator, until=str(last_day.date()))
    return address(creator)


def creator_of(token: str) -> Creator:
    """Whom the link is for. Raises Expired for one that is too old, Forged for one that we never made."""
    age = settings.STATEMENT_LINK_DAYS * DAY_SECONDS
    found = Creator.objects.filter(pk=signing.loads(token, salt=SALT, max_age=age)).first()
    if found is None:
        raise Forged
    return found


def months_of(creator: Creator) -> QuerySet[Month]:
    """The closed months of which the creator has a statement, newest first: from his first one on.

    A month in which nothing happened has one too, so that each opening is the closing before it.
    """
    first = min(filter(None, [_first_earning(creator), _first_transfer(creator)]), default="9999-99")
    closed = Month.objects.filter(status=Month.Status.CLOSED, code__gte=first)
    return closed.select_related("terms").order_by("-code")


def _first_earning(creator: Creator) -> str | None:
    """The months are named, as the index of earnings starts with them."""
    months = list(Month.objects.values_list("code", flat=True))
    return Earning.objects.filter(month__in=months, creator=creator).aggregate(first=Min("month"))["first"]


def _first_transfer(creator: Creator) -> str | None:
    """By either side: an OR of both would read every transfer there is."""
    account = Account.objects.filter(creator=creator).first()
    sides = ("debit_account", "credit_account") if account else ()
    firsts = [Transfer.objects.filter(**{side: account}).aggregate(first=Min("month")) for side in sides]
    return min(filter(None, (each["first"] for each in firsts)), default=None)
