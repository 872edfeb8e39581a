"""The admin of the frame: people, uploads, runs and the audit trail; and what every app's admin is made of.

model_admin  fast lists and columns that read well
moves        buttons and actions that take records through a state machine
audited      forms whose every change stands in the audit trail
exports      CSV and XLSX that run nothing
"""

from pulse_site import prefix
from pulse_site.admin import audit, people, runs, uploads

__all__ = ["audit", "people", "prefix", "runs", "uploads"]
