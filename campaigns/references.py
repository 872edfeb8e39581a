"""Makes the references by which the ad server knows campaigns and creatives.

They are drawn by lot: numbers in a row would tell an advertiser how much the others book. Letters and digits
that are easily taken for one another are left out, as people read them out on the telephone.
"""

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8  # a hundred thousand of them: one chance in 170 that any two are the same, and then it is refused


def new(prefix: str) -> str:
    """A reference such as P-7KQ4M2XD; `prefix` says of what."""
    return f"{prefix}-{''.join(secrets.choice(ALPHABET) for _ in range(LENGTH))}"
