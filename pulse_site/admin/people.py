"""Who may log in and what he may do."""

from typing import Any, ClassVar, cast

from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.usersessions.admin import UserSession
from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from pulse_site import audit, roles
from pulse_site.accounts import people, second_factors
from pulse_site.admin.audited import AuditedAdmin
from pulse_site.admin.exports import Exports, columns
from pulse_site.admin.moves import Move, MovingAdmin
from pulse_site.models import User

# What they hold is each person's own: secrets, addresses that only he can confirm, sessions.
admin.site.unregister([Group, EmailAddress, Authenticator, UserSession])
# Whoever changes one of these changes what a person may do.
RIGHTS = frozenset({"is_active", "is_staff", "is_superuser", "groups", "user_permissions"})
_stock: Any = DjangoUserAdmin.fieldsets


class OneAddressEach(forms.ModelForm):
    """Two people with one address could not be told apart when they log in by it."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        holder = people.holder_of(email) if email else None
        if holder and holder != self.instance:
            raise forms.ValidationError(_("%(person)s has this address already."), params={"person": holder})
        return email


class PersonForm(OneAddressEach, UserChangeForm):
    pass


class NewPersonForm(OneAddressEach, AdminUserCreationForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = True
        self.fields["email"].help_text = _("A code goes there at the first log-in.")


class SecondFactorFilter(admin.SimpleListFilter):
    title = _("second factor")
    parameter_name = "second_factor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("set up")), ("missing", _("needed and missing"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        have = second_factors.having()
        if self.value() == "yes":
            return queryset.filter(pk__in=have)
        if self.value() == "missing":
            return queryset.filter(pk__in=second_factors.needing()).exclude(pk__in=have)
        return queryset


@admin.register(User)
class UserAdmin(Exports, MovingAdmin, AuditedAdmin, DjangoUserAdmin):
    """A person who leaves is made inactive, never deleted: his decisions keep his name."""

    resource_classes = [
        columns(
            User,
            "username email first_name last_name language is_staff is_superuser is_active last_login "
            "date_joined",
        )
    ]
    audited = ("person.create", "person.change")
    list_display = ["username", "email", "first_name", "last_name", "is_staff", "is_active", "last_login"]
    list_filter = ["is_staff", "is_superuser", "is_active", SecondFactorFilter]
    search_fields = ["username__prefix", "email__prefix"]
    sortable_by: ClassVar[Any] = ("username",)
    form = PersonForm
    add_form = NewPersonForm
    readonly_fields = ("second_factors",)
    fieldsets: ClassVar[Any] = [
        *_stock[:2],
        (_("Portal and e-mail"), {"fields": ["language", "second_factors"]}),
        *_stock[2:],
    ]
    add_fieldsets: Any = [
        (None, {"classes": ["wide"], "fields": ["username", "email", "language"]}),
        (None, {"classes": ["wide"], "fields": ["usable_password", "password1", "password2"]}),
    ]
    in_bulk = False
    moves = {
        "forget": Move(
            _("Take the second factors away"), ("pulse_site.change_user",), frozenset(), tone="bad"
        ),
    }

    @admin.display(description=_("second factors"))
    def second_factors(self, person: User) -> str:
        found = Authenticator.objects.filter(user=person).order_by("pk")
        return ", ".join(map(str, found)) or _now("none")

    def offers(self, request: HttpRequest, action: str, record: User) -> bool:
        return not self.obstacle(request, action, record)

    def obstacle(self, request: HttpRequest, action: str, record: User) -> str:
        if not second_factors.has_one(record):
            return _now("There is none.")
        return _now("Your own stand on the page of your account.") if record == request.user else ""

    def perform(self, request: HttpRequest, action: str, records: QuerySet[User], **answers: str) -> str:
        taken = sum(people.forget_second_factors(each, cast(User, request.user)) for each in records)
        return ngettext("%(count)s taken away.", "%(count)s taken away.", taken) % {"count": taken}

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            people.change_address(obj)

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
    list_display = ["name", "role"]

    @admin.display(description=_("role"))
    def role(self, group: Group) -> str:
        return str(roles.LABELS.get(group.name, ""))
