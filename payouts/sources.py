"""What the transfers should be, by what they were posted for: earnings, payouts, adjustments, manual entries.

Each is there twice, as it was posted and as its source says; a transfer that was changed, added or taken away
behind the database's back no longer agrees. `verify` names it, and the exported journal leaves it out of
balance, so that hledger or beancount name it too. So does it with what no source knows, a moment or a reason,
where that is not as it was sealed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db import connection

from campaigns.models import Month
from payouts import adjustments, batches, entries, ledger, months, seals
from payouts.models import Seal, Transfer

SHOWN = 100  # rows under a seal that are named
# Debit account and credit account (ids), micros, and the month if the source says it.
Body = tuple[int, int, int, str]


@dataclass(frozen=True)
class Source:
    """The transfers of some kinds, of a month if it is given: by kind what `ledger.post` was given.

    All kinds that are posted for one reason stand together, so that the transfers are gone through once.
    """

    rule: str
    says: str
    posted: Mapping[str, str]
    month: str = ""

    def mismatches(self) -> list[str]:
        """Keys, at most a hundred for each kind, of the transfers that are not what the source says."""
        return ledger.mismatches(self.posted, self._values, self.month)

    def bodies(self, keys: list[str]) -> dict[str, Body]:
        """Those of `keys` that the source wants, as it wants them; none that is there as another kind."""
        listed = ", ".join(["%s"] * len(keys)) or "NULL"
        with connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT key, debit_account_id, credit_account_id, amount_micros
                      FROM ({ledger.together(self.posted)}) given
                     WHERE key IN ({listed})
                       AND NOT EXISTS (SELECT 1 FROM payouts_transfer other
                                        WHERE other.key = given.key AND other.kind <> given.kind)""",  # noqa: S608
                [*self._values, *keys],
            )
            return {key: (*body, self.month) for key, *body in cursor.fetchall()}

    @property
    def _values(self) -> list[str]:
        """The month, wherever they ask for it."""
        return [self.month] * ledger.together(self.posted).count("%s") if self.month else []


def sources() -> Iterator[Source]:
    """The source of every transfer that there may be."""
    for month in Month.objects.filter(status=Month.Status.CLOSED):
        yield Source("transfers of months", f"the earnings of {month} say", months.POSTED, month.code)
    paid = {kind: movement.format(where=which) for kind, (movement, which) in batches.POSTED.items()}
    yield Source("transfers of batches", "the payouts say", paid)
    which = "own.month_id IS NOT NULL"
    corrected = {kind: wanted.format(which=which) for kind, wanted in adjustments.POSTED.items()}
    yield Source("transfers of corrections", "the adjustments say", corrected)
    yield Source("transfers of entries", "its manual entry says", {Transfer.Kind.ENTRY: entries.POSTED})


def disagreements(month: str | None = None) -> dict[str, Body | None]:
    """Keys of the transfers, of `month` or all, that are not what they should be, and what each should be.

    None where it should not be at all, or where two sources speak of it, as its kind or month was changed.
    """
    found: dict[str, Body | None] = {}
    for source in sources():
        if source.month and month and source.month != month:
            continue
        if keys := source.mismatches():
            bodies = source.bodies(keys)
            found |= {key: None if key in found else bodies.get(key) for key in keys}
    for key in _not_as_sealed(month):
        found.setdefault(key, None)
    return found


def _not_as_sealed(month: str | None) -> Iterator[str]:
    for seal in seals.broken(Seal.Subject.TRANSFERS):
        changed = Transfer.objects.filter(pk__in=seal.changed[:SHOWN])
        yield from (changed.filter(month=month) if month else changed).values_list("key", flat=True)
