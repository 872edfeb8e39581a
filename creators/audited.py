"""What is audited about the terms and flags; who was approved and why stands in the decisions themselves."""

from django.utils.translation import gettext_lazy as _

from pulse_site.audit import Action
from pulse_site.models import AuditEvent

TERMS, CREATORS = AuditEvent.Area.TERMS, AuditEvent.Area.CREATORS
AUDITED = {
    "terms.propose": Action(
        TERMS,
        _("terms proposed"),
        _("%(actor)s proposed the terms %(subject)s from %(starts_on)s on: %(fields)s"),
    ),
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
    "counts.thin": Action(
        TERMS,
        _("daily counts removed"),
        _("%(actor)s removed %(removed)s daily counts of %(subject)s, %(kept)s stay"),
    ),
    # Of days when a proposal could be edited.
    "terms.change": Action(
        TERMS, _("proposed terms changed"), _("%(actor)s changed the proposed terms %(subject)s: %(fields)s")
    ),
    "terms.approve": Action(
        TERMS,
        _("terms approved"),
        _("%(actor)s approved the terms %(subject)s, in force from %(starts_on)s on"),
    ),
    "terms.refuse": Action(
        TERMS, _("terms refused"), _("%(actor)s refused the terms %(subject)s: %(reason)s")
    ),
    "terms.withdraw": Action(
        TERMS, _("terms withdrawn"), _("%(actor)s withdrew the proposed terms %(subject)s")
    ),
    "creator.invite": Action(
        TERMS, _("link to the terms sent"), _("%(actor)s sent %(subject)s a link to the terms")
    ),
    "creator.accept_terms": Action(
        TERMS,
        _("terms accepted"),
        _("%(actor)s noted that %(subject)s accepted the terms on %(accepted_on)s"),
    ),
    "flag.raise": Action(CREATORS, _("creator flagged"), _("%(actor)s flagged %(subject)s: %(detail)s")),
    "flag.resolve": Action(
        CREATORS, _("flag resolved"), _("%(actor)s resolved a flag of %(subject)s: %(reason)s")
    ),
    "flag.lapse": Action(CREATORS, _("flag lapsed"), _("A flag of %(subject)s lapsed: %(detail)s")),
}
