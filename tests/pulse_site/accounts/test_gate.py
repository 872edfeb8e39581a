"""Who must have a second factor reaches nothing before he has shown one."""

import re
from collections.abc import Iterator

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from pytest_django.fixtures import Settings

from campaigns.models import Member
from pulse_site.accounts import second_factors
from pulse_site.models import User
from tests import factories
from tests.pulse_site.accounts.codes import app_of, code
from tests.pulse_site.accounts.door import PASSWORD, enter, log_in
from tests.pulse_site.test_settings import PRODUCTION, manage

pytestmark = pytest.mark.django_db
SET_UP = "/account/2fa/"
OPEN_TO_ALL = {"healthz", "readyz", "set_language", "account_logout"}
OPEN_TO_SET_UP = {"mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "account_reauthenticate"}


def addresses(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    """An address of every page there is, whatever app it belongs to."""
    for pattern in resolver.url_patterns:
        route = re.sub(r"\(\?P<\w+>(\w+)?[^)]*\)", lambda group: group[1] or "1", str(pattern.pattern))
        route = re.sub(r"<[^>]*>", "1", re.sub(r"^\^|\$$|\\Z$", "", route))
        if isinstance(pattern, URLPattern):
            yield before + route
        else:
            yield from addresses(pattern, before + route)


EVERYWHERE = sorted(set(addresses(get_resolver())))


def page(address: str) -> str:
    return resolve(address).view_name


@pytest.fixture
def stopped(required: None, client: Client) -> Client:
    return client


def leads_to_set_up(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith(SET_UP)


def test_the_walk_knows_the_whole_house() -> None:
    pages = {page(address) for address in EVERYWHERE}
    assert len(EVERYWHERE) > 200
    assert {"admin:index", "admin:creators_creator_changelist", "portal:campaign", "statements:file"} <= pages


@pytest.mark.parametrize("name", ["reviewer", "administrator", "owner", "hidden-superuser"])
def test_who_must_have_one_and_has_none_reaches_only_its_set_up(
    name: str, stopped: Client, request: pytest.FixtureRequest
) -> None:
    if name == "hidden-superuser":
        person = factories.user(name, is_superuser=True)
    else:
        person = request.getfixturevalue(name)
    stopped.force_login(person)
    for address in EVERYWHERE:
        if page(address) in OPEN_TO_ALL | OPEN_TO_SET_UP:
            continue
        assert leads_to_set_up(stopped.get(address)), address
        assert leads_to_set_up(stopped.post(address, {"post": "yes"})), address
    assert stopped.get(SET_UP).status_code == 200


def test_a_colleague_who_only_looks_needs_none(stopped: Client, member: User) -> None:
    stopped.force_login(member)
    assert stopped.get("/", follow=True).status_code == 200
    member.memberships.update(role=Member.Role.OWNER)
    assert leads_to_set_up(stopped.get("/"))


def test_it_is_not_asked_for_where_the_setting_is_off(client: Client, reviewer: User) -> None:
    client.force_login(reviewer)
    assert client.get("/admin/").status_code == 200


def test_an_app_is_set_up_and_everything_opens(stopped: Client, reviewer: User, commits: None) -> None:
    log_in(stopped, "reviewer")
    assert leads_to_set_up(stopped.get("/admin/creators/creator/?q=x"))
    activate = reverse("mfa_activate_totp")
    secret = stopped.get(activate).context["form"].secret
    assert "Incorrect code" in stopped.post(activate, {"code": "000000"}).content.decode()
    done = stopped.post(activate, {"code": code(secret)})
    assert done["Location"] == reverse("mfa_view_recovery_codes")
    codes = stopped.get(done["Location"])
    assert len(codes.context["unused_codes"]) == 10
    assert stopped.get("/admin/").status_code != 302
    assert secret not in str(Authenticator.objects.values_list("data", flat=True))


def test_the_password_is_asked_for_again_a_while_after_the_log_in(stopped: Client, reviewer: User) -> None:
    activate, asks = reverse("mfa_activate_totp"), reverse("account_reauthenticate")
    with time_machine.travel("2026-11-25 10:00:00+00:00", tick=False) as clock:
        log_in(stopped, "reviewer")
        assert stopped.get(activate).status_code == 200
        clock.shift(301)
        assert stopped.get(activate)["Location"].startswith(asks)
        assert stopped.post(f"{asks}?next={activate}", {"password": "wrong"}).status_code == 200
        assert stopped.get(activate).status_code == 302
        stopped.post(f"{asks}?next={activate}", {"password": PASSWORD})
        assert stopped.get(activate).status_code == 200


def test_a_session_from_before_must_show_it_and_may_not_add_another(
    stopped: Client, reviewer: User, settings: Settings
) -> None:
    """Or whoever knew the password alone, and was inside, would stay there."""
    settings.SECOND_FACTOR_REQUIRED = False
    log_in(stopped, "reviewer")
    settings.SECOND_FACTOR_REQUIRED = True
    secret = app_of(reviewer)
    show = reverse("mfa_reauthenticate")
    for name in (*OPEN_TO_SET_UP, "admin:index", "account_email", "mfa_deactivate_totp", "mfa_list_webauthn"):
        for answer in (stopped.get(reverse(name)), stopped.post(reverse(name), {"password": PASSWORD})):
            assert answer.status_code == 302
            assert answer["Location"].startswith(show), name
    assert reverse("account_reauthenticate") not in stopped.get(show).content.decode()
    stopped.post(show, {"code": "000000"})
    assert stopped.get("/admin/").status_code == 302
    assert stopped.post(f"{show}?next=/admin/", {"code": code(secret)})["Location"] == "/admin/"
    assert stopped.get("/admin/").status_code == 200


def test_the_second_factor_of_one_person_is_not_another_s(stopped: Client, reviewer: User) -> None:
    session = stopped.session
    session[second_factors.SHOWN] = factories.user("other", is_staff=True).pk
    session.save()
    app_of(reviewer)
    stopped.force_login(reviewer)
    assert stopped.get("/admin/").status_code == 302


def test_who_takes_his_last_one_away_sets_up_another(stopped: Client, reviewer: User) -> None:
    log_in(stopped, "reviewer")
    secret = app_of(reviewer)
    stopped.post(reverse("account_logout"))
    log_in(stopped, "reviewer")
    enter(stopped, code(secret))
    assert stopped.get("/admin/").status_code == 200
    Authenticator.objects.all().delete()
    assert leads_to_set_up(stopped.get("/admin/"))


def test_the_gate_asks_the_database_once_of_who_has_passed(
    stopped: Client, reviewer: User, settings: Settings
) -> None:
    secret = app_of(reviewer)
    log_in(stopped, "reviewer")
    enter(stopped, code(secret))
    asked = []
    for settings.SECOND_FACTOR_REQUIRED in (True, False):
        with CaptureQueriesContext(connection) as queries:
            stopped.get("/admin/")
        asked.append(len(queries))
    assert asked[0] == asked[1] + 1


@pytest.mark.parametrize(("setting", "debug", "asked_for"), [
    ("", "on", "False"), ("", "off", "True"), ("on", "on", "True"), ("off", "off", "False"),
])  # fmt: skip
def test_it_is_asked_for_in_production_unless_somebody_says_no(
    setting: str, debug: str, asked_for: str
) -> None:
    environment = PRODUCTION | {"DEBUG": debug} | ({"SECOND_FACTOR_REQUIRED": setting} if setting else {})
    code = "from django.conf import settings; print(settings.SECOND_FACTOR_REQUIRED)"
    assert manage("shell", "-v", "0", "-c", code, **environment).stdout.strip() == asked_for
