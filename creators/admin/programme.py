"""The programme and its categories; and what is derived of creators: enrolments, reach, rules met."""

from typing import Any

from django.contrib import admin
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from import_export import fields, widgets

from creators.admin.follower_resource import FollowerResource
from creators.eligibility import rule_names
from creators.models import Category, Eligibility, Enrolment, Reach
from pulse_site.admin import model_admin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.imports import Imports, ReferenceResource
from pulse_site.feeds import counts


class Hashtags(widgets.Widget):
    """A list of hashtags as a person types it: apart by commas or blanks, with or without #."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[str]:
        return [tag.lstrip("#").lower() for tag in str(value).replace(",", " ").split()]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return ", ".join(value or ())


class Position(widgets.IntegerWidget):
    """A whole number; the library's own takes 1.9 for 1."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int:
        return counts.count(MOST_CATEGORIES)(str(value))


class CategoryResource(ReferenceResource):
    hashtags = fields.Field(attribute="hashtags", column_name="hashtags", widget=Hashtags())
    position = fields.Field(attribute="position", column_name="position", widget=Position())

    class Meta:
        model = Category
        import_id_fields = ("slug",)
        fields = ("slug", "name_en", "name_fr", "hashtags", "position")


@admin.register(Category)
class CategoryAdmin(Imports, Exports, model_admin.PulseModelAdmin):
    """Reference data: the one model that is imported by the library, a few rows at a time."""

    resource_classes = [CategoryResource]
    list_display = ["position", "name_en", "name_fr", "slug"]
    list_display_links = ["name_en"]
    search_fields = ["slug", "name_en", "name_fr"]


MOST_CATEGORIES = 1_000


def percent(basis_points: int) -> str:
    """Basis points as a percentage as the reader writes it: 5_000 is "50.00 %", in French "50,00 %"."""
    return f"{number_format(f'{basis_points // 100}.{basis_points % 100:02}', 2)} %"


@admin.register(Enrolment)
class EnrolmentAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [columns(Enrolment, "creator__handle starts_on ends_on")]
    list_display = ["creator", "starts_on", "ends_on"]
    list_select_related = ["creator"]
    ordering = ["-id"]
    search_fields = ["creator__handle__prefix"]


@admin.register(Reach)
class ReachAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [FollowerResource]
    list_display = ["creator", model_admin.count("followers", _("followers")), "as_of"]
    list_select_related = ["creator"]
    search_fields = ["creator__handle__prefix"]
    # Along the index reach_largest_first, ties included.
    ordering = ["-followers", "creator_id"]


@admin.register(Eligibility)
class EligibilityAdmin(Exports, model_admin.ViewOnlyAdmin):
    resource_classes = [
        columns(
            Eligibility,
            "creator__handle eligible failed_rules followers videos as_of terms__version",
        )
    ]
    list_display = [
        "creator",
        "eligible",
        model_admin.column("failed_rules", _("failed rules"), rule_names),
        model_admin.count("followers", _("followers")),
        model_admin.count("videos", _("videos")),
        "as_of",
        "terms",
    ]
    list_select_related = ["creator", "terms"]
    list_filter = ["eligible"]
    ordering = ["-creator_id"]
    search_fields = ["creator__handle__prefix"]
