"""What is audited about the frame itself: people, and imports that were undone."""

from django.utils.translation import gettext_lazy as _

from pulse_site import logins
from pulse_site.audit import Action
from pulse_site.models import AuditEvent

AUDITED = logins.AUDITED | {
    "upload.undo": Action(
        AuditEvent.Area.IMPORTS, _("import undone"), _("%(actor)s undid the import of %(subject)s")
    ),
}
