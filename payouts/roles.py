"""What each kind of staff may do with money: who prepares never has a role that approves."""

from pulse_site.roles import AUDITOR, FINANCE_APPROVER, FINANCE_PREPARER, LOOK, Table

ROLES: Table = {
    FINANCE_PREPARER: (
        LOOK,
        "prepare_batch",
        "download_paymentfile",
        "prepare_correction",
        "prepare_entry",
        "answer_dispute",
        "propose_payee_change",
        "screen_payee",
        "add_taxyear",
        "change_taxyear",
    ),
    FINANCE_APPROVER: (
        LOOK,
        "approve_batch",
        "approve_correction",
        "approve_entry",
        "approve_payee_change",
        "view_payee_details",
    ),
    AUDITOR: (LOOK,),
}
