"""The demo's payees: a file proposed by fiona and approved by frank, forms and screenings; some are held."""

import csv
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models.functions import Mod

from creators.models import Creator
from payouts import payees, screening
from payouts.models import Payee, PayeeChange
from pulse_site.feeds.run import import_file
from pulse_site.models import User

if TYPE_CHECKING:
    from payouts.demo.month import Demo

FIRST = ("Ada", "Ben", "Carla", "Dmitri", "Elena", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Leo")
LAST = (
    "Alvarez",
    "Brooks",
    "Chen",
    "Dubois",
    "Evans",
    "Fischer",
    "Garcia",
    "Haddad",
    "Ito",
    "Jansen",
    "Kaur",
)
CITIES = (("Albany", "NY", "12207"), ("Austin", "TX", "78701"), ("Denver", "CO", "80202"))
ROUTING = ("021000021", "011401533", "091000019")  # of real banks, as their check digits must be right
# One of so many creators stands out, by the remainder of his number: each reason to be held is there.
EVERY = 97
NO_PAYEE, HELD, CHANGE_OPEN, NO_FORM, EXPIRED, NOT_SCREENED, MATCH, BLOCKED, SHARED, WITHHELD = range(10)
HEADER = (
    "handle,legal name,company,street,city,region,postal code,country,email,method,routing,account,"
    "account type,iban,paypal email,wise recipient,tax form,tax number"
).split(",")


def enter(demo: "Demo") -> None:
    """Payees for the approved creators, as of well before the month is paid; nothing if they are there."""
    if Payee.objects.exists():
        return
    day = demo.first
    path = demo.folder / "payees.csv"
    demo.step("payees proposed by fiona", lambda: _propose(demo, path))
    demo.step("payees approved by frank, forms and screenings recorded", lambda: _approve(demo, day))


def _propose(demo: "Demo", path: Path) -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(_rows())
    return import_file("payees", path, name=path.name, options={}, by=demo.staff["fiona"])


def _rows() -> Iterator[tuple[Any, ...]]:
    approved = Creator.objects.filter(status=Creator.Status.APPROVED).order_by("pk")
    for number, handle in approved.values_list("pk", "handle").iterator():
        if number % EVERY != NO_PAYEE:
            yield handle, *_person(number), *_destination(number), *_tax(number)


def _person(number: int) -> tuple[str, ...]:
    name = f"{FIRST[number % 12]} {LAST[number % 11]}"
    if number % 10 == 3:
        return (
            f"{name} SARL",
            "yes",
            "1 rue de Rivoli",
            "Paris",
            "",
            "75001",
            "FR",
            f"pay{number}@pulse.example",
        )
    city, region, code = CITIES[number % 3]
    return (
        name,
        "no",
        f"{number % 900 + 1} Main Street",
        city,
        region,
        code,
        "US",
        f"pay{number}@pulse.example",
    )


def _destination(number: int) -> tuple[str, ...]:
    """By bank for most: French companies by SEPA, some by PayPal or Wise, a few of them to one account."""
    if number % 10 == 3:
        return "sepa", "", "", "", iban(number), "", ""
    if number % 10 == 5:
        return "paypal", "", "", "", "", f"pay{number}@pulse.example", ""
    if number % 10 == 7:
        return "wise", "", "", "", "", "", f"{40_000_000 + number}"
    account = 0 if number % EVERY == SHARED else number
    return "ach", ROUTING[account % 3], f"{4_000_000_000 + account}", "checking", "", "", ""


def _tax(number: int) -> tuple[str, str]:
    return ("w8bene", f"FR{number:09}") if number % 10 == 3 else ("w9", f"{900_000_000 + number}")


def iban(number: int) -> str:
    """A French IBAN of that account, with its check digits (ISO 7064, MOD 97-10)."""
    bank = f"3000600001{number:011}00"
    rest = int(f"{bank}{int('F', 36)}{int('R', 36)}00") % 97
    return f"FR{98 - rest:02}{bank}"


def _approve(demo: "Demo", day: datetime.date) -> None:
    fiona, frank = demo.staff["fiona"], demo.staff["frank"]
    with transaction.atomic():
        _decide(day, demo.yesterday, fiona, frank)


def _decide(day: datetime.date, yesterday: datetime.date, fiona: User, frank: User) -> None:
    proposed = PayeeChange.objects.filter(status=PayeeChange.Status.PROPOSED)
    payees.approve(proposed, frank, day - datetime.timedelta(days=30))
    everybody = Payee.objects.annotate(rest=Mod("pk", EVERY))

    def those(*rests: int) -> Any:
        return everybody.filter(rest__in=rests)

    screening.accept_form(everybody.exclude(rest__in=[NO_FORM, EXPIRED, WITHHELD]), frank)
    screening.withhold(those(WITHHELD), fiona)
    long_ago = datetime.date(day.year - 4, 6, 30)
    screening.receive_form(those(EXPIRED), Payee.TaxForm.W8BEN, long_ago, fiona)
    screening.accept_form(those(EXPIRED), frank)
    screening.screen(everybody.exclude(rest__in=[NOT_SCREENED, MATCH]), Payee.Screening.CLEAR, day, fiona)
    screening.screen(those(MATCH), Payee.Screening.MATCH, day, fiona)
    screening.block(those(BLOCKED), fiona, "The creator says that he has sold his account")
    for payee in those(HELD, CHANGE_OPEN).select_related("creator"):
        payees.propose(
            payee.creator, {"method": "paypal", "destination": {"email": f"new.{payee.email}"}}, fiona
        )
    held = PayeeChange.objects.annotate(rest=Mod("creator", EVERY)).filter(status="proposed", rest=HELD)
    if held.exists():
        payees.approve(held, frank, yesterday)
