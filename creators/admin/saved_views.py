"""Saved views of the creators' list: kept from the list, renamed, shared, put first and deleted here."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from creators import queue
from creators.admin.queue import QueueList
from creators.models import Creator, SavedView
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.models import User

SHARES = "creators.share_savedview"


class SavedViewForm(forms.ModelForm):
    class Meta:
        model = SavedView
        fields = ("name", "query", "shared", "opens_first")
        widgets = {"query": forms.HiddenInput}

    person: User

    def clean_name(self) -> str:
        """The database says the same of two at once; the owner is no field, so the form must ask for him."""
        name: str = self.cleaned_data["name"]
        owner = self.instance.owner_id or self.person.pk
        if SavedView.objects.filter(owner=owner, name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("You have a view of that name already."))
        return name


@admin.register(SavedView)
class SavedViewAdmin(Exports, model_admin.PulseModelAdmin):
    """One's own views, and those that others share; the owner changes them, who may share takes them back."""

    resource_classes = [columns(SavedView, "name query owner__username shared")]
    form = SavedViewForm
    list_display = ["name", "opened", "owner", "shared", "opens_first"]
    list_select_related = ["owner"]
    ordering = ["name", "id"]
    list_filter = ["shared"]
    search_fields = ["name__istartswith"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedView]:
        return queue.visible_views(cast(User, request.user))

    def get_fields(self, request: HttpRequest, obj: SavedView | None = None) -> list[Any]:
        shown = ["name", "query", "shared", "opens_first"]
        if obj is not None and not self.has_change_permission(request, obj):
            return ["name", "owner", "shared"]
        return shown if request.user.has_perm(SHARES) else [each for each in shown if each != "shared"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        made: Any = super().get_form(request, obj, change, **kwargs)
        made.person = request.user
        if "name" in made.base_fields:
            kept = obj.query if obj else request.GET.get("query", "")
            made.base_fields["name"].help_text = self._list().in_words(request, kept)
        return made

    def has_change_permission(self, request: HttpRequest, obj: SavedView | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or _holds(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A view is a person's own way to look; nothing refers to it."""
        return obj is not None and self.has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: SavedView, form: Any, change: bool) -> None:
        obj.query = self._list().cleaned(obj.query)[0]
        if not change:
            obj.owner = cast(User, request.user)
        with transaction.atomic():
            if obj.opens_first:
                firsts = SavedView.objects.filter(owner=obj.owner_id, opens_first=True)
                firsts.exclude(pk=obj.pk).update(opens_first=False)
            super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: SavedView, post_url_continue: Any = None) -> Any:
        super().response_add(request, obj, post_url_continue)
        return self._to_list(obj)

    def response_change(self, request: HttpRequest, obj: SavedView) -> HttpResponse:
        super().response_change(request, obj)
        return self._to_list(obj)

    @admin.display(description=gettext_lazy("opens"))
    def opened(self, view: SavedView) -> SafeString:
        return format_html('<a href="{}">{}</a>', self._address(view), _("Open the list"))

    def _to_list(self, view: SavedView) -> HttpResponse:
        return redirect(self._address(view))

    def _address(self, view: SavedView) -> str:
        address = reverse("admin:creators_creator_changelist")
        return f"{address}?{self._list().cleaned(view.query)[0] or 'status=pending'}"

    def _list(self) -> QueueList:
        return cast(QueueList, self.admin_site._registry[Creator])


def _holds(request: HttpRequest, view: SavedView) -> bool:
    return view.owner_id == request.user.pk or (view.shared and request.user.has_perm(SHARES))
