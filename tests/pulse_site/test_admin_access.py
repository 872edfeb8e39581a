"""Who gets what from the admin: every page of every model, asked by everybody."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from creators import bulk
from creators.models import Bulk, Creator, Flag, SavedView
from pulse_site import roles
from pulse_site.admin.model_admin import ViewOnlyAdmin
from pulse_site.admin.moves import MovingAdmin
from pulse_site.models import User
from tests import desk, factories

# The creators' desk, beside the pages of the models: what is asked, how it answers, and the roles that it
# answers so. Who is staff and has no role is refused, who is nobody is asked to log in.
EVERYBODY = tuple(roles.LABELS)
REVIEWERS = (roles.REVIEWER, roles.SENIOR_REVIEWER)
KEEP_VIEWS = (*REVIEWERS, roles.AD_OPERATIONS, roles.ADMINISTRATOR)
SENIOR = (roles.SENIOR_REVIEWER,)
DESK: dict[tuple[str, str, int], tuple[str, ...]] = {
    ("get", "creator/?status=pending", 200): EVERYBODY,
    ("get", "creator/?status=all&q=crea&o=-4", 200): EVERYBODY,
    ("get", "creator/export/", 200): EVERYBODY,
    ("get", "creator/{creator}/change/", 200): EVERYBODY,
    ("get", "creator/add/", 200): SENIOR,
    ("get", "creator/next/", 302): REVIEWERS,
    **{
        ("get", f"creator/move/{move}/?ids={{creator}}", 200): REVIEWERS
        for move in admin.site._registry[Creator].moves
    },
    ("post", "creator/move/flag/?ids={creator}", 200): REVIEWERS,
    ("get", "flag/", 200): EVERYBODY,
    ("get", "flag/{flag}/change/", 200): EVERYBODY,
    ("get", "flag/move/resolve/?ids={flag}", 200): REVIEWERS,
    ("post", "flag/move/resolve/?ids={flag}", 200): REVIEWERS,
    ("get", "savedview/", 200): EVERYBODY,
    ("get", "savedview/add/?query=status%3Dall", 200): KEEP_VIEWS,
    ("post", "savedview/add/", 200): KEEP_VIEWS,
    ("get", "decisionreason/add/", 200): SENIOR,
    ("get", "decision/desk/", 200): EVERYBODY,
    **{
        ("get", f"decision/desk/{report}.csv", 200): EVERYBODY
        for report in ("decisions", "ages", "queue", "approvals", "reversals")
    },
    ("get", "decision/desk/nothing.csv", 404): EVERYBODY,
    ("get", "decision/automation/", 200): EVERYBODY,
    ("get", "bulk/", 200): EVERYBODY,
    ("get", "bulk/{bulk}/change/", 200): EVERYBODY,
    ("get", "bulk/{bulk}/results.csv", 200): EVERYBODY,
    ("get", "bulk/add/?_view=status%3Dpending", 200): SENIOR,
    ("post", "bulk/add/?_view=status%3Dpending", 200): SENIOR,
    ("get", "bulk/{bulk}/staying.csv", 200): SENIOR,
    ("get", "bulk/{bulk}/undo/", 302): SENIOR,  # nothing is decided yet
    ("post", "bulk/{bulk}/undo/", 302): SENIOR,
    ("post", "bulk/{bulk}/decide/", 302): SENIOR,
    ("post", "bulk/{bulk}/cancel/", 302): SENIOR,
    ("get", "bulk/{bulk}0/undo/", 404): SENIOR,
    ("post", "bulk/{bulk}0/decide/", 404): SENIOR,
}

# The lineups, their terms and what-if, likewise. Days are thinned by a command alone.
DECIDE_ON_TERMS = (roles.FINANCE_PREPARER, roles.FINANCE_APPROVER, roles.ADMINISTRATOR)
PROPOSE = (roles.FINANCE_PREPARER, roles.ADMINISTRATOR)
APPROVE = (roles.FINANCE_APPROVER,)
SORT = (roles.SENIOR_REVIEWER, roles.AD_OPERATIONS)
LINEUPS: dict[tuple[str, str, int], tuple[str, ...]] = {
    **{
        ("get", f"campaigns/placementrun/{page}", status): EVERYBODY
        for page, status in (
            ("", 200),
            ("export/", 200),
            ("{run}/change/", 200),
            ("{run}/lineup.csv", 200),
            ("{run}/lineup.xlsx", 200),
            ("{run}/lineup.pdf", 404),
            ("browse/", 200),
            ("browse/?run={run}&show=out", 200),
            ("browse.csv", 200),
            ("browse.xlsx", 200),
            ("browse.pdf", 404),
            ("explain/", 200),
            ("explain/?video={video}&day={day}", 200),
        )
    },
    ("get", "campaigns/placementrun/add/", 403): (),
    ("get", "creators/video/{video}/change/", 200): EVERYBODY,
    **{
        (method, f"creators/video/move/{move}/?ids={{video}}", 200): SORT
        for method in ("get", "post")
        for move in ("recategorise", "take-back")
    },
    ("get", "payouts/earning/funnel/{creator}/", 200): EVERYBODY,
    ("get", "payouts/earning/funnel/{creator}/?month=2026-10&step=lineup&lost=1", 200): EVERYBODY,
    ("get", "payouts/earning/funnel/0/", 404): EVERYBODY,
    ("get", "campaigns/month/what-if/", 200): DECIDE_ON_TERMS,
    ("post", "campaigns/month/what-if/", 200): DECIDE_ON_TERMS,
    ("get", "campaigns/month/what-if/?{asked}", 200): DECIDE_ON_TERMS,
    ("get", "campaigns/month/what-if/summary.csv?{asked}", 200): DECIDE_ON_TERMS,
    ("get", "campaigns/month/what-if/videos.xlsx?{asked}", 200): DECIDE_ON_TERMS,
    ("get", "campaigns/month/what-if/creators.csv?{asked}", 404): DECIDE_ON_TERMS,  # no month was asked for
    ("get", "campaigns/month/what-if/nothing.csv?{asked}", 404): DECIDE_ON_TERMS,
    ("get", "creators/programmeterms/", 200): EVERYBODY,
    ("get", "creators/programmeterms/{terms}/change/", 200): EVERYBODY,
    ("get", "creators/programmeterms/add/", 200): PROPOSE,
    ("post", "creators/programmeterms/add/", 200): PROPOSE,
    ("get", "creators/programmeterms/move/withdraw/?ids={terms}", 200): PROPOSE,
    ("post", "creators/programmeterms/move/withdraw/?ids={terms}", 200): PROPOSE,  # another's: refused
    ("get", "creators/programmeterms/move/approve/?ids={terms}", 200): APPROVE,
    ("get", "creators/programmeterms/move/refuse/?ids={terms}", 200): APPROVE,
    ("post", "creators/programmeterms/move/refuse/?ids={terms}", 200): APPROVE,  # a reason is missing
    ("post", "creators/programmeterms/move/approve/?ids={terms}", 302): APPROVE,
}

PEOPLE = ("nobody", "plain", "reviewer", "finance", "auditor", "administrator")
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
PAGES = ("changelist", "add", "change", "history")
# The apps whose models each may see, and the models that he may add.
SEES = {
    "reviewer": {"creators"},
    "finance": {"campaigns", "payouts"},
    "auditor": {"pulse_site", "creators", "campaigns", "payouts", "auth"},
}
ADDS = {"reviewer": {"creator"}, "finance": {"campaign"}}
ADDED_BY_JOBS = {
    "decision",
    "transfer",
    "month",
    "earning",
    "run",
    "delivery",
    "placementrun",
    "seal",
    "auditevent",
    "mail",
    "applicationform",
}


@pytest.fixture
def person(db: None) -> Callable[[str], Client]:
    """A browser in which that person is logged in."""

    def logged_in(name: str) -> Client:
        client = Client()
        if name != "nobody":
            client.force_login(_user(name))
        return client

    return logged_in


def _user(name: str) -> User:
    user = factories.user(name, is_staff=True, is_superuser=name == "administrator")
    seen = Permission.objects.filter(
        content_type__app_label__in=SEES.get(name, ()), codename__startswith="view_"
    )
    user.user_permissions.set(
        [*seen, *Permission.objects.filter(codename__in=[f"add_{model}" for model in ADDS.get(name, ())])]
    )
    return user


def address(model: type[Model], page: str) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    if page in ("change", "history", "delete"):
        return reverse(name, args=[model._default_manager.first().pk])
    return reverse(name)


def status(name: str, model: type[Model], page: str) -> int:
    if name == "nobody":
        return 302
    if page == "add":
        # A bulk decision is prepared on a page of its own, by a permission of its own.
        by_jobs = isinstance(admin.site._registry[model], ViewOnlyAdmin) and model is not Bulk
        may = not by_jobs and (name == "administrator" or model._meta.model_name in ADDS.get(name, ()))
    else:
        may = name == "administrator" or model._meta.app_label in SEES.get(name, ())
    return 200 if may else 403


@pytest.mark.parametrize("name", PEOPLE)
def test_every_page_of_every_model_answers_each_person_as_the_table_says(
    name: str, person: Callable[[str], Client]
) -> None:
    desk.fill(1)
    browser = person(name)
    given = {
        (model._meta.label, page): browser.get(address(model, page)).status_code
        for model in MODELS
        for page in PAGES
    }
    assert given == {
        (model._meta.label, page): status(name, model, page) for model in MODELS for page in PAGES
    }


def in_role(role: str) -> Client:
    """The browser of somebody with that role alone: of staff without any, of nobody."""
    browser = Client()
    if role != "nobody":
        browser.force_login(factories.user("somebody", is_staff=True))
        User.objects.get(username="somebody").groups.set(Group.objects.filter(name=role))
    return browser


@pytest.mark.parametrize("role", ["nobody", "no role", *EVERYBODY])
def test_every_page_and_action_of_the_desk_answers_each_role_as_the_table_says(role: str, db: None) -> None:
    desk.fill(1)
    browser = in_role(role)
    prepared = bulk.prepare(Creator.objects.all(), "withdraw", _user("administrator"), chosen_by="all")
    rows = {"bulk": prepared.pk, "creator": Creator.objects.first().pk, "flag": Flag.objects.first().pk}
    given = {
        (method, page): getattr(browser, method)(f"/admin/creators/{page.format(**rows)}").status_code
        for method, page, _status in DESK
    }
    refused = 302 if role == "nobody" else 403
    assert given == {
        (method, page): status if role in may else refused for (method, page, status), may in DESK.items()
    }


@pytest.mark.parametrize("role", ["nobody", "no role", *EVERYBODY])
def test_every_page_and_action_of_the_lineups_answers_each_role_as_the_table_says(
    role: str, db: None
) -> None:
    desk.fill(1)
    browser = in_role(role)
    rows = desk.lineup_pages(_user("administrator"))
    given = {
        (method, page): getattr(browser, method)(f"/admin/{page.format(**rows)}").status_code
        for method, page, _status in LINEUPS
    }
    refused = 302 if role == "nobody" else 403
    assert given == {
        (method, page): status if role in may else refused for (method, page, status), may in LINEUPS.items()
    }


def test_rows_that_jobs_write_have_no_form_for_anybody() -> None:
    view_only = {
        model._meta.model_name
        for model, model_admin in admin.site._registry.items()
        if isinstance(model_admin, ViewOnlyAdmin)
    }
    assert view_only >= ADDED_BY_JOBS


def test_nothing_but_a_portal_membership_and_a_saved_view_can_be_deleted(
    person: Callable[[str], Client],
) -> None:
    desk.fill(1)
    browser = person("administrator")
    kept = [model for model in MODELS if model is not SavedView]
    assert {browser.post(address(model, "delete"), {"post": "yes"}).status_code for model in kept} == {403}


@pytest.mark.parametrize("name", PEOPLE)
def test_the_start_page_greets_staff_alone(name: str, person: Callable[[str], Client]) -> None:
    desk.fill(1)
    assert person(name).get(reverse("admin:index")).status_code == (302 if name == "nobody" else 200)


MOVES = [
    (model, action)
    for model, model_admin in admin.site._registry.items()
    if isinstance(model_admin, MovingAdmin)
    for action in model_admin.moves
]


def statuses() -> dict[type[Model], list[tuple[str, ...]]]:
    return {model: list(model._default_manager.order_by("pk").values_list()) for model, _action in MOVES}


@pytest.mark.parametrize("name", ["nobody", "plain", "reviewer", "finance", "auditor"])
def test_seeing_a_record_is_not_enough_to_move_it(name: str, person: Callable[[str], Client]) -> None:
    desk.fill(1)
    browser = person(name)
    before = statuses()
    for model, action in MOVES:
        url = admin.site._registry[model].move_url(action, [model._default_manager.first().pk])
        for answer in (browser.get(url), browser.post(url, {"reason": "Because", "note": ""})):
            assert answer.status_code == (302 if name == "nobody" else 403), (model, action)
    assert statuses() == before


def test_what_cannot_be_is_not_found(person: Callable[[str], Client]) -> None:
    browser = person("administrator")
    for url in (
        "creators/creator/move/promote/?ids=1",
        "creators/creator/move/approve/?ids=x",
        "creators/creator/move/approve/",
    ):
        assert browser.get(f"/admin/{url}").status_code == 404


@pytest.mark.parametrize("value", ["%00", "9" * 30, "-1", "%F0%9F%A6%86", "x"])
def test_no_odd_address_breaks_a_page(value: str, person: Callable[[str], Client]) -> None:
    desk.fill(1)
    browser = person("administrator")
    browser.raise_request_exception = False
    addresses = [admin.site._registry[model].move_url(action, []) + value for model, action in MOVES]
    for model in MODELS:
        listed = address(model, "changelist")
        filters = [name for name in admin.site._registry[model].list_filter if isinstance(name, str)]
        addresses += [f"{listed}?{name}={value}" for name in ("q", "p", "status", "pk__in", *filters)]
        addresses += [f"{listed}{value}/{page}/" for page in ("change", "history")]
        addresses += [f"{address(model, 'change')}?{name}={value}" for name in ("category", "after")]
    broken = [url for url in addresses if browser.get(url).status_code >= 500]
    assert not broken
