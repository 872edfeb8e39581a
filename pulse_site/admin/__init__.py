"""The admin of the frame: people, uploads and runs; and what every app's admin is made of.

model_admin  fast lists and columns that read well
moves        buttons and actions that take records through a state machine
exports      CSV and XLSX that run nothing
"""

from pulse_site import prefix
from pulse_site.admin import people, runs, uploads

__all__ = ["people", "prefix", "runs", "uploads"]
