"""What `verify` finds wrong with payment files, beyond their counts and sums."""

import hashlib
import re
from collections.abc import Iterator

from payouts.batches import issued
from payouts.models import PaymentFile, Payout, payment_reference

REFERENCES = re.compile(rb"P\d{9,14}")


def breaches() -> Iterator[str]:
    """Files whose bytes are not those that were rendered, that lack a payment, or that the manifests don't
    know; and payments that only the manifests know."""
    for file in PaymentFile.objects.order_by("pk").iterator(1):
        content = bytes(file.content)
        if hashlib.sha256(content).hexdigest() != file.sha256:
            yield f"the content of {file} does not fit its SHA-256"
        named = {found.decode() for found in REFERENCES.findall(content)}
        inside = Payout.objects.filter(file=file).values_list("pk", flat=True)
        if lacking := sorted({payment_reference(pk) for pk in inside.iterator()} - named):
            yield f"{file} lacks the payment {lacking[0]}"
    yield from issued.breaches()
