"""Statements in the admin: who may see a creator sees his statements only with the permission for them."""

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Month
from creators.models import Creator
from payouts.models import StatementFile
from pulse_site.models import Run
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def finance(client: Client) -> Client:
    rights = ("view_statementfile", "view_creator", "view_month")
    client.force_login(factories.staff("finance", *rights))
    return client


def test_a_creators_page_leads_to_his_statements(finance: Client, october: Month, ada: Creator) -> None:
    shown = finance.get(reverse("admin:creators_creator_change", args=[ada.pk])).content.decode()
    preview = reverse("admin:payouts_statement_preview", args=[ada.pk, "2026-10"])
    assert preview in shown
    assert "$61.67" in finance.get(preview).content.decode()
    for format in ("pdf", "csv"):
        answer = finance.get(reverse("admin:payouts_statement_file", args=[ada.pk, "2026-10", format]))
        assert answer.content == bytes(StatementFile.objects.get(format=format).content)


def test_a_signed_link_is_made_and_works(finance: Client, october: Month, ada: Creator) -> None:
    answer = finance.post(reverse("admin:payouts_statement_link", args=[ada.pk]))
    link = answer.context["link"]
    assert link in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert Client().get(link).status_code == 200


def test_a_months_statements_are_rendered_in_the_background(finance: Client, october: Month) -> None:
    page = reverse("admin:campaigns_month_change", args=["2026-10"])
    assert "0 files are stored" in finance.get(page).content.decode()
    finance.post(reverse("admin:payouts_statement_render", args=["2026-10"]))
    run = Run.objects.get(kind="render_statements")
    assert (run.kind, run.arguments, run.owner.username) == (
        "render_statements",
        {"code": "2026-10"},
        "finance",
    )


def addresses(creator: Creator) -> list[tuple[str, str]]:
    return [
        ("get", reverse("admin:payouts_statement_preview", args=[creator.pk, "2026-10"])),
        ("get", reverse("admin:payouts_statement_file", args=[creator.pk, "2026-10", "pdf"])),
        ("post", reverse("admin:payouts_statement_link", args=[creator.pk])),
        ("post", reverse("admin:payouts_statement_render", args=["2026-10"])),
    ]


@pytest.mark.parametrize(("rights", "status"), [(("view_creator", "view_earning"), 403), (None, 302)])
def test_without_the_permission_nothing_is_shown(
    client: Client, october: Month, ada: Creator, rights: tuple[str, ...] | None, status: int
) -> None:
    if rights:
        client.force_login(factories.staff("other", *rights))
    for method, address in addresses(ada):
        assert getattr(client, method)(address).status_code == status
    assert not StatementFile.objects.exists()
    assert not Run.objects.filter(kind="render_statements").exists()


def test_what_is_not_there_is_not_found(finance: Client, october: Month, ada: Creator) -> None:
    factories.month("2026-11")
    for page, arguments in (
        ("preview", [ada.pk, "2026-11"]),
        ("preview", [ada.pk + 99, "2026-10"]),
        ("file", [ada.pk, "2026-10", "exe"]),
        ("file", [ada.pk, "2026-09", "pdf"]),
    ):
        address = reverse(f"admin:payouts_statement_{page}", args=arguments)
        assert finance.get(address).status_code == 404
    for page, arguments in (("link", [ada.pk]), ("render", ["2026-10"])):
        address = reverse(f"admin:payouts_statement_{page}", args=arguments)
        assert finance.get(address).status_code == 405
    assert finance.post(reverse("admin:payouts_statement_render", args=["2026-11"])).status_code == 404
