"""Who may log in and what he may do."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from pulse_site.admin.model_admin import PulseModelAdmin
from pulse_site.models import User

admin.site.unregister(Group)
_stock: Any = DjangoUserAdmin.fieldsets


@admin.register(User)
class UserAdmin(PulseModelAdmin, DjangoUserAdmin):
    """A person who leaves is made inactive, never deleted: his decisions keep his name."""

    list_display = ["username", "email", "first_name", "last_name", "is_staff", "is_active", "last_login"]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    search_fields = ["username__prefix", "email__prefix"]
    sortable_by: ClassVar[Any] = ("username",)
    fieldsets: ClassVar[Any] = [
        *_stock[:2],
        (_("Portal and e-mail"), {"fields": ["language"]}),
        *_stock[2:],
    ]


@admin.register(Group)
class GroupAdmin(PulseModelAdmin, DjangoGroupAdmin):
    pass
