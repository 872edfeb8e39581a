"""Payees in the admin: who sees what of an account, who proposes, who approves; and nothing leaks."""

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from payouts import details, payees
from payouts.models import Payee, PayeeChange
from pulse_site import runs
from pulse_site.models import AuditEvent, Run, Upload, User
from tests import factories

ACCOUNT, TAX_ID = "000123456789", "987654321"
NEW_ACCOUNT = "5550001111"
SECRETS = (ACCOUNT, TAX_ID, NEW_ACCOUNT)
MAY_ALL = ("propose_payee_change", "approve_payee_change", "screen_payee")


@pytest.fixture
def payee(db: None) -> Payee:
    destination = {"routing": "021000021", "account": ACCOUNT, "account_type": "checking"}
    return factories.payee(factories.enrolled("ada"), destination=destination, tax_id=TAX_ID)


def person(name: str, *permissions: str) -> User:
    user = factories.staff(name, *permissions)
    looks = Permission.objects.filter(codename__startswith="view_").exclude(codename="view_payee_details")
    user.user_permissions.add(*looks)
    return user


@pytest.fixture
def paula(db: None) -> User:
    return person("paula", *MAY_ALL)


@pytest.fixture
def aron(db: None) -> User:
    return person("aron", *MAY_ALL)


def answers(method: str = "ach", **given: str) -> dict[str, str]:
    return {"legal_name": "Ada Lovelace", "country": "US", "tax_form": "w9", "tax_id": TAX_ID, **given}


ACH = {"to_account": NEW_ACCOUNT, "to_routing": "021000021", "to_account_type": "savings"}


def move(client: Client, record: Any, action: str, **form: str) -> str:
    name = f"admin:payouts_{record._meta.model_name}_move"
    return client.post(f"{reverse(name, args=[action])}?ids={record.pk}", form, follow=True).content.decode()


def test_details_are_proposed_by_one_and_approved_by_another(client: Client, paula: User, aron: User) -> None:
    creator = factories.enrolled("ada")
    client.force_login(paula)
    assert (
        "Enter payee details"
        in client.get(reverse("admin:creators_creator_change", args=[creator.pk])).content.decode()
    )
    address = reverse("admin:payouts_payee_propose", args=[creator.pk])
    page = client.get(f"{address}?method=sepa").content.decode()
    assert "to_iban" in page and 'to_account"' not in page
    shown = client.post(f"{address}?method=ach", answers(**ACH), follow=True).content.decode()
    change = PayeeChange.objects.get()
    assert "ACH ••1111" in shown
    assert "somebody else approves it" in move(client, change, "approve")
    assert not Payee.objects.exists()
    client.force_login(aron)
    assert "1 change approved." in move(client, change, "approve")
    assert Payee.objects.get().destination_hint == "ACH ••1111"


def test_a_wrong_proposal_says_why_and_keeps_what_was_typed(client: Client, paula: User) -> None:
    creator = factories.enrolled("ada")
    client.force_login(paula)
    address = reverse("admin:payouts_payee_propose", args=[creator.pk])
    shown = client.post(f"{address}?method=ach", answers(**ACH, tax_id="12")).content.decode()
    assert "nine digits" in shown
    assert "Ada Lovelace" in shown
    assert not PayeeChange.objects.exists()


def test_a_secret_that_is_left_blank_stays_as_it_is(client: Client, payee: Payee, paula: User) -> None:
    client.force_login(paula)
    address = reverse("admin:payouts_payee_propose", args=[payee.pk])
    page = client.get(address).content.decode()
    assert "Now ACH ••6789." in page
    form = {name: getattr(payee, name) for name in (*details.TEXTS, "tax_form")}
    client.post(address, {**form, "city": "Troy"})
    assert json.loads(PayeeChange.objects.get(status="proposed").proposed) == {"city": "Troy"}


def test_a_whole_file_is_approved_in_the_background(client: Client, paula: User, aron: User) -> None:
    upload = Upload.objects.create(feed="payees", name="payees.csv", uploaded_by=paula)
    change, _other = (_of_file(upload, handle) for handle in ("ada", "ben"))
    payees.propose(factories.enrolled("cleo"), _fields(), paula)
    client.force_login(aron)
    question = client.get(
        f"{reverse('admin:payouts_payeechange_move', args=['approve_file'])}?ids={change.pk}"
    )
    assert "changes of the file that wait" in question.content.decode()
    assert "are being approved" in move(client, change, "approve_file")
    runs.perform(Run.objects.get().pk)
    assert Run.objects.get().result == {"approved": 2}
    assert Payee.objects.count() == 2


def test_a_whole_file_is_rejected_at_once(client: Client, paula: User, aron: User) -> None:
    upload = Upload.objects.create(feed="payees", name="payees.csv", uploaded_by=paula)
    change, _other = (_of_file(upload, handle) for handle in ("ada", "ben"))
    client.force_login(aron)
    shown = move(client, change, "reject_file", reason="Last year's file")
    assert "2 changes rejected." in shown


def _of_file(upload: Upload, handle: str) -> PayeeChange:
    return PayeeChange.objects.create(
        creator=factories.enrolled(handle),
        upload=upload,
        proposed=json.dumps(_fields()),
        destination_digest=details.proposed_digest(_fields()),
        proposed_by=upload.uploaded_by,
    )


def _fields() -> dict[str, Any]:
    destination = {"routing": "021000021", "account": NEW_ACCOUNT, "account_type": "checking"}
    return {"legal_name": "Ada", "country": "US", "method": "ach", "destination": destination}


@pytest.mark.parametrize(
    ("action", "form", "told"),
    [
        ("block", {"reason": "Sold account"}, "1 moved."),
        ("screen", {"result": "match", "on": "2026-11-01"}, "1 moved."),
        ("receive_form", {"form": "w9", "received_on": "2026-11-01"}, "1 moved."),
        ("withhold", {}, "1 moved."),
        ("reject_form", {"reason": "Unsigned"}, "1 moved."),
        ("accept_form", {}, "make this step now"),
        ("screen", {"result": "match", "on": "2030-01-01"}, "still to come"),
    ],
)
def test_staff_record_by_buttons(
    client: Client, payee: Payee, paula: User, action: str, form: dict[str, str], told: str
) -> None:
    client.force_login(paula)
    assert told in move(client, payee, action, **form)


def test_who_blocked_is_told_that_somebody_else_unblocks(client: Client, payee: Payee, paula: User) -> None:
    client.force_login(paula)
    move(client, payee, "block", reason="Sold account")
    assert "somebody else takes this one" in move(client, payee, "unblock", reason="No")
    payee.refresh_from_db()
    assert payee.blocked


def test_a_page_offers_only_the_steps_that_can_be_taken(client: Client, payee: Payee, paula: User) -> None:
    client.force_login(paula)
    page = client.get(reverse("admin:payouts_payee_change", args=[payee.pk])).content.decode()
    offered = {action for action in _moves() if f"/payee/move/{action}/" in page}
    assert offered == {"receive_form", "reject_form", "withhold", "screen", "block"}


def _moves() -> Any:
    from payouts.screening import MOVES

    return MOVES


def test_no_page_nor_export_shows_a_number_to_who_may_not_see_it(
    client: Client, payee: Payee, paula: User
) -> None:
    change = payees.propose(payee.creator, {"destination": _fields()["destination"]}, paula)
    client.force_login(paula)
    pages = [
        reverse("admin:index"),
        reverse("admin:payouts_payee_changelist"),
        reverse("admin:payouts_payeechange_changelist"),
        reverse("admin:payouts_payee_change", args=[payee.pk]),
        reverse("admin:payouts_payee_history", args=[payee.pk]),
        reverse("admin:payouts_payeechange_change", args=[change.pk]),
        reverse("admin:payouts_payeechange_history", args=[change.pk]),
        reverse("admin:payouts_payee_propose", args=[payee.pk]),
        reverse("admin:creators_creator_change", args=[payee.pk]),
        reverse("admin:payouts_taxyear_change", args=[2026]),
        reverse("admin:payouts_taxyear_1099", args=[2026]),
        f"{reverse('admin:payouts_payeechange_move', args=['approve'])}?ids={change.pk}",
        f"{reverse('admin:payouts_payee_move', args=['block'])}?ids={payee.pk}",
    ]
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        text = answer.content.decode()
        assert not [secret for secret in SECRETS if secret in text], page
    for resource in ("0", "1"):
        answer = client.post(reverse("admin:payouts_payee_export"), {"format": "0", "resource": resource})
        assert not [secret for secret in SECRETS if secret in answer.getvalue().decode()]
    for name, pk in (("payee", payee.pk), ("payeechange", change.pk)):
        assert client.post(reverse(f"admin:payouts_{name}_in_full", args=[pk])).status_code == 403
    assert client.post(reverse("admin:payouts_taxyear_1099", args=[2026])).status_code == 403


def test_who_may_see_a_number_does_so_by_a_button_that_is_recorded(
    client: Client, payee: Payee, paula: User
) -> None:
    change = payees.propose(payee.creator, {"destination": _fields()["destination"]}, paula)
    seer = person("seer", "view_payee_details")
    client.force_login(seer)
    for record, secret in ((payee, ACCOUNT), (change, NEW_ACCOUNT)):
        name = f"admin:payouts_{record._meta.model_name}"
        assert secret not in client.get(reverse(f"{name}_change", args=[record.pk])).content.decode()
        assert client.get(reverse(f"{name}_in_full", args=[record.pk])).status_code == 405
        answer = client.post(reverse(f"{name}_in_full", args=[record.pk]))
        assert secret in answer.content.decode()
        assert "no-store" in answer["Cache-Control"]
    seen = AuditEvent.objects.filter(action="payee.see")
    assert set(seen.values_list("actor_label", "subject_key")) == {
        ("seer", str(payee.pk)),
        ("seer", str(change.pk)),
    }


def exported(client: Client, resource: str) -> list[dict[str, str]]:
    answer = client.post(reverse("admin:payouts_payee_export"), {"format": "0", "resource": resource})
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


def test_an_export_is_masked_or_in_full_and_then_recorded(client: Client, payee: Payee) -> None:
    client.force_login(person("seer", "view_payee_details"))
    (masked,), (full,) = exported(client, "0"), exported(client, "1")
    assert (masked["bank details (masked)"], masked["tax number (masked)"]) == ("ACH ••6789", "•••••4321")
    assert (masked["payable"], masked["reasons"], masked["handle"]) == ("yes", "", "ada")
    assert (full["account"], full["routing"], full["tax number"]) == (ACCOUNT, "021000021", TAX_ID)
    event = AuditEvent.objects.get(action="payee.export")
    assert (event.actor_label, event.subject_key) == ("seer", str(payee.pk))


def test_a_full_export_comes_back_as_unchanged(
    client: Client, payee: Payee, paula: User, tmp_path: Any
) -> None:
    from pulse_site.feeds.run import import_file

    client.force_login(person("seer", "view_payee_details"))
    for resource in ("0", "1"):
        answer = client.post(reverse("admin:payouts_payee_export"), {"format": "0", "resource": resource})
        path = tmp_path / f"{resource}.csv"
        path.write_bytes(answer.getvalue())
        summary = import_file("payees", path, name="back.csv", options={}, by=paula)
        assert (summary["unchanged"], summary["rejected"]) == (1, 0), resource


@pytest.mark.parametrize(
    ("value", "handles"), [("yes", {"ada"}), ("no", {"ben"}), ("blocked", {"ben"}), ("held", set())]
)
def test_the_list_is_filtered_by_payable_and_by_reason(
    client: Client, payee: Payee, paula: User, value: str, handles: set[str]
) -> None:
    factories.payee(factories.enrolled("ben"), blocked=True)
    client.force_login(paula)
    page = client.get(f"{reverse('admin:payouts_payee_changelist')}?payable={value}").content.decode()
    assert {handle for handle in ("ada", "ben") if f">@{handle}<" in page} == handles


def test_the_creators_page_says_why_he_is_not_payable(client: Client, payee: Payee, paula: User) -> None:
    Payee.objects.update(blocked=True, tax_status="received")
    client.force_login(paula)
    for name, pk in (("creators_creator", payee.pk), ("payouts_payee", payee.pk)):
        page = client.get(reverse(f"admin:{name}_change", args=[pk])).content.decode()
        assert "not payable" in page
        assert "Blocked" in page and "No valid tax form" in page


def test_no_field_of_a_payee_is_an_input(client: Client, payee: Payee, administrator: User) -> None:
    client.force_login(administrator)
    address = reverse("admin:payouts_payee_change", args=[payee.pk])
    assert 'name="legal_name"' not in client.get(address).content.decode()
    assert client.post(address, {"legal_name": "Mallory"}).status_code == 403


@pytest.mark.django_db
@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL sorts a small table whatever its indexes"
)
@pytest.mark.parametrize("query", ["", "?payable=yes", "?payable=no", "?method__exact=ach"])
def test_the_list_of_payees_is_never_sorted(client: Client, administrator: User, query: str) -> None:
    client.force_login(administrator)
    with CaptureQueriesContext(connection) as asked:
        client.get(f"{reverse('admin:payouts_payee_changelist')}{query}")
    rows = [q["sql"] for q in asked if 'FROM "payouts_payee"' in q["sql"] and "COUNT" not in q["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {rows[0]}".replace("%", "%%"))
        assert not [step for *_ids, step in cursor.fetchall() if "TEMP B-TREE" in step]


@given(st.text("0123456789ABCDEFGH", max_size=40), st.sampled_from(["ach", "sepa", "wise"]))
def test_a_hint_never_shows_more_than_four_characters_nor_half_of_a_number(number: str, method: str) -> None:
    key = {"ach": "account", "sepa": "iban", "wise": "recipient_id"}[method]
    shown = details.hint(method, {key: number}).rpartition("•")[2]
    assert len(shown) <= 4
    assert number.endswith(shown) and len(shown) <= len(number) // 2
    assert details.tax_hint(number).count("•") in (0, 5)
    assert len(details.tax_hint(number).strip("•")) <= 4


@given(st.emails())
def test_a_hint_of_an_address_shows_its_first_letter(email: str) -> None:
    hint = details.hint("paypal", {"email": email})
    assert hint.startswith(f"{email[0]}•••@")
    assert len(hint.partition("@")[0]) == 4


def test_creators_with_one_account_have_one_digest_however_it_is_written() -> None:
    first = details.digest("ach", {"routing": "1", "account": "22", "account_type": "savings"})
    same = details.digest("ach", {"account": "22", "routing": "1", "account_name": "X"})
    assert first == same
    assert first != details.digest("ach", {"routing": "12", "account": "2"})
    assert details.digest("manual", {}) == ""
