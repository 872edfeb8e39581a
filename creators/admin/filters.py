"""What the list of creators may be filtered by. None asks the database what there is to choose from."""

from typing import Any, cast

from django.conf import settings
from django.contrib import admin
from django.db.models import F, Func, QuerySet
from django.db.models.lookups import Exact
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from creators import queue
from creators.models import Creator, Flag, ReplacedReach
from pulse_site import countries
from pulse_site.models import Upload, User


class Unindexed(Func):
    """A column that SQLite may not look up by its index; PostgreSQL weighs that better by itself."""

    template = "%(expressions)s"
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **context)


def walk_the_order(request: HttpRequest) -> None:
    """Let the list be read along its order, past those in another status, from now on.

    Right where many are in the status, so that the next one is near. SQLite, which knows of no limit, would
    rather fetch them all and sort; where few are, that is right.
    """
    request._walks = True  # type: ignore[attr-defined]


class StatusFilter(admin.SimpleListFilter):
    """By status; who says nothing wants the queue."""

    title = gettext_lazy("status")
    parameter_name = "status"
    default = Creator.Status.PENDING
    everyone = "all"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Creator.Status.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Creator]) -> QuerySet[Creator]:
        status = chosen_status(request)
        if status == self.everyone:
            return queryset
        column = Unindexed("status") if getattr(request, "_walks", False) else F("status")
        return queryset.filter(Exact(column, status))

    def choices(self, changelist: Any) -> Any:
        chosen = self.value() or self.default
        for value, label in [*self.lookup_choices, (self.everyone, _("All"))]:
            yield {
                "selected": value == chosen,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }


def chosen_status(request: HttpRequest) -> str:
    """The status that the list shows: the one asked for, everyone in a search, the queue otherwise."""
    searching = StatusFilter.everyone if request.GET.get("q") else StatusFilter.default
    return request.GET.get(StatusFilter.parameter_name) or searching


def overview_of(request: HttpRequest) -> queue.Overview:
    """What stands around the list that is asked for; read once a request."""
    found: queue.Overview | None = getattr(request, "_overview", None)
    if found is None:
        counted = chosen_status(request) == StatusFilter.default
        found = queue.overview(cast(User, request.user), counted=counted)
        request._overview = found  # type: ignore[attr-defined]
    return found


class WaitingFilter(admin.SimpleListFilter):
    """Who waits longer than the terms allow."""

    title = gettext_lazy("service level")
    parameter_name = "waits"
    over = "over"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        hours = overview_of(request).hours
        if hours is None:
            return []
        label = ngettext("waits over %(hours)s hour", "waits over %(hours)s hours", hours)
        return [(self.over, label % {"hours": hours})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Creator]) -> QuerySet[Creator]:
        if self.value() != self.over:
            return queryset
        return queue.overdue(queryset, overview_of(request).hours)


class FlagFilter(admin.SimpleListFilter):
    """Who bears a flag that nobody has cleared."""

    title = gettext_lazy("flag")
    parameter_name = "flag"
    any = "any"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(self.any, _("flagged")), *Flag.Kind.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Creator]) -> QuerySet[Creator]:
        if not self.value():
            return queryset
        standing = Flag.objects.filter(cleared_at=None)
        if self.value() != self.any:
            standing = standing.filter(kind=self.value())
        return queryset.filter(pk__in=standing.values("creator"))


class CategoryFilter(admin.SimpleListFilter):
    """A category that is gone has nobody in it: no view may widen because of it."""

    title = gettext_lazy("category")
    parameter_name = "category__id__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(pk), name) for pk, name in overview_of(request).categories.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Creator]) -> QuerySet[Creator]:
        if not self.value():
            return queryset
        known = {str(pk): pk for pk in overview_of(request).categories}
        chosen = known.get(str(self.value()))
        return queryset.filter(category=chosen) if chosen else queryset.none()


class MarketFilter(admin.SimpleListFilter):
    title = gettext_lazy("market")
    parameter_name = "market"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Those in which somebody waits, ours, and the one that the list is filtered by."""
        waiting = overview_of(request).counts["market"]
        chosen = {request.GET[self.parameter_name]} if request.GET.get(self.parameter_name) else set()
        return [(code, countries.name(code)) for code in sorted({*waiting, settings.LAUNCH_MARKET, *chosen})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Creator]) -> QuerySet[Creator]:
        return queryset.filter(market=self.value()) if self.value() else queryset


class SizeFilter(admin.SimpleListFilter):
    title = gettext_lazy("followers")
    parameter_name = "followers"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(key, label) for key, (_low, _high, label) in queue.SIZES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Creator]) -> QuerySet[Creator]:
        if self.value() not in queue.SIZES:
            return queryset
        low, high, _label = queue.SIZES[str(self.value())]
        return queryset.filter(reach__followers__gte=low, reach__followers__lt=high)


class UploadFilter(admin.SimpleListFilter):
    """Whose newest count an upload brought (`5-new`) or changed (`5-changed`); its page leads here."""

    title = gettext_lazy("upload")
    parameter_name = "upload"
    kinds = {"new": (True, gettext_lazy("new")), "changed": (False, gettext_lazy("changed"))}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The one that the list is filtered by, so that it can be left."""
        chosen = self.chosen(request.GET.get(self.parameter_name, ""))
        return [(f"{chosen[0].pk}-{chosen[1]}", f"{chosen[0]}: {self.kinds[chosen[1]][1]}")] if chosen else []

    def chosen(self, value: str) -> tuple[Upload, str] | None:
        number, _hyphen, kind = value.partition("-")
        if not number.isdecimal() or len(number) > 18 or kind not in self.kinds:
            return None
        upload = Upload.objects.filter(pk=int(number)).first()
        return (upload, kind) if upload else None

    def queryset(self, request: HttpRequest, queryset: QuerySet[Creator]) -> QuerySet[Creator]:
        number, _hyphen, kind = str(self.value()).partition("-")
        if kind not in self.kinds:
            return queryset
        replaced = ReplacedReach.objects.filter(upload=int(number), followers__isnull=self.kinds[kind][0])
        return queryset.filter(pk__in=replaced.values("creator"))
