"""What each kind of staff may do with advertisers, their campaigns and the lineups."""

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

_LINEUPS = ("view_placementrun", "view_placement")
ROLES: Table = {
    REVIEWER: _LINEUPS,
    SENIOR_REVIEWER: _LINEUPS,
    AD_OPERATIONS: (
        LOOK,
        "add_advertiser",
        "change_advertiser",
        "approve_advertiser",
        "add_invitation",
        "add_member",
        "change_member",
        "delete_member",
        "add_campaign",
        "change_campaign",
        "book_campaign",
        "review_creative",
        "add_rate",
        "change_rate",
        "add_suggestion",
        "change_suggestion",
    ),
    FINANCE_PREPARER: (LOOK, "review_month", "remind_invoice"),
    FINANCE_APPROVER: (LOOK, "close_month"),
    AUDITOR: (LOOK,),
    ADMINISTRATOR: (LOOK, "add_agreement", "change_agreement"),
}
