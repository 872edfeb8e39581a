"""What is audited about the terms; who was approved and why stands in the decisions themselves."""

from django.utils.translation import gettext_lazy as _

from pulse_site.audit import Action
from pulse_site.models import AuditEvent

TERMS = AuditEvent.Area.TERMS
AUDITED = {
    "video.recategorise": Action(
        TERMS,
        _("video moved to another category"),
        _("%(actor)s moved the video %(subject)s to %(category)s from %(from_day)s on: %(reason)s"),
    ),
    "video.undo_recategorise": Action(
        TERMS,
        _("move to another category taken back"),
        _("%(actor)s took the move of the video %(subject)s to %(category)s back: %(reason)s"),
    ),
    "terms.propose": Action(TERMS, _("terms proposed"), _("%(actor)s proposed the terms %(subject)s")),
    "terms.change": Action(
        TERMS, _("proposed terms changed"), _("%(actor)s changed the proposed terms %(subject)s: %(fields)s")
    ),
    "creator.invite": Action(
        TERMS, _("link to the terms sent"), _("%(actor)s sent %(subject)s a link to the terms")
    ),
    "creator.accept_terms": Action(
        TERMS,
        _("terms accepted"),
        _("%(actor)s noted that %(subject)s accepted the terms on %(accepted_on)s"),
    ),
}
