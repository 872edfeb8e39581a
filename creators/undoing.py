"""Undo an import of follower counts, as long as nothing was built on it.

What is built on counts is built through verdicts and decisions alone: lineups and months never read a
follower count. So an import may be undone until a later import of counts followed it (that one compared
itself with it, and may have confirmed it), or somebody decided about a creator whose count it changed. Then
the counts that it corrected are put back, those that it brought go, Reach says again what it said before, and
the rules are checked as of the day as of which they were. Whom it brought into the queue leaves that again,
and a creator whom Pulse knows from it alone is forgotten.
"""

# ruff: noqa: S608 - names in the statements are written here, never taken from a file

import datetime
from contextlib import suppress

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from creators import approval, eligibility
from creators.models import Creator, Decision, Eligibility, FollowerCount, Reach, ReplacedReach
from pulse_site.feeds.feed import Progress
from pulse_site.feeds.staging import execute, select
from pulse_site.models import Upload, User
from pulse_site.refusal import Refused

# Of a creator these are the import's own doing, or follow from it.
_ITS_OWN = (FollowerCount, Reach, Eligibility)


def note(upload: Upload) -> None:
    """Note in upload.before, before feed_ready is written, what can't be found out afterwards."""
    first, last = select("SELECT min(as_of), max(as_of) FROM feed_ready")[0]
    checked = Eligibility.objects.aggregate(day=Max("as_of"))["day"]
    upload.before = {
        "first": str(first),
        "last": str(last),
        "checked": str(checked or ""),
        "decision": _newest_decision(),
    }


def obstacles(upload: Upload) -> list[str]:
    """What stands in the way of undoing an applied import of follower counts, in words for people."""
    return [*_too_late(upload), *_later_imports(upload), *_decisions(upload)]


def undo(upload: Upload, by: User | None, progress: Progress) -> dict[str, int]:
    """Put everything back as it was before `upload`, in the caller's transaction, while imports wait.

    Returns counts (that went), restored (that were corrected), creators_removed, and dequeued.
    """
    progress(0, _("putting back"))
    restored = _restore_counts(upload)
    gone = FollowerCount.objects.filter(upload=upload, as_of__range=_days(upload)).delete()[0]
    progress(300, _("putting back"))
    _restore_reach(upload)
    progress(600, _("checking"))
    _check_as_before(upload)
    progress(900, _("checking"))
    dequeued = _dequeue(upload, by)
    return {
        "counts": gone,
        "restored": restored,
        "creators_removed": _forget_new(upload),
        "dequeued": dequeued,
    }


def forget_old() -> None:
    """Drop what only undoing would need of imports that can't be undone any more for their age."""
    kept = Upload.objects.filter(applied_at__gte=_earliest(), status=Upload.Status.APPLIED)
    ReplacedReach.objects.exclude(upload__in=kept.values("pk")).delete()


def _earliest() -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=settings.IMPORT_UNDO_DAYS)


def _too_late(upload: Upload) -> list[str]:
    if upload.before and upload.applied_at and upload.applied_at >= _earliest():
        return []
    return [_("It is more than %(days)s days old.") % {"days": settings.IMPORT_UNDO_DAYS}]


def _later_imports(upload: Upload) -> list[str]:
    later = Upload.objects.filter(
        Q(feed="followers") | Q(feed="videos"),
        status=Upload.Status.APPLIED,
        applied_at__gt=upload.applied_at,
    ).order_by("applied_at")
    for name, feed, summary in later.values_list("name", "feed", "summary"):
        if feed == "followers":
            return [_("A later import of counts stands on it: undo %(name)s first.") % {"name": name}]
        if "followers" in summary["columns"].values():
            return [_("A later file of videos had follower counts too: %(name)s.") % {"name": name}]
    return []


def _decisions(upload: Upload) -> list[str]:
    made = Decision.objects.filter(pk__gt=upload.before.get("decision", 0)).exclude(
        action__in=[Decision.Action.QUEUE, Decision.Action.DEQUEUE]
    )
    about = made.filter(
        Exists(
            FollowerCount.objects.filter(
                as_of__range=_days(upload), creator=OuterRef("creator"), upload=upload
            )
        )
    )
    decided = about.values("creator").distinct().count()
    if not decided:
        return []
    first = about.select_related("creator").earliest("pk").creator
    return [
        _("%(creators)s of its creators were decided about since, %(first)s among them.")
        % {"creators": decided, "first": first}
    ]


def _days(upload: Upload) -> tuple[str, str]:
    return upload.before["first"], upload.before["last"]


def _newest_decision() -> int:
    return Decision.objects.aggregate(pk=Max("pk"))["pk"] or 0


def _restore_counts(upload: Upload) -> int:
    return execute(
        """UPDATE creators_followercount SET followers = old.followers, upload_id = old.written_by_id
           FROM creators_replacedcount old
           WHERE old.upload_id = %s AND creators_followercount.as_of = old.as_of
             AND creators_followercount.creator_id = old.creator_id""",
        [upload.pk],
    )


def _restore_reach(upload: Upload) -> None:
    execute(
        """UPDATE creators_reach SET followers = old.followers, as_of = old.as_of
           FROM creators_replacedreach old
           WHERE old.upload_id = %s AND old.followers IS NOT NULL
             AND creators_reach.creator_id = old.creator_id""",
        [upload.pk],
    )
    replaced = ReplacedReach.objects.filter(upload=upload)
    Reach.objects.filter(creator__in=replaced.filter(followers=None).values("creator_id")).delete()
    replaced.delete()


def _check_as_before(upload: Upload) -> None:
    """Check the rules as of the day as of which they were checked before, or a later one of a later check."""
    before, last = upload.before["checked"], upload.before["last"]
    now = Eligibility.objects.aggregate(day=Max("as_of"))["day"]
    later = now and str(now) > max(before, last)
    if before or later:
        with suppress(Refused):  # before the first terms nobody can be eligible
            eligibility.refresh(now if later else datetime.date.fromisoformat(before))
    else:
        Eligibility.objects.all().delete()


def _dequeue(upload: Upload, by: User | None) -> int:
    """Take those out of the queue whom a rule put there since, and who don't meet the rules without it."""
    since = Decision.objects.filter(
        pk__gt=upload.before["decision"],
        action=Decision.Action.QUEUE,
        decided_by=None,
        creator=OuterRef("pk"),
    )
    queued = Creator.objects.pending().filter(Exists(since)).exclude(eligibility__eligible=True)
    reason = f"The import of {upload} was undone"[: approval.LONGEST_REASON]
    return approval.decide(queued, Decision.Action.DEQUEUE, by, reason=reason).moved


def _forget_new(upload: Upload) -> int:
    """Delete the candidates whom this import made and nothing else refers to; returns how many."""
    made = Creator.objects.filter(
        status=Creator.Status.CANDIDATE,
        created_at=datetime.datetime.fromisoformat(upload.before["creators_at"]),
    )
    referred = [
        relation.related_model._base_manager.order_by().values(relation.field.attname)
        for relation in Creator._meta.related_objects
        if relation.related_model not in _ITS_OWN
    ]
    unknown = Creator.objects.filter(pk__in=made.order_by().values("pk").difference(*referred)).order_by()
    Eligibility.objects.filter(creator__in=unknown.values("pk")).delete()
    return unknown._raw_delete(unknown.db)
