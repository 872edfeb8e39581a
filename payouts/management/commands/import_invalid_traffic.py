from pulse_site.feeds.command import ImportCommand


class Command(ImportCommand):
    help = (
        "Import invalid traffic (CSV or XLSX): day, campaign, video, impressions, reason. "
        "It becomes a correction, which another person approves."
    )
    feed = "invalid_traffic"
    person = "Who prepares the correction."
