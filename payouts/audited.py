"""What is audited about months, payments and payees, and who saw whose bank details in full."""

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
        _("%(actor)s allowed %(subject)s to share his account with another payee: %(reason)s"),
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
