"""The list of creators as a queue: who waits too long, who holds whom, counts above it, views that stick.

The list comes back as it was last filtered, whoever asks for it without saying how: the filters stand in a
cookie of the person, so that a list costs no more for it. What was searched is not kept: a search is a
question, filters are a place to work. A saved view is filters under a name; one whose filters no longer
exist opens without them, and says so.
"""

import datetime
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR
from django.core import signing
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creators import queue
from creators.admin.filters import (
    CategoryFilter,
    FlagFilter,
    MarketFilter,
    SizeFilter,
    StatusFilter,
    overview_of,
    walk_the_order,
)
from creators.admin.review import ReviewMode
from creators.models import Creator, Flag
from pulse_site import countries
from pulse_site.admin.keyset import AFTER, BEFORE, KeysetChangeList
from pulse_site.admin.model_admin import badges

RESET = "_reset"
COOKIE, SALT, KEPT_FOR = "pulse_queue", "pulse.queue", datetime.timedelta(days=30)
LONGEST = 1_000
SOON = 4  # the last quarter of the hours allowed
# The views that everybody has: what they are called and what they filter by.
BUILT_IN = (
    (gettext_lazy("Queue"), {"status": "pending"}, "waiting"),
    (gettext_lazy("Too late"), {"status": "pending", "waits": "over"}, "overdue"),
    (gettext_lazy("Information asked"), {"status": "asked"}, ""),
    (gettext_lazy("Flagged"), {"status": "all", "flag": "any"}, ""),
    (gettext_lazy("Everyone"), {"status": "all"}, ""),
)


class QueueChangeList(KeysetChangeList):
    """Rows that know their flags, how long they may wait, and who looks at them."""

    def rows_of_page(self, request: HttpRequest) -> QuerySet[Any]:
        standing = Flag.objects.filter(creator=OuterRef("pk"), cleared_at=None)
        rows = self.queryset
        if ORDER_VAR in self.params and self.paginator.capped:
            walk_the_order(request)
            rows = self.get_queryset(request)
        return rows.annotate(
            **{f"flagged_{kind}": Exists(standing.filter(kind=kind)) for kind in Flag.Kind.values}
        )

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not self.keyset:  # all of them on one page
            self.result_list = list(self.rows_of_page(request))
        for creator in self.result_list:
            creator.allowed_hours = overview_of(request).hours
            creator.seen_by = request.user.pk


class QueueList(ReviewMode):
    """A ModelAdmin of creators whose list is a place to work."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return QueueChangeList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method != "GET":
            return super().changelist_view(request, extra_context)
        if not request.GET and self.has_view_permission(request):
            kept = self.cleaned(_remembered(request) or _first_of(request))[0]
            if kept:
                return redirect(f"{request.path}?{kept}")
        if RESET in request.GET:
            answer: HttpResponse = redirect(request.path)
            answer.delete_cookie(COOKIE, path=request.path)
            return answer
        answer = super().changelist_view(request, extra_context)
        if answer.status_code == 200 and hasattr(answer, "context_data"):
            answer.context_data |= self._around(request)
            self._remember(request, answer)
        return answer

    @admin.display(description=gettext_lazy("waits"))
    def waits(self, creator: Creator) -> str | SafeString:
        """How long since the last move; of one who waits for us, against the hours of the terms."""
        age = timesince(creator.status_since, depth=1)
        hours = getattr(creator, "allowed_hours", None)
        if creator.status != Creator.Status.PENDING or hours is None:
            return age
        due = creator.status_since + datetime.timedelta(hours=hours)
        if due < timezone.now():
            late = _("%(age)s, %(late)s too late") % {"age": age, "late": timesince(due, depth=1)}
            return badges.pill(late, "bad")
        if (due - timezone.now()) * SOON < datetime.timedelta(hours=hours):
            left = _("%(age)s, %(left)s left") % {"age": age, "left": timeuntil(due, depth=1)}
            return badges.pill(left, "warn")
        return age

    @admin.display(description=gettext_lazy("looked at by"), empty_value="–")
    def holder(self, creator: Creator) -> str | SafeString | None:
        claim = getattr(creator, "claim", None)
        if claim is None or claim.until <= timezone.now():
            return None
        if claim.reviewer_id == getattr(creator, "seen_by", None):
            return badges.pill(_("you"), "info")
        until = time_format(timezone.localtime(claim.until), "TIME_FORMAT")
        return _("%(who)s, until %(until)s") % {"who": claim.reviewer, "until": until}

    def cleaned(self, query: str) -> tuple[str, bool]:
        """The filters of a query string that the list still knows, and whether that is all of them."""
        known = {ORDER_VAR, SEARCH_VAR} | {
            f"{given}__exact" if isinstance(given, str) else cast(Any, given).parameter_name
            for given in self.list_filter
        }
        asked = [(name, value) for name, value in QueryDict(query[:LONGEST]).items() if value]
        kept = [(name, value) for name, value in asked if name in known]
        return urlencode(kept), kept == asked

    def in_words(self, request: HttpRequest, query: str) -> str:
        """What a view shows, as the list's own filters say it."""
        listed = self.get_changelist_instance(self.asking(request, self.cleaned(query)[0]))
        found = [
            f"{spec.title}: {choice['display']}"
            for spec in listed.filter_specs
            for choice in list(spec.choices(listed))[0 if isinstance(spec, StatusFilter) else 1 :]
            if choice["selected"]
        ]
        if listed.query:
            found.insert(0, _("search: %(text)s") % {"text": listed.query})
        if ORDER_VAR in listed.params:
            found.append(_("by followers"))
        return ", ".join(found)

    def _around(self, request: HttpRequest) -> dict[str, Any]:
        overview = overview_of(request)
        here = _as_filters(request.GET.urlencode())
        views = [self._tab(view, here) for view in overview.views]
        opened = next((view for view in views if view["current"]), None)
        return {
            "overview": overview,
            "counted": queue.COUNTED,
            "built_in": [
                {
                    "label": label,
                    "url": f"?{urlencode(wanted)}",
                    "current": not opened and here == wanted,
                    "count": getattr(overview, counted) if counted and overview.waiting else None,
                }
                for label, wanted, counted in BUILT_IN
            ],
            "views": views,
            "opened": opened,
            "facets": list(_facets(request)) if overview.waiting else [],
            "narrowed": here not in ({}, {"status": "pending"}),
            "reset": f"?{RESET}=1",
            "save_view": f"{reverse('admin:creators_savedview_add')}?{urlencode({'query': urlencode(here)})}",
        }

    def _tab(self, view: queue.View, here: dict[str, str]) -> dict[str, Any]:
        query, whole = self.cleaned(view.query)
        return {
            "label": view.name,
            "url": f"?{query or urlencode({'status': StatusFilter.default})}",
            "current": _as_filters(query) == here,
            "whole": whole,
            "own": view.own,
            "page": reverse("admin:creators_savedview_change", args=[view.pk]),
        }

    def _remember(self, request: HttpRequest, answer: HttpResponse) -> None:
        kept, _whole = self.cleaned(request.GET.urlencode())
        if request.GET.get(SEARCH_VAR) or not kept or kept == _remembered(request):
            return
        answer.set_cookie(
            COOKIE,
            signing.dumps([request.user.pk, kept], salt=SALT),
            max_age=KEPT_FOR,
            path=request.path,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )


def standing_flags(creator: Creator) -> list[SafeString]:
    """The flags of a row of the list, as pills."""
    kinds = [Flag.Kind(kind) for kind in Flag.Kind.values if getattr(creator, f"flagged_{kind}", False)]
    return [badges.pill(str(kind.label), "warn") for kind in kinds]


def _remembered(request: HttpRequest) -> str:
    """The filters that this person used last, in this browser."""
    try:
        person, query = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(query) if person == request.user.pk else ""


def _first_of(request: HttpRequest) -> str:
    """The view that this person wants to see first."""
    views = overview_of(request).views
    return next((view.query for view in views if view.opens_first), "")


def _as_filters(query: str) -> dict[str, str]:
    """What a query string filters by; its page, its order of names and its empty values say nothing."""
    told = {AFTER, BEFORE, "p", "e"}
    return {name: str(value) for name, value in QueryDict(query).items() if value and name not in told}


def _facets(request: HttpRequest) -> Iterator[dict[str, Any]]:
    """How many of the queue are in each category, market, class of size, and bear each flag."""
    overview = overview_of(request)
    named: list[tuple[str, Any, Any, dict[str, Any]]] = [
        (
            "category",
            CategoryFilter,
            _("Category"),
            {str(pk): name for pk, name in overview.categories.items()},
        ),
        (
            "market",
            MarketFilter,
            _("Market"),
            {code: countries.name(code) for code in sorted(overview.counts["market"])},
        ),
        (
            "size",
            SizeFilter,
            _("Followers"),
            {name: label for name, (_low, _high, label) in queue.SIZES.items()},
        ),
        ("flag", FlagFilter, _("Flag"), dict(Flag.Kind.choices)),
    ]
    for what, filtered, title, labels in named:
        counts, parameter = overview.counts[what], filtered.parameter_name
        choices = [
            {
                "label": capfirst(str(label)),
                "count": counts[name],
                "current": request.GET.get(parameter) == name,
                "url": f"?{urlencode({'status': StatusFilter.default, parameter: name})}",
            }
            for name, label in labels.items()
            if counts.get(name)
        ]
        if choices:
            yield {"title": title, "choices": choices}
