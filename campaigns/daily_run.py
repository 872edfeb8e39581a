"""The day's run: which lineups are due, and which markets wait for their video file.

The counts of a day and market are complete as soon as a video file of that day and market was applied: an
import is all or nothing, so that its upload, once it says "applied", stands for all of its rows. Another file
of the same day (a correction, a second part) makes the lineup due once more. A file that is only previewed,
refused or still being applied makes nothing due, and without a file there is no run, hence never an empty
lineup: the start page says instead which market's file is missing, until it comes.

Beat may ask as often as it likes. Each piece of work is one run whose key names day, market and the upload
that completed the counts, so what was asked for is not asked for again; workers take the runs in parallel,
and whoever takes over from a killed one computes the same lineup (runs.py, placements.py).
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from campaigns.models import PlacementRun
from creators.models import Video
from creators.videos import VideosFeed
from pulse_site import runs
from pulse_site.models import Run, Upload

ONE_DAY = datetime.timedelta(days=1)
RECENT_DAYS = 7
# A market without a file for longer than this is taken for closed; nobody is told of it any more.
SERVED_DAYS = 30
RETRY_AFTER = datetime.timedelta(hours=1)
KIND = "recompute_placements"


@dataclass(frozen=True)
class Complete:
    """A day of a market whose counts are complete, by the upload that was applied last."""

    day: datetime.date
    market: str
    upload: int

    @property
    def key(self) -> str:
        return f"{self.day} {self.market} {self.upload}"


@dataclass(frozen=True)
class Missing:
    """A market whose file of `day` should have come by now; the newest that did is of `newest`."""

    market: str
    day: datetime.date
    newest: datetime.date


def start_due(now: datetime.datetime | None = None) -> int:
    """Ask for the run of every recent day and market that is complete and was not ranked since; how many.

    A frozen day is left alone: money has used its lineup. A run that failed is asked for again after an hour.
    """
    now = now or timezone.now()
    wanted = _without_frozen(_complete(now.date()))
    asked = Run.objects.filter(kind=KIND, key__in=[each.key for each in wanted])
    settled = asked.exclude(Q(status=Run.Status.FAILED) & Q(finished_at__lte=now - RETRY_AFTER))
    known = set(settled.values_list("key", flat=True))
    due = [each for each in wanted if each.key not in known]
    for each in due:
        runs.start(KIND, key=each.key, arguments={"day": f"{each.day}", "market": each.market})
    return len(due)


def start_again(video: Video, from_day: datetime.date, days: Sequence[datetime.date]) -> None:
    """Ask for the runs that a move of the video changes; an active one may have read the old counts.

    Those of `days`, of which its stored counts changed, and those of a lake's files from that day on, which
    may count it without Pulse's knowing, as long as it scores.
    """
    runs_of_market = PlacementRun.objects.current().filter(market=video.market, frozen=False)
    for run in runs_of_market.select_related("terms").filter(
        Q(day__in=days) | Q(day__gte=max(from_day, video.published_at.date())) & ~Q(files="")
    ):
        age = (run.day - video.published_at.date()).days
        if run.day in days or age <= run.terms.horizon_days:
            key = f"{run.day} {run.market} {timezone.now():%H%M%S%f}"
            runs.start(KIND, key=key, arguments={"day": f"{run.day}", "market": run.market})


def missing(now: datetime.datetime | None = None) -> list[Missing]:
    """The markets that had files of late and have none of yesterday, after the hour at which it is due.

    Derived whenever it is shown, never stored: with the file the alert is gone.
    """
    now = now or timezone.now()
    yesterday = now.date() - ONE_DAY
    expected = yesterday if now.hour >= settings.VIDEO_FEED_DUE_HOUR else yesterday - ONE_DAY
    newest: dict[str, datetime.date] = {}
    for each in _applied(now.date() - SERVED_DAYS * ONE_DAY):
        newest[each.market] = max(each.day, newest.get(each.market, each.day))
    return [Missing(market, expected, day) for market, day in sorted(newest.items()) if day < expected]


def _complete(today: datetime.date) -> list[Complete]:
    """Each recent day and market once, by its newest upload; the day itself must be over."""
    latest: dict[tuple[datetime.date, str], Complete] = {}
    for each in _applied(today - RECENT_DAYS * ONE_DAY):
        if each.day < today:
            latest[each.day, each.market] = each
    return sorted(latest.values(), key=lambda each: (each.day, each.market))


def _applied(since: datetime.date) -> list[Complete]:
    """The applied video files of the days from `since` on, in the order in which they were applied.

    Found by when they were applied, which no file is before its day; what it is of, its feed says.
    """
    begin = datetime.datetime.combine(since, datetime.time(), tzinfo=datetime.UTC)
    uploads = Upload.objects.filter(feed=VideosFeed.name, status=Upload.Status.APPLIED, applied_at__gte=begin)
    found = uploads.order_by("applied_at", "pk").values_list("pk", "options")
    files = [Complete(feed.day, feed.market, pk) for pk, feed in ((pk, VideosFeed(o)) for pk, o in found)]
    return [each for each in files if each.day >= since]


def _without_frozen(wanted: list[Complete]) -> list[Complete]:
    frozen = set(
        PlacementRun.objects.current()
        .filter(frozen=True, day__in=[each.day for each in wanted])
        .values_list("day", "market")
    )
    return [each for each in wanted if (each.day, each.market) not in frozen]
