"""Payable or not: whether a creator may be paid on a day, with every reason against it.

There is one rule, written once as SQL over all creators, so that the payee's page, the preparation of a
batch, its approval and its files can't differ. A reason is a code; a row without any is payable. Backup
withholding is no reason: the payment is made, and the part that the tax office is due is withheld from it.
"""

import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from creators.models import ProgrammeTerms

# code -> what a person reads
REASONS: dict[str, Any] = {
    "no_payee": _("no payee details"),
    "blocked": _("blocked"),
    "held": _("bank details changed a short while ago"),
    "change_open": _("a change of the details waits for approval"),
    "tax_form": _("no valid tax form"),
    "tax_form_expired": _("the tax form has expired"),
    "not_screened": _("not screened for sanctions, or too long ago"),
    "sanctions": _("the sanctions screening has a match or must be reviewed"),
    "no_destination": _("no bank details"),
    "balance": _("the balance no longer covers it"),
    "details_changed": _("bank details or withholding changed since it was prepared"),
    "details_unfit": _("the bank details don't fit into a payment file"),
    "too_large": _("more than a payment file takes in one payment"),
    "returned": _("the bank returned the last payment to these bank details"),
}

# creator_id, method, details_version, withhold (1 or 0), reasons (codes, a comma after each; '' is payable).
JUDGED = """
    SELECT creator.id AS creator_id, payee.method, payee.version AS details_version,
           CASE WHEN payee.backup_withholding THEN 1 ELSE 0 END AS withhold,
           CASE WHEN payee.creator_id IS NULL THEN 'no_payee,' ELSE
             CASE WHEN payee.blocked THEN 'blocked,' ELSE '' END
             || CASE WHEN payee.held_until > %s THEN 'held,' ELSE '' END
             || CASE WHEN EXISTS (SELECT 1 FROM payouts_payeechange change
                                   WHERE change.creator_id = creator.id AND change.status = 'proposed')
                     THEN 'change_open,' ELSE '' END
             || CASE WHEN payee.backup_withholding THEN ''
                     WHEN payee.tax_status <> 'valid' THEN 'tax_form,'
                     WHEN payee.tax_expires_on < %s THEN 'tax_form_expired,' ELSE '' END
             || CASE WHEN payee.screening IN ('review', 'match') THEN 'sanctions,'
                     WHEN payee.screening <> 'clear' OR payee.screened_on IS NULL OR payee.screened_on < %s
                     THEN 'not_screened,' ELSE '' END
             || CASE WHEN payee.destination_digest = '' AND payee.method <> 'manual'
                     THEN 'no_destination,' ELSE '' END
           END AS reasons
      FROM creators_creator creator LEFT JOIN payouts_payee payee ON payee.creator_id = creator.id
"""


def values(day: datetime.date) -> list[Any]:
    """The parameters of JUDGED for `day`, by the terms in force on it."""
    terms = ProgrammeTerms.objects.in_force(day)
    return [day, day, day - datetime.timedelta(days=terms.screening_days)]


def labels(codes: str) -> list[str]:
    """What a person reads for the codes of one row."""
    return [str(REASONS[code]) for code in codes.split(",") if code]
