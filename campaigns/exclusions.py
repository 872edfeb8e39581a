"""Writes beside which videos and creators a campaign must not run (verdicts.py reads it).

An exclusion is a span of days. As long as a campaign was never booked, its list is simply what stands on it:
what is added counts from the beginning, what is taken off is gone. Once it was booked, what is added counts
from the day after, and what is taken off stays excluded for the days until then: a day that was billed is
not judged otherwise afterwards, and the ad server has a night to take the list over.

Lists of videos come as files (CSV or XLSX, with a header or without): numbers, or addresses that end in
them. A file is taken over as far as it can be read; every row that can't be is kept with its line and why.
"""

import datetime
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.core.files import File
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Campaign, CreatorExclusion, ExclusionList, VideoExclusion
from creators.models import Creator
from pulse_site import audit
from pulse_site.feeds import cells
from pulse_site.feeds.mapping import folded
from pulse_site.feeds.reading import Source
from pulse_site.models import User
from pulse_site.refusal import Refused

MOST_ROWS = 2_000
MOST_BYTES = 1_000_000
MOST_VIDEOS = 20_000  # of one campaign
NAMED = 5  # how many handles a refusal names
LONGEST_VALUE = 100
HEADERS = ("video", "videoid", "id", "platformid", "url", "videourl", "link")
IN_AN_ADDRESS = re.compile(r"/(?:video|v)/(\d+)(?:\D.*)?$")
ONE_DAY = datetime.timedelta(days=1)

Rejected = tuple[int, str, str]  # line, value, what is wrong with it


def exclude_creators(
    campaign: Campaign, handles: Iterable[str], by: User, today: datetime.date | None = None
) -> int:
    """Put creators on the list by their handles; returns how many were not on it before.

    `today` (UTC, today unless given) is the last day on which a booked campaign may still run beside them.
    Raises Refused, having written nothing, when Pulse doesn't know one of the handles.
    """
    wanted = {handle.strip().removeprefix("@").lower() for handle in handles} - {""}
    with transaction.atomic():
        starts_on = _first_day(campaign, today)
        found = dict(Creator.objects.filter(handle__in=wanted).values_list("handle", "pk"))
        _refuse_unknown(sorted(wanted - set(found)))
        there = campaign.excluded_creators.standing().values_list("creator", flat=True)
        added = [
            CreatorExclusion(campaign=campaign, creator_id=pk, starts_on=starts_on)
            for pk in sorted(set(found.values()) - set(there))
        ]
        CreatorExclusion.objects.bulk_create(added)
        if added:
            audit.record(by, "campaign.exclude", campaign, creators=len(added), videos=0)
    return len(added)


def exclude_videos(
    campaign: Campaign, file: File, by: User, today: datetime.date | None = None
) -> ExclusionList:
    """Put the videos of a file on the list; returns what came of it, with the rows that can't be read.

    Raises Refused, having written nothing, for a file of more than 2,000 rows or a megabyte, for one that is
    no table, and when the campaign's list would grow beyond 20,000 videos.
    """
    name = str(file.name)
    if file.size > MOST_BYTES:
        raise Refused(_("%(file)s is larger than 1 MB. Split it.") % {"file": name})
    with NamedTemporaryFile(suffix=Path(name).suffix) as copy:
        for chunk in file.chunks():
            copy.write(chunk)
        copy.flush()
        videos, rejected = _read(Path(copy.name), name)
    with transaction.atomic():
        starts_on = _first_day(campaign, today)
        there = set(campaign.excluded_videos.standing().values_list("platform_id", flat=True))
        new = sorted(set(videos) - there)
        _refuse_too_many(len(there) + len(new))
        kept = ExclusionList.objects.create(
            campaign=campaign,
            name=name[:255],
            videos=len(set(videos)),
            added=len(new),
            rejected=rejected,
            added_by=by,
        )
        VideoExclusion.objects.bulk_create(
            [
                VideoExclusion(campaign=campaign, platform_id=video, starts_on=starts_on, source=kept)
                for video in new
            ]
        )
        if new:
            audit.record(by, "campaign.exclude", campaign, creators=0, videos=len(new))
    return kept


def readmit(campaign: Campaign, entries: QuerySet[Any], by: User, today: datetime.date | None = None) -> int:
    """Take `entries` of the campaign off its list; returns how many.

    Of a booked campaign they stay excluded through `today` (UTC, today unless given); what would have
    counted from tomorrow on never does.
    """
    today = today or timezone.now().date()
    with transaction.atomic():
        from_tomorrow = _first_day(campaign, today) > today
        chosen = entries.filter(campaign=campaign, ends_on=None)
        unused = chosen.filter(starts_on__gt=today) if from_tomorrow else chosen
        gone = unused.delete()[0]
        gone += chosen.update(ends_on=today) if from_tomorrow else 0
        if gone:
            of_videos = entries.model is VideoExclusion
            videos, creators = (gone, 0) if of_videos else (0, gone)
            audit.record(by, "campaign.readmit", campaign, videos=videos, creators=creators)
    return gone


def copy(campaign: Campaign, made: Campaign, today: datetime.date) -> None:
    """Put on the list of a new draft what stands on that of another campaign."""
    CreatorExclusion.objects.bulk_create(
        CreatorExclusion(campaign=made, creator_id=pk, starts_on=today)
        for pk in campaign.excluded_creators.standing().values_list("creator", flat=True)
    )
    VideoExclusion.objects.bulk_create(
        VideoExclusion(campaign=made, platform_id=video, starts_on=today)
        for video in campaign.excluded_videos.standing().values_list("platform_id", flat=True)
    )


def _first_day(campaign: Campaign, today: datetime.date | None) -> datetime.date:
    """From when on an addition counts; the campaign is locked, so that nobody books it meanwhile."""
    held = Campaign.objects.select_for_update().get(pk=campaign.pk)
    today = today or timezone.now().date()
    return today + ONE_DAY if held.frozen else min(today, held.starts_on)


def _read(path: Path, name: str) -> tuple[list[int], list[Rejected]]:
    """The videos of a file, and the rows that can't be read."""
    videos, rejected = [], []
    source = Source(path, lambda row: sum(folded(cell) in HEADERS for cell in row))
    for number, (line, value) in enumerate(_values(source), start=1):
        if number > MOST_ROWS:
            raise Refused(
                _("%(file)s has more than %(most)s rows. Split it into several files.")
                % {"file": name, "most": f"{MOST_ROWS:,}"}
            )
        try:
            videos.append(_video(value))
        except cells.Unusable as unusable:
            rejected.append((line, value[:LONGEST_VALUE], unusable.message))
    return videos, rejected


def _values(source: Source) -> Iterator[tuple[int, str]]:
    """The cells that name videos with their lines: those of the column that says so, or of the first."""
    named = [place for place, header in enumerate(source.header) if folded(header) in HEADERS]
    place = named[0] if named else 0
    if not named and _names_a_video(source.header[0]):
        yield 1, source.header[0]  # a list without a header
    for line, row in source.rows():
        yield line, row[place].strip() if place < len(row) else ""


def _names_a_video(text: str) -> bool:
    try:
        return bool(_video(text))
    except cells.Unusable:
        return False


def _video(text: str) -> int:
    """The number of a video; raises Unusable."""
    in_an_address = IN_AN_ADDRESS.search(text)
    return cells.number(in_an_address[1] if in_an_address else text)


def _refuse_unknown(handles: list[str]) -> None:
    if handles:
        named = ", ".join(f"@{handle}" for handle in handles[:NAMED])
        more = _(" and %(count)s more") % {"count": len(handles) - NAMED} if len(handles) > NAMED else ""
        raise Refused(
            _("No creator is known by these handles: %(handles)s. Check how they are spelled.")
            % {"handles": named + more}
        )


def _refuse_too_many(videos: int) -> None:
    if videos > MOST_VIDEOS:
        raise Refused(
            _("With these the list would have %(videos)s videos; %(most)s at most. Take others off first.")
            % {"videos": f"{videos:,}", "most": f"{MOST_VIDEOS:,}"}
        )
