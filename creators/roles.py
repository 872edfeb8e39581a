"""What each kind of staff may do with creators."""

from pulse_site.roles import (
    AD_OPERATIONS,
    ADMINISTRATOR,
    AUDITOR,
    FINANCE_APPROVER,
    FINANCE_PREPARER,
    LOOK,
    REVIEWER,
    SENIOR_REVIEWER,
    Table,
)

_REVIEWS = (LOOK, "review_creator", "change_creator")
ROLES: Table = {
    REVIEWER: _REVIEWS,
    SENIOR_REVIEWER: (
        *_REVIEWS,
        "add_creator",
        "override_eligibility",
        "review_in_bulk",
        "recategorise_video",
        "add_decisionreason",
        "change_decisionreason",
    ),
    AD_OPERATIONS: (LOOK, "recategorise_video"),
    FINANCE_PREPARER: (LOOK,),
    FINANCE_APPROVER: (LOOK,),
    AUDITOR: (LOOK,),
    ADMINISTRATOR: (LOOK, "change_category", "add_programmeterms", "change_programmeterms"),
}
