"""Who is paid in the demo: most by ACH, some by PayPal, a few with something missing."""

import json

from django.utils import timezone

from creators.models import Creator
from payouts.models import Payee
from pulse_site.encryption import keyed_digest

BANK_ROUTING = "021000021"


def bring_in() -> int:
    """Give every creator who has an account the details by which he is paid; returns how many are new."""
    new = Creator.objects.filter(account__isnull=False, payee__isnull=True).order_by("pk")
    return len(Payee.objects.bulk_create(map(_payee, new), batch_size=1_000))


def _payee(creator: Creator) -> Payee:
    by_paypal = creator.pk % 10 == 3
    account = f"{creator.pk:010}"
    destination = (
        {"email": f"payee{creator.pk}@example.com"}
        if by_paypal
        else {"routing": BANK_ROUTING, "account": account, "account_type": "checking"}
    )
    text = json.dumps(destination)
    return Payee(
        creator=creator,
        legal_name=f"Payee {creator.pk}",
        country="US",
        method="paypal" if by_paypal else "ach",
        destination=text,
        destination_hint=f"…{account[-4:]}",
        destination_digest=keyed_digest(text),
        version=1,
        tax_form="w9",
        tax_status="missing" if creator.pk % 40 == 7 else "valid",
        backup_withholding=creator.pk % 25 == 4,
        screening="review" if creator.pk % 60 == 11 else "clear",
        screened_on=timezone.now().date(),
    )
