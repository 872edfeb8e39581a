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

_VIEWS = ("add_savedview", "change_savedview")
_REVIEWS = (LOOK, "review_creator", "change_creator", *_VIEWS)
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
        "share_savedview",
    ),
    AD_OPERATIONS: (LOOK, *_VIEWS, "recategorise_video"),
    FINANCE_PREPARER: (LOOK, "add_programmeterms"),
    FINANCE_APPROVER: (LOOK, "approve_programmeterms"),
    AUDITOR: (LOOK,),
    ADMINISTRATOR: (
        LOOK,
        *_VIEWS,
        "share_savedview",
        "change_category",
        "add_programmeterms",
        "add_thinnedday",
    ),
}
