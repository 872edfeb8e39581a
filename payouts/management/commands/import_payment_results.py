"""manage.py import_payment_results FILE"""

from pulse_site.feeds.command import ImportCommand


class Command(ImportCommand):
    help = "Import a bank's answers (CSV or XLSX): reference, status (paid or returned), date, reason."
    feed = "payment_results"
