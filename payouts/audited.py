"""What is audited about months, corrections and payments."""

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
    "batch.make_files": Action(
        MONEY,
        _("payment files made"),
        _("%(actor)s made the payment files of %(subject)s: %(payouts)s payouts, %(amount)s"),
    ),
    "batch.mark_sent": Action(
        MONEY,
        _("payout batch sent"),
        _("%(actor)s handed the payout batch %(subject)s to the bank: %(payouts)s payouts, %(amount)s"),
    ),
    "batch.download": Action(
        MONEY, _("payment file downloaded"), _("%(actor)s downloaded the payment file %(subject)s")
    ),
    "payout.paid": Action(
        MONEY, _("payment settled"), _("%(actor)s recorded that %(subject)s was paid: %(amount)s")
    ),
    "payout.returned": Action(
        MONEY,
        _("payment returned"),
        _("%(actor)s recorded that %(subject)s came back: %(amount)s, %(reason)s"),
    ),
    "payout.results": Action(
        MONEY,
        _("bank's answers imported"),
        _("%(actor)s imported the bank's answers of %(subject)s: %(paid)s paid, %(returned)s returned"),
    ),
    "correction.prepare": Action(
        MONEY, _("correction prepared"), _("%(actor)s prepared the correction %(subject)s: %(amount)s")
    ),
    "correction.approve": Action(
        MONEY,
        _("correction approved"),
        _("%(actor)s approved the correction %(subject)s: %(adjustments)s adjustments, %(amount)s"),
    ),
    "correction.reject": Action(
        MONEY,
        _("correction rejected"),
        _("%(actor)s rejected the correction %(subject)s: %(adjustments)s adjustments, %(amount)s"),
    ),
    "entry.prepare": Action(
        MONEY, _("manual entry prepared"), _("%(actor)s prepared the manual entry %(subject)s: %(amount)s")
    ),
    "entry.approve": Action(
        MONEY, _("manual entry approved"), _("%(actor)s approved the manual entry %(subject)s: %(amount)s")
    ),
    "entry.reject": Action(
        MONEY, _("manual entry rejected"), _("%(actor)s rejected the manual entry %(subject)s: %(amount)s")
    ),
    "dispute.answer": Action(
        MONEY, _("dispute answered"), _("%(actor)s answered the dispute of %(subject)s")
    ),
    "dispute.resolve": Action(
        MONEY,
        _("dispute resolved by a correction"),
        _("%(actor)s resolved the dispute of %(subject)s by the correction %(correction)s"),
    ),
    "dispute.refuse": Action(MONEY, _("dispute refused"), _("%(actor)s refused the dispute of %(subject)s")),
}
