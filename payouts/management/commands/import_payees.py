from pulse_site.feeds.command import ImportCommand


class Command(ImportCommand):
    help = "Propose the payees of a file (CSV or XLSX); another person approves them in the admin."
    feed = "payees"
    person = "Who proposes; not for a --dry-run."
