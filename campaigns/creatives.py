"""Takes a campaign's creatives: files that really are what they may be, and addresses.

What a file is, its own first bytes say, never its name nor what the browser claims; it is kept under the
creative's reference and goes out with the type that was found and headers under which nothing in it can run
as a page of ours. Pulse never fetches an address that somebody typed. Every creative waits for staff; the
moves stand in booking.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns import booking, references
from campaigns.models import Campaign, Creative
from pulse_site import audit
from pulse_site.models import User
from pulse_site.refusal import Refused

MEGABYTE = 1_000_000
HEAD = 4_096  # bytes that tell what a file is
MOST = 50  # that stand on one campaign
ENDED = (Campaign.Status.CANCELLED,)
# With these a browser shows the file and nothing else: it neither guesses another type nor runs anything.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=3600",
}


@dataclass(frozen=True)
class Kind:
    """A type of file that is taken, the end of its name, its greatest size and how it begins."""

    content_type: str
    suffix: str
    largest: int
    begins: Callable[[bytes], bool]


KINDS = (
    Kind("image/png", "png", 5 * MEGABYTE, lambda head: head.startswith(b"\x89PNG\r\n\x1a\n")),
    Kind("image/jpeg", "jpg", 5 * MEGABYTE, lambda head: head.startswith(b"\xff\xd8\xff")),
    Kind("image/gif", "gif", 5 * MEGABYTE, lambda head: head[:6] in (b"GIF87a", b"GIF89a")),
    Kind("image/webp", "webp", 5 * MEGABYTE, lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
    Kind("video/mp4", "mp4", 100 * MEGABYTE, lambda head: head[4:8] == b"ftyp" and head[8:12] != b"qt  "),
    Kind(
        "video/webm",
        "webm",
        100 * MEGABYTE,
        lambda head: head.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in head[:64],
    ),
)


def kind_of(file: File) -> Kind:
    """What a file is by its first bytes; raises Refused for anything that is not taken, or too large."""
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    found = next((kind for kind in KINDS if kind.begins(head)), None)
    if found is None:
        raise Refused(_("This is none of the files that can be shown: PNG, JPEG, GIF, WebP, MP4 or WebM."))
    if file.size > found.largest:
        raise Refused(
            _("The file has %(size)s MB; a %(type)s has %(largest)s MB at most.")
            % {
                "size": -(-file.size // MEGABYTE),
                "type": found.content_type,
                "largest": found.largest // MEGABYTE,
            }
        )
    return found


def add(
    campaign: Campaign,
    by: User,
    *,
    name: str,
    landing_url: str,
    url: str = "",
    file: File | None = None,
    replaces: Creative | None = None,
) -> Creative:
    """A new creative of `campaign`, either a file or at an address, that waits for staff.

    What it `replaces` runs on until the new one is approved, if it was approved itself; otherwise it is
    withdrawn at once. Raises Refused for a file that is not taken, when the campaign was cancelled, and when
    it has fifty already.
    """
    kind = kind_of(file) if file else None
    with transaction.atomic():
        held = Campaign.objects.select_for_update().get(pk=campaign.pk)
        _refuse_closed(held, replaces)
        made = Creative(
            campaign=held,
            reference=references.new("C"),
            name=name,
            url=url,
            landing_url=landing_url,
            replaces=replaces,
            added_by=by,
        )
        if file and kind:
            made.content_type = kind.content_type
            made.file.save(f"{made.reference}.{kind.suffix}", file, save=False)
        made.save()
        audit.record(by, "creative.add", made, campaign=str(held))
        if replaces and replaces.status != Creative.Status.APPROVED:
            booking.move_creatives(Creative.objects.filter(pk=replaces.pk), "withdraw", by)
    return made


def _refuse_closed(campaign: Campaign, replaces: Creative | None) -> None:
    if campaign.status in ENDED:
        raise Refused(_("%(campaign)s was cancelled: it takes no creatives.") % {"campaign": campaign})
    standing = campaign.creatives.filter(status__in=Creative.STANDING).count()
    if standing - bool(replaces) >= MOST:
        raise Refused(_("A campaign has at most %(most)s creatives. Withdraw others first.") % {"most": MOST})
