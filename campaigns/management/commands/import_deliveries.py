"""manage.py import_deliveries FILE"""

from pulse_site.feeds.command import ImportCommand


class Command(ImportCommand):
    help = "Import delivered impressions (CSV or XLSX): day, campaign, video, impressions."
    feed = "deliveries"
