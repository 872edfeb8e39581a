"""Beside which videos and creators a campaign must not run: the lists, what is added and taken off."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import ngettext

from campaigns import exclusions
from campaigns.models import Ability
from campaigns.views.forms import ExcludeCreatorsForm, ExcludeVideosForm
from campaigns.views.orders import OneCampaign, Page
from pulse_site.refusal import Refused
from pulse_site.spreadsheets import csv_chunks

PAGE = 50
LISTS = 20


class Exclusions(Page, OneCampaign):
    """Whoever follows the campaign sees the lists; who prepares it changes them (`do` says what)."""

    template_name = "portal/exclusions.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        campaign, found = self.campaign, self.request.GET.get("q", "").strip()
        videos = campaign.excluded_videos.standing().select_related("source").order_by("platform_id")
        if found:
            videos = videos.filter(platform_id=int(found) if found.isascii() and found.isdigit() else 0)
        page = Paginator(videos, PAGE).get_page(self.request.GET.get("page"))
        creators = campaign.excluded_creators.standing().select_related("creator")
        kwargs.setdefault("creators_form", ExcludeCreatorsForm(label_suffix=""))
        kwargs.setdefault("videos_form", ExcludeVideosForm(label_suffix=""))
        return super().get_context_data(
            creators=creators.order_by("creator__handle"),
            videos=page,
            found=found,
            lists=campaign.exclusion_lists.all()[:LISTS],
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.campaign and not self.membership.may(Ability.EDIT):
            raise PermissionDenied
        do = {"creators": self.add_creators, "videos": self.add_videos, "remove": self.remove}
        wrong = do.get(request.POST.get("do", ""), self.remove)()
        return self.render_to_response(self.get_context_data(**wrong)) if wrong else self.back("exclusions")

    def add_creators(self) -> dict[str, Any]:
        form = ExcludeCreatorsForm(self.request.POST, label_suffix="")
        if form.is_valid():
            try:
                added = exclusions.exclude_creators(self.campaign, form.listed(), self.person)
            except Refused as refusal:
                form.add_error("handles", str(refusal))
            else:
                told = ngettext("%(count)s creator excluded.", "%(count)s creators excluded.", added)
                messages.success(self.request, told % {"count": added})
                return {}
        return {"creators_form": form}

    def add_videos(self) -> dict[str, Any]:
        form = ExcludeVideosForm(self.request.POST, self.request.FILES, label_suffix="")
        if form.is_valid():
            try:
                kept = exclusions.exclude_videos(self.campaign, form.cleaned_data["file"], self.person)
            except Refused as refusal:
                form.add_error("file", str(refusal))
            else:
                told = ngettext("%(count)s video excluded.", "%(count)s videos excluded.", kept.added)
                messages.success(self.request, told % {"count": kept.added})
                if kept.rejected:
                    told = ngettext(
                        "%(count)s row could not be read; see below.",
                        "%(count)s rows could not be read; see below.",
                        len(kept.rejected),
                    )
                    messages.error(self.request, told % {"count": len(kept.rejected)})
                return {}
        return {"videos_form": form}

    def remove(self) -> dict[str, Any]:
        """One entry, all that a file added, or every video."""
        campaign, asked = self.campaign, self.request.POST
        videos = campaign.excluded_videos
        try:
            gone: QuerySet[Any]
            if "creator" in asked:
                gone = campaign.excluded_creators.filter(pk=int(asked["creator"]))
            elif "list" in asked:
                gone = videos.filter(source=int(asked["list"]))
            elif "video" in asked:
                gone = videos.filter(pk=int(asked["video"]))
            else:
                raise Http404
        except ValueError:
            raise Http404 from None
        count = exclusions.readmit(campaign, gone, self.person)
        told = ngettext("%(count)s taken off the list.", "%(count)s taken off the list.", count)
        messages.success(self.request, told % {"count": count})
        return {}


class RejectedRows(OneCampaign):
    """What of a file could not be read, as CSV."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> StreamingHttpResponse:
        kept = get_object_or_404(self.campaign.exclusion_lists, pk=self.kwargs["list"])
        return StreamingHttpResponse(
            csv_chunks(["line", "value", "message"], kept.rejected),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="rejected-{kept.pk}.csv"'},
        )
