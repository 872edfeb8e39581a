"""Who may log in and what he may do."""

from typing import Any, ClassVar, cast

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from pulse_site import audit
from pulse_site.admin.audited import AuditedAdmin
from pulse_site.models import User

admin.site.unregister(Group)
# Whoever changes one of these changes what a person may do.
RIGHTS = frozenset({"is_active", "is_staff", "is_superuser", "groups", "user_permissions"})
_stock: Any = DjangoUserAdmin.fieldsets


@admin.register(User)
class UserAdmin(AuditedAdmin, DjangoUserAdmin):
    """A person who leaves is made inactive, never deleted: his decisions keep his name."""

    audited = ("person.create", "person.change")
    list_display = ["username", "email", "first_name", "last_name", "is_staff", "is_active", "last_login"]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    search_fields = ["username__prefix", "email__prefix"]
    sortable_by: ClassVar[Any] = ("username",)
    fieldsets: ClassVar[Any] = [
        *_stock[:2],
        (_("Portal and e-mail"), {"fields": ["language"]}),
        *_stock[2:],
    ]

    def action_of(self, changed: dict[str, Any]) -> str:
        return "permission.change" if RIGHTS & changed.keys() else super().action_of(changed)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Who gave whom a new password is audited, the password is not."""
        person: Any = self.get_object(request, unquote(id))
        before = person and person.password
        with transaction.atomic():
            answer = super().user_change_password(request, id, form_url)
            if person.__class__.objects.get(pk=person.pk).password != before:
                audit.record(cast(User, request.user), "person.password", person)
        return answer


@admin.register(Group)
class GroupAdmin(AuditedAdmin, DjangoGroupAdmin):
    audited = ("group.create", "permission.change")
