"""Two people on every decision about money and terms: who may take a step, and never both steps.

Commands, admin and tasks all come through here, for the functions that decide call it themselves. A
superuser has every permission, as everywhere in Django, but is one person like anybody else.
"""

from django.utils.translation import gettext as _

from pulse_site.models import User
from pulse_site.refusal import Refused


def require(by: User, *permissions: str) -> None:
    """Raise Refused unless `by` has one of `permissions` ("payouts.approve_batch")."""
    if not any(map(by.has_perm, permissions)):
        raise Refused(
            _("%(user)s may not do this: the permission %(permission)s is missing.")
            % {"user": by, "permission": permissions[0]}
        )


def require_another(by: User, first: User | None) -> None:
    """Raise Refused when `by` is `first`, who took the step before."""
    if by == first:
        raise Refused(
            _("%(user)s took the step before this one; another person must take this.") % {"user": by}
        )
