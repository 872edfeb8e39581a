"""What is audited about months and payments."""

from django.utils.translation import gettext_lazy as _

from pulse_site.audit import Action
from pulse_site.models import AuditEvent

MONEY = AuditEvent.Area.MONEY
AUDITED = {
    "month.review": Action(
        MONEY,
        _("month put under review"),
        _("%(actor)s put %(subject)s under review: %(revenue)s revenue, %(shared)s shared"),
    ),
    "month.reopen": Action(
        MONEY,
        _("month taken back from review"),
        _("%(actor)s took %(subject)s back from the review of %(reviewed_by)s"),
    ),
    "month.close": Action(
        MONEY,
        _("month closed"),
        _("%(actor)s closed %(subject)s: %(revenue)s revenue, %(shared)s shared"),
    ),
    "batch.prepare": Action(
        MONEY,
        _("payout batch prepared"),
        _("%(actor)s prepared the payout batch %(subject)s: %(payouts)s payouts, %(amount)s"),
    ),
    "batch.approve": Action(
        MONEY,
        _("payout batch approved"),
        _("%(actor)s approved the payout batch %(subject)s: %(payouts)s payouts, %(amount)s"),
    ),
    "batch.mark_paid": Action(
        MONEY,
        _("payout batch paid"),
        _("%(actor)s marked the payout batch %(subject)s as paid: %(payouts)s payouts, %(amount)s"),
    ),
    "batch.cancel": Action(
        MONEY,
        _("payout batch cancelled"),
        _("%(actor)s cancelled the payout batch %(subject)s: %(payouts)s payouts, %(amount)s"),
    ),
}
