"""The form of a proposal: who is paid, and where by one method; what is secret is typed anew or left."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from creators.models import Creator
from payouts import details
from payouts.models import Method, Payee

SECRET = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
PREFIX = "to_"  # of the fields of a destination, as an e-mail may be one too


class PayeeForm(forms.Form):
    """The fields of a payee who is paid by `method`."""

    legal_name = forms.CharField(max_length=200)
    is_company = forms.BooleanField(required=False)
    street = forms.CharField(max_length=200, required=False)
    city = forms.CharField(max_length=100, required=False)
    region = forms.CharField(max_length=100, required=False)
    postal_code = forms.CharField(max_length=20, required=False)
    country = forms.CharField(max_length=2, help_text=_("Two letters, such as US or FR."))
    email = forms.EmailField(required=False)
    tax_form = forms.ChoiceField(choices=Payee.TaxForm.choices, required=False)
    tax_id = forms.CharField(max_length=40, required=False, widget=SECRET)

    def __init__(self, method: str, payee: Payee | None, creator: Creator, data: Any = None) -> None:
        self.method = method if method in Method.values else Method.ACH
        now = details.of(payee) if payee else {"legal_name": creator.name, "email": creator.email}
        super().__init__(data, initial={**now, "tax_id": ""})
        for name, field in self.fields.items():
            field.label = capfirst(details.label(name))
        self._add_destination(payee)
        if payee and payee.tax_id_hint:
            self.fields["tax_id"].help_text = _keep(payee.tax_id_hint)

    def _add_destination(self, payee: Payee | None) -> None:
        kept = payee.destination_hint if payee and payee.method == self.method else ""
        for key in (*details.NEEDED[self.method], *details.OPTIONAL.get(self.method, ())):
            field: forms.Field = forms.CharField(max_length=254, required=False, widget=SECRET)
            if key == "account_type":
                types = [("", "–"), ("checking", _("checking")), ("savings", _("savings"))]
                field = forms.ChoiceField(choices=types, required=False)
            field.label = capfirst(details.label(key))
            self.fields[PREFIX + key] = field
        if kept:
            self.fields[PREFIX + details.NEEDED[self.method][0]].help_text = _keep(kept)

    def personal(self) -> list[forms.BoundField]:
        return [field for field in self if not field.name.startswith(PREFIX)]

    def payment(self) -> list[forms.BoundField]:
        return [field for field in self if field.name.startswith(PREFIX)]

    def fields_given(self) -> dict[str, Any]:
        """What the form says, as `payees.propose` takes it: a secret that was left blank stays as it is."""
        answers = self.cleaned_data
        given = {name: answers[name] for name in details.FIELDS if name in answers and name != "tax_id"}
        given["method"] = self.method
        destination = {
            name.removeprefix(PREFIX): value
            for name, value in answers.items()
            if name.startswith(PREFIX) and value
        }
        if destination:
            given["destination"] = destination
        if answers["tax_id"]:
            given["tax_id"] = answers["tax_id"]
        return given


def _keep(hint: str) -> str:
    return str(_("Now %(hint)s. Leave the fields blank to keep it.")) % {"hint": hint}
