"""New keys: what is encrypted is encrypted by the first key, and every digest of payees computed again.

After a new key was put before the others in ENCRYPTION_KEYS, so that the old one can be taken away; and after
a change of SECRET_KEY, by which the digests are keyed: until then nobody's bank details are those that were
approved, so nobody is paid. What the details say stays the same. Decided changes are rewritten too, for which
their guard is lifted. A payee and his changes go together, so that `verify` may look in between.

What is decrypted is believed here, as the old digests can't be computed any more: verify before the keys
change, and after.
"""

import json
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from creators.models import Creator
from payouts import details
from payouts.models import Payee, PayeeChange
from pulse_site import audit, guards
from pulse_site.accounts import second_factors
from pulse_site.models import User
from pulse_site.refusal import Refused

CHUNK = 500


def rekey(by: User) -> dict[str, Any]:
    """Encrypt all payees, changes and second factors anew; returns how many there are of each.

    May be killed, and run again from the start. Raises Refused when no key of the ring decrypts something.
    """
    payees = changes = last = 0
    while ids := list(_with_details().filter(pk__gt=last).values_list("pk", flat=True)[:CHUNK]):
        with transaction.atomic(), guards.lifted(PayeeChange._meta.db_table):
            try:
                payees += _payees(ids)
                changes += _changes(ids)
            except ValueError as error:
                raise Refused(f"Creators {ids[0]} to {ids[-1]}: {error} Add the one that did.") from None
        last = ids[-1]
    try:
        sealed = second_factors.seal_anew()
    except ValueError as error:
        raise Refused(f"Second factors: {error} Add the one that did.") from None
    audit.record(by, "payee.rekey", by, payees=payees, changes=changes)
    return {"payees": payees, "changes": changes, "second_factors": sealed}


def _with_details() -> QuerySet[Creator]:
    changes = PayeeChange.objects.filter(creator=OuterRef("pk"))
    return Creator.objects.filter(Q(payee__isnull=False) | Exists(changes)).order_by("pk")


def _payees(creators: list[int]) -> int:
    """That they are written is what encrypts them: by the first key."""
    payees = list(Payee.objects.select_for_update().filter(pk__in=creators).order_by("pk"))
    for payee in payees:
        payee.destination_digest = details.digest(payee.method, json.loads(payee.destination or "{}"))
        payee.tax_id_digest = details.tax_digest(payee.tax_id)
    Payee.objects.bulk_update(payees, ["destination", "destination_digest", "tax_id", "tax_id_digest"])
    return len(payees)


def _changes(creators: list[int]) -> int:
    changes = list(PayeeChange.objects.select_for_update().filter(creator__in=creators).order_by("pk"))
    for change in changes:
        change.destination_digest = details.proposed_digest(json.loads(change.proposed))
    PayeeChange.objects.bulk_update(changes, ["proposed", "destination_digest"])
    return len(changes)
