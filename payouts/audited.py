"""What is audited about months, corrections, payments and payees, and who saw whose bank details in full."""

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
    "payee.propose": Action(
        MONEY, _("payee details proposed"), _("%(actor)s proposed new payee details: %(subject)s")
    ),
    "payee.import": Action(
        MONEY,
        _("file of payees proposed"),
        _("%(actor)s proposed %(changes)s changes of payees by the file %(subject)s"),
    ),
    "payee.approve": Action(
        MONEY,
        _("payee details approved"),
        _("%(actor)s approved the payee details %(subject)s that %(proposed_by)s proposed"),
    ),
    "payee.reject": Action(
        MONEY,
        _("payee details rejected"),
        _("%(actor)s rejected the payee details %(subject)s that %(proposed_by)s proposed: %(reason)s"),
    ),
    "payee.see": Action(
        MONEY,
        _("payee details seen in full"),
        _("%(actor)s looked at the bank details and the tax number of %(subject)s in full"),
    ),
    "payee.export": Action(
        MONEY,
        _("payee details exported in full"),
        _("%(actor)s exported the bank details and the tax number of %(subject)s in full"),
    ),
    "payee.rekey": Action(
        MONEY,
        _("payee details encrypted anew"),
        _("%(actor)s encrypted the bank details and tax numbers of %(payees)s payees anew"),
    ),
    "payee.receive_form": Action(
        MONEY,
        _("tax form received"),
        _("%(actor)s recorded a tax form of %(subject)s, received on %(tax_received_on)s"),
    ),
    "payee.accept_form": Action(
        MONEY,
        _("tax form accepted"),
        _("%(actor)s found the tax form of %(subject)s valid, which %(prepared_by)s recorded"),
    ),
    "payee.reject_form": Action(
        MONEY,
        _("tax form rejected"),
        _("%(actor)s rejected the tax form of %(subject)s: %(reason)s"),
    ),
    "payee.withhold": Action(
        MONEY, _("backup withholding begun"), _("%(actor)s had tax withheld from payments to %(subject)s")
    ),
    "payee.stop_withholding": Action(
        MONEY,
        _("backup withholding ended"),
        _("%(actor)s ended the withholding from %(subject)s that %(prepared_by)s recorded"),
    ),
    "payee.screen": Action(
        MONEY,
        _("sanctions screening recorded"),
        _("%(actor)s recorded a sanctions screening of %(subject)s on %(screened_on)s"),
    ),
    "payee.clear_match": Action(
        MONEY,
        _("match of a screening cleared"),
        _("%(actor)s cleared %(subject)s of the match that %(prepared_by)s recorded: %(reason)s"),
    ),
    "payee.block": Action(MONEY, _("payee blocked"), _("%(actor)s blocked %(subject)s: %(reason)s")),
    "payee.unblock": Action(
        MONEY,
        _("payee unblocked"),
        _("%(actor)s unblocked %(subject)s, whom %(prepared_by)s had blocked: %(reason)s"),
    ),
    "payee.confirm_sharing": Action(
        MONEY,
        _("shared account allowed"),
        _(
            "%(actor)s allowed %(subject)s to share his account with another payee, as %(prepared_by)s had "
            "asked: %(reason)s"
        ),
    ),
    "payee.ask_to_share": Action(
        MONEY,
        _("shared account asked for"),
        _("%(actor)s asked to let %(subject)s share his account with another payee: %(reason)s"),
    ),
    "payee.refuse_sharing": Action(
        MONEY,
        _("shared account refused"),
        _("%(actor)s refused to let %(subject)s share his account with another payee: %(reason)s"),
    ),
    "tax_year.export": Action(
        MONEY,
        _("tax numbers exported in full"),
        _("%(actor)s exported the tax year %(subject)s with tax numbers in full"),
    ),
    "statement.link": Action(
        MONEY,
        _("link to statements made"),
        _("%(actor)s made a link to the statements of %(subject)s, good until %(until)s"),
    ),
}
