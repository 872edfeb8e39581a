"""The review mode of creators: one after the other, each claimed, by keyboard if one likes.

`next/` claims whoever waits longest in the view that the reviewer has chosen and opens his page; there, a
decision leads to the next one by itself. The view stands in the address (`_view`), so that two tabs may work
on two of them.
"""

from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _

from creators import claims
from creators.models import Creator
from pulse_site.admin.exports import Exports
from pulse_site.admin.moves import MovingAdmin
from pulse_site.models import User

REVIEWS = "creators.review_creator"
VIEW = "_view"
SKIPPED, MOST_SKIPPED = "skipped_creators", 200


class ReviewMode(Exports, MovingAdmin):
    """A ModelAdmin of creators with a way from one to the next."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.next_view)
        return [path("next/", view, name=self._url_name("next")), *super().get_urls()]

    def next_view(self, request: HttpRequest) -> HttpResponse:
        """On to whoever waits longest; `after` was skipped."""
        if not request.user.has_perm(REVIEWS):
            raise PermissionDenied
        chosen, after = request.GET.get(VIEW, ""), _skipped(request)
        skipped = _remember_skipped(request, after)
        queue = self._queue_of(request, chosen).exclude(pk__in=skipped)
        found = claims.next_for(cast(User, request.user), queue, after)
        if found is None:
            if request.session.pop(SKIPPED, None):
                messages.info(request, _("Nobody else waits in this view; whom you skipped comes again."))
            else:
                messages.info(request, _("Nobody else waits in this view."))
            listed = reverse(f"admin:{self._url_name('changelist')}")
            return redirect(f"{listed}?{QueryDict(chosen).urlencode()}")
        page = reverse(f"admin:{self._url_name('change')}", args=[found.pk])
        return redirect(f"{page}?{urlencode({VIEW: chosen})}")

    def creators_of(self, request: HttpRequest, view: str) -> QuerySet[Creator]:
        """The creators of a view of the list, given as its query string; none where it asks for nonsense."""
        try:
            found: QuerySet[Creator] = self.get_export_queryset(self.asking(request, view))
        except (Http404, DisallowedModelAdminLookup):
            return Creator.objects.none()
        return found

    def asking(self, request: HttpRequest, view: str) -> HttpRequest:
        """The same request, had it asked for the list in that view."""
        asked = request.__class__.__new__(request.__class__)
        asked.__dict__ |= {**request.__dict__, "GET": QueryDict(view)}
        return asked

    def _queue_of(self, request: HttpRequest, view: str) -> QuerySet[Creator]:
        """Who waits in a view, whatever status it shows."""
        given = QueryDict(view, mutable=True)
        given["status"] = Creator.Status.PENDING
        return self.creators_of(request, given.urlencode())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Whoever opens the page of one who waits holds him; a colleague who holds him is named."""
        record = kwargs.get("obj")
        if record is not None and record.status == Creator.Status.PENDING and request.user.has_perm(REVIEWS):
            held = claims.hold(record, cast(User, request.user))
            context["holder"] = None if held else claims.of(record)
        onward = reverse(f"admin:{self._url_name('next')}")
        if record is not None and request.user.has_perm(REVIEWS):
            context["next_url"] = f"{onward}?{VIEW}="
        if record is not None and VIEW in request.GET:
            chosen = {VIEW: request.GET[VIEW]}
            context["skip_url"] = f"{onward}?{urlencode({**chosen, 'after': record.pk})}"
        return super().render_change_form(request, context, *args, **kwargs)

    def link_of_move(self, request: HttpRequest, action: str, record: Any) -> str:
        link = super().link_of_move(request, action, record)
        return f"{link}&{urlencode({VIEW: request.GET[VIEW]})}" if VIEW in request.GET else link

    def back(self, request: HttpRequest, records: list[Any]) -> str:
        address = super().back(request, records)
        return f"{address}?{urlencode({VIEW: request.GET[VIEW]})}" if VIEW in request.GET else address

    def after_move(self, request: HttpRequest, records: list[Any]) -> HttpResponseRedirect:
        if VIEW not in request.GET:
            return super().after_move(request, records)
        onward = reverse(f"admin:{self._url_name('next')}")
        return redirect(f"{onward}?{urlencode({VIEW: request.GET[VIEW]})}")


def _remember_skipped(request: HttpRequest, after: Creator | None) -> list[int]:
    """Whom this person skipped stays behind until nobody else waits, or he would come after each decision."""
    skipped: list[int] = request.session.get(SKIPPED, [])
    if after is not None:
        request.session[SKIPPED] = skipped = [*skipped, after.pk][-MOST_SKIPPED:]
    return skipped


def _skipped(request: HttpRequest) -> Creator | None:
    asked = request.GET.get("after", "")
    return Creator.objects.filter(pk=int(asked)).first() if asked.isascii() and asked.isdigit() else None
