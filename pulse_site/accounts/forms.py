"""allauth's forms in Pulse's words: the first field has the focus, and no field says its label twice."""

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as codes
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as passkeys
from django import forms
from django.utils.translation import gettext_lazy as _

LABELS = {
    "login": _("User name or e-mail address"),
    "email": _("E-mail address"),
    "password": _("Password"),
    "oldpassword": _("Current password"),
    "password1": _("New password"),
    "password2": _("New password, once more"),
    "code": _("Code"),
    "name": _("Name"),
}


class Worded(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = LABELS.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
        next(iter(self.fields.values())).widget.attrs["autofocus"] = True


class LoginForm(Worded, account.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        self.fields["password"].help_text = ""  # the way to a new one stands after the button, not before it


class AddEmailForm(Worded, account.AddEmailForm):
    pass


class ChangePasswordForm(Worded, account.ChangePasswordForm):
    pass


class SetPasswordForm(Worded, account.SetPasswordForm):
    pass


class ResetPasswordForm(Worded, account.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(Worded, account.ResetPasswordKeyForm):
    pass


class ReauthenticateForm(Worded, account.ReauthenticateForm):
    pass


class ConfirmCodeForm(Worded, account.ConfirmEmailVerificationCodeForm):
    pass


class AuthenticateForm(Worded, codes.AuthenticateForm):
    pass


class ReauthenticateByCodeForm(Worded, codes.ReauthenticateForm):
    pass


class ActivateAppForm(Worded, totp.ActivateTOTPForm):
    pass


class AddPasskeyForm(Worded, passkeys.AddWebAuthnForm):
    """A passkey logs in by itself, unless its holder has a simpler key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = _("What you will know it by, such as “Laptop”.")
        alone = self.fields["passwordless"]
        alone.initial = True
        alone.label, alone.label_suffix = _("Log in with it alone, without the password"), ""
        alone.help_text = _("Not for a simple security key, which knows neither finger, face nor PIN.")


class EditPasskeyForm(Worded, passkeys.EditWebAuthnForm):
    pass
