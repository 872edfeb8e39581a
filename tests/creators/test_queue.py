"""The queue: how long who waits may wait, counts that filter, filters that stick, views under names."""

import datetime
import re
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from creators import claims, flags, queue
from creators.admin.queue import COOKIE
from creators.models import Creator, Flag, SavedView
from pulse_site import roles
from pulse_site.models import User
from tests import factories
from tests.creators.test_desk_admin import LIST, rita, senior, staff  # noqa: F401 - fixtures

VIEWS = "/admin/creators/savedview/"
pytestmark = pytest.mark.django_db


def waiting(handle: str = "", hours: float = 1, followers: int = 150_000, **fields: object) -> Creator:
    since = timezone.now() - datetime.timedelta(hours=hours)
    return factories.creator(handle, followers, status="pending", status_since=since, **fields)


def shown(client: Client, query: str = "") -> str:
    answer = client.get(f"{LIST}{query}", follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def handles(client: Client, query: str = "") -> set[str]:
    return set(re.findall(r"change/[^>]*>@?([\w.]+)</a></th>", shown(client, query)))


def text(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.replace("\xa0", " ")))


def user_of(client: Client) -> User:
    return User.objects.get(pk=client.session["_auth_user_id"])


def test_who_waits_too_long_is_named_and_filtered(rita: Client) -> None:  # noqa: F811
    waiting("fresh", hours=5), waiting("soon", hours=40), waiting("late", hours=50)
    page = text(shown(rita))
    assert "2 days, 2 hours too late" in page
    assert re.search(r"1 day, [78] hours left", page)
    assert "5 hours" in page
    assert handles(rita, "?waits=over") == {"late"}
    assert "waits over 48 hours" in page


def test_the_limit_is_of_the_terms_in_force(rita: Client) -> None:  # noqa: F811
    terms = factories.terms()
    waiting("late", hours=50)
    type(terms).objects.filter(pk=terms.pk).update(review_hours=72)
    assert handles(rita, "?waits=over") == set()
    assert "waits over 72 hours" in text(shown(rita))


def test_who_is_looked_at_is_shown_with_whom(rita: Client) -> None:  # noqa: F811
    mine, theirs, lapsed = waiting("mine"), waiting("theirs"), waiting("lapsed")
    other = factories.user("stella", is_staff=True)
    claims.hold(mine, user_of(rita)), claims.hold(theirs, other), claims.hold(lapsed, other)
    other.claims.filter(creator=lapsed).update(until=timezone.now())
    page = text(shown(rita))
    assert "stella, until" in page and page.count("stella") == 1
    assert " you " in page


def test_counts_are_of_who_waits_by_category_market_size_and_flag(rita: Client) -> None:  # noqa: F811
    gaming = factories.category()
    one, _two = waiting(category=gaming, followers=2_000_000), waiting(market="FR")
    waiting(hours=60), factories.creator(status="approved", category=gaming)
    flags.raise_by_hand(Creator.objects.filter(pk=one.pk), user_of(rita), "Look")
    found = queue.overview(user_of(rita), counted=True)
    assert (found.waiting, found.overdue, found.hours) == (3, 1, 48)
    assert found.counts == {
        "category": {str(gaming.pk): 1},
        "market": {"US": 2, "FR": 1},
        "size": {"100k-": 2, "1m-": 1},
        "flag": {"manual": 1},
    }


def test_each_count_leads_to_as_many(rita: Client) -> None:  # noqa: F811
    gaming = factories.category()
    waiting(category=gaming, followers=2_000_000), waiting(market="FR"), waiting(hours=60, followers=5)
    flags.raise_by_hand(Creator.objects.filter(category=gaming), user_of(rita), "Look")
    section = re.search(r'<section class="facets".*?</section>', shown(rita), re.S)
    assert section
    links = re.findall(r'href="([^"]+)"[^>]*>[^<]+<span class="count">(\d+)<', section[0])
    assert len(links) == 7
    for link, count in links:
        assert len(handles(rita, link.replace("&amp;", "&"))) == int(count), link


def test_counts_stop_at_their_limit_and_say_so(rita: Client, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(queue, "COUNTED", 2)
    for _number in range(3):
        waiting()
    page = text(shown(rita))
    assert "Among the 2 who wait longest" in page and "2+" in page


@pytest.mark.parametrize("query", ["?status=pending", "?status=pending&waits=over", "?status=all&o=-4"])
def test_the_list_asks_five_times_however_much_stands_around_it(
    query: str, client: Client, administrator: User
) -> None:
    client.force_login(administrator)
    for number in range(3):
        creator = waiting(category=factories.category(), hours=60)
        claims.hold(creator, administrator)
        flags.raise_by_hand(Creator.objects.filter(pk=creator.pk), administrator, "Look")
        SavedView.objects.create(owner=administrator, name=f"View {number}", query="status=all")
    with CaptureQueriesContext(connection) as asked:
        assert client.get(f"{LIST}{query}").status_code == 200
    assert len(asked) == 5, [each["sql"] for each in asked]


def test_the_list_comes_back_as_it_was_filtered(rita: Client) -> None:  # noqa: F811
    waiting("here"), waiting("far", market="FR")
    assert handles(rita, "?status=pending&market=FR") == {"far"}
    assert handles(rita) == {"far"}
    assert rita.get(LIST)["Location"].endswith("?status=pending&market=FR")
    assert handles(rita, "?_reset=1") == {"here", "far"}
    assert rita.get(LIST).status_code == 200


def test_a_search_and_a_page_are_not_kept(rita: Client) -> None:  # noqa: F811
    waiting("here")
    shown(rita, "?q=here")
    shown(rita, "?e=1")
    assert COOKIE not in rita.cookies


def test_filters_stick_to_the_person_and_not_to_the_browser(rita: Client, senior: Client) -> None:  # noqa: F811
    shown(rita, "?status=asked")
    senior.cookies[COOKIE] = rita.cookies[COOKIE].value
    assert senior.get(LIST).status_code == 200
    rita.cookies[COOKIE] = "forged"
    assert rita.get(LIST).status_code == 200


def test_review_next_follows_every_filter_of_the_view(rita: Client) -> None:  # noqa: F811
    waiting("longest", hours=90), waiting("small", hours=80, followers=5)
    flagged = waiting("flagged", hours=60, market="FR")
    flags.raise_by_hand(Creator.objects.filter(pk=flagged.pk), user_of(rita), "Look")
    for view in ("flag=manual", "status=pending&market=FR", "market=FR&waits=over&status=all"):
        found = rita.get(f"{LIST}next/?{urlencode({'_view': view})}")
        assert f"/{flagged.pk}/change/" in found["Location"], view
    small = rita.get(f"{LIST}next/?{urlencode({'_view': 'followers=0-'})}")
    assert f"/{Creator.objects.get(handle='small').pk}/change/" in small["Location"]


def test_a_view_is_kept_under_a_name_and_stands_above_the_list(rita: Client) -> None:  # noqa: F811
    waiting("far", market="FR")
    page = shown(rita, "?status=pending&market=FR")
    link = re.search(r'href="([^"]+savedview/add/[^"]+)"', page)
    assert link
    form = rita.get(link[1]).content.decode()
    assert "status: pending review, market: France" in form
    answer = rita.post(f"{VIEWS}add/", {"name": "France", "query": "status=pending&market=FR"})
    assert answer["Location"].endswith("?status=pending&market=FR")
    view = SavedView.objects.get()
    assert (view.owner, view.shared) == (user_of(rita), False)
    page = shown(rita, "?market=FR&status=pending")
    assert re.search(r'aria-current="page"[^>]*>France', page)
    assert f"{VIEWS}{view.pk}/change/" in page


def test_a_view_is_renamed_put_first_and_deleted(rita: Client) -> None:  # noqa: F811
    mine = user_of(rita)
    first = SavedView.objects.create(owner=mine, name="One", query="status=asked", opens_first=True)
    view = SavedView.objects.create(owner=mine, name="Two", query="status=approved")
    assert rita.get(LIST)["Location"].endswith("?status=asked")
    rita.post(f"{VIEWS}{view.pk}/change/", {"name": "Zwei", "query": view.query, "opens_first": "on"})
    first.refresh_from_db(), view.refresh_from_db()
    assert (view.name, view.opens_first, first.opens_first) == ("Zwei", True, False)
    rita.cookies.pop(COOKIE, None)
    assert rita.get(LIST)["Location"].endswith("?status=approved")
    rita.post(f"{VIEWS}{view.pk}/delete/", {"post": "yes"})
    assert SavedView.objects.get() == first


def test_two_views_of_a_person_never_bear_one_name(rita: Client) -> None:  # noqa: F811
    SavedView.objects.create(owner=user_of(rita), name="One")
    SavedView.objects.create(owner=factories.user(), name="Two")
    assert "of that name already" in rita.post(f"{VIEWS}add/", {"name": "One"}).content.decode()
    assert rita.post(f"{VIEWS}add/", {"name": "Two"}).status_code == 302


def test_only_who_may_share_shares_and_takes_back(rita: Client, senior: Client) -> None:  # noqa: F811
    rita.post(f"{VIEWS}add/", {"name": "Mine", "query": "status=asked", "shared": "on"})
    mine = SavedView.objects.get()
    assert not mine.shared
    assert "Mine" not in shown(senior)
    assert senior.get(f"{VIEWS}{mine.pk}/change/").status_code == 302
    senior.post(f"{VIEWS}add/", {"name": "Ours", "query": "status=rejected", "shared": "on"})
    ours = SavedView.objects.get(name="Ours")
    assert "Ours" in shown(rita, "?status=all")
    assert rita.post(f"{VIEWS}{ours.pk}/change/", {"name": "Theirs"}).status_code == 403
    assert rita.post(f"{VIEWS}{ours.pk}/delete/", {"post": "yes"}).status_code == 403
    assert staff(roles.ADMINISTRATOR).post(f"{VIEWS}{ours.pk}/delete/", {"post": "yes"}).status_code == 302


@pytest.mark.parametrize("role", [roles.AUDITOR, roles.FINANCE_PREPARER, roles.FINANCE_APPROVER])
def test_who_only_looks_keeps_no_views(role: str) -> None:
    looker = staff(role)
    shown(looker, "?status=asked")
    assert "savedview/add" not in shown(looker)
    assert looker.post(f"{VIEWS}add/", {"name": "Mine"}).status_code == 403


def test_a_view_outlives_a_filter_that_is_gone(rita: Client) -> None:  # noqa: F811
    waiting("here")
    SavedView.objects.create(owner=user_of(rita), name="Old", query="status=pending&mood=good&kind__x=1")
    page = shown(rita, "?status=pending")
    assert 'href="?status=pending"' in page
    assert "no longer exists" in page
    assert rita.get(f"{VIEWS}{SavedView.objects.get().pk}/change/").status_code == 200


def test_a_category_that_is_gone_widens_no_view(rita: Client) -> None:  # noqa: F811
    waiting("here")
    assert handles(rita, "?status=pending&category__id__exact=999") == set()
    assert handles(rita, "?status=pending&category__id__exact=x") == set()


def test_a_flag_shows_in_the_list_until_it_is_cleared(rita: Client) -> None:  # noqa: F811
    creator = waiting("odd")
    flags.raise_by_hand(Creator.objects.filter(pk=creator.pk), user_of(rita), "Look")
    assert '<span class="badge badge-warn">flagged by a colleague</span>' in shown(rita)
    assert handles(rita, "?status=all&flag=any") == {"odd"}
    flags.resolve(Flag.objects.all(), user_of(rita), "Looked")
    assert handles(rita, "?status=all&flag=any") == set()


def test_the_roles_say_who_keeps_and_who_shares_views() -> None:
    def may(codename: str) -> set[str]:
        return set(Group.objects.filter(permissions__codename=codename).values_list("name", flat=True))

    assert may("share_savedview") == {roles.SENIOR_REVIEWER, roles.ADMINISTRATOR}
    assert may("add_savedview") == may("share_savedview") | {roles.REVIEWER, roles.AD_OPERATIONS}
