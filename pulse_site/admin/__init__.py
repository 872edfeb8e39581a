"""The admin of the frame: people, uploads, runs and the audit trail; and what every app's admin is made of.

model_admin  fast lists and columns that read well
moves        buttons and actions that take records through a state machine
audited      forms whose every change stands in the audit trail
exports      lists as CSV and XLSX, of any length, that run nothing
imports      a few rows of reference data, by the library's page
uploads      the way of a feed's file
"""

from pulse_site import prefix
from pulse_site.admin import audit, mails, people, runs, uploads

__all__ = ["audit", "mails", "people", "prefix", "runs", "uploads"]
