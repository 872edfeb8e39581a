"""What the pages of an upload show: how far it is, what it would change or did, what keeps it from that."""

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from pulse_site import money
from pulse_site.admin.model_admin import grouped
from pulse_site.admin.uploads.words import DELIMITERS, FEEDS, FIGURES, REASONS, VERDICTS
from pulse_site.barchart import ChangeChart
from pulse_site.feeds import feed as feeds
from pulse_site.models import Run, Upload

SHOWN_REJECTED_ROWS = 10
KINDS = ("preview_upload", "apply_upload", "undo_upload")
STEPS = ("file", "columns", "preview", "result")


def page_of(upload: Upload) -> str:
    return reverse("admin:pulse_site_upload_change", args=[upload.pk])


def latest_run(upload: Upload) -> Run | None:
    return Run.objects.filter(kind__in=KINDS, key=str(upload.pk)).order_by("-id").first()


def frame(upload: Upload, step: str) -> dict[str, Any]:
    """What all pages of an upload have."""
    labels = {"file": _("File"), "columns": _("Columns"), "preview": _("Preview"), "result": _("Result")}
    return {
        "title": upload.name,
        "upload": upload,
        "feed": FEEDS.get(upload.feed, upload.feed),
        "steps": [(labels[each], STEPS.index(each) - STEPS.index(step)) for each in STEPS],
        "earlier": _earlier(upload),
    }


def found(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """What Pulse made of the file, in words (mapping: what run.inspect found)."""
    remembered = mapping["remembered"]
    return {
        **mapping,
        "delimiter": DELIMITERS.get(mapping["delimiter"], ""),
        "row_like": bool(mapping["missing"]) and any(each["header"].isdigit() for each in mapping["headers"]),
        "encoding": mapping["encoding"].upper().removesuffix("-SIG"),
        "remembered": remembered and {**remembered, "day": datetime.datetime.fromisoformat(remembered["at"])},
    }


def shown(upload: Upload) -> dict[str, Any]:
    """The page of a preview, of a result, and of the way there."""
    summary, run = upload.summary, latest_run(upload)
    sample = summary.get("sample") or []
    preview = upload.status in Upload.WAITING
    return {
        **frame(upload, "preview" if preview else "result"),
        "run": run,
        "doing": _doing(run),
        "waiting": preview and not (run and run.active),
        "figures": list(_figures(summary)),
        "details": list(_details(summary)),
        "warnings": summary.get("warnings", []) if preview else [],
        "total": _total(summary.get("total")),
        "crossed": summary.get("crossed"),
        "largest": [_change(each) for each in summary.get("largest", [])],
        "chart": ChangeChart(summary.get("distribution", [])),
        "distribution": [(_class(each), each["count"]) for each in summary.get("distribution", [])],
        "columns": summary.get("columns", {}),
        "reasons": [(REASONS.get(code, code), rows) for code, rows in summary.get("reasons", {}).items()],
        "rejected_rows": upload.rejected_rows.all()[:SHOWN_REJECTED_ROWS],
        "sample_columns": list(sample[0]) if sample else [],
        "sample": [list(row.values()) for row in sample],
        "undoable": upload.status == Upload.Status.APPLIED and feeds.named(upload.feed).undoable,
        "undone": summary.get("undone", {}),
    }


def _earlier(upload: Upload) -> Upload | None:
    """The last other upload with the same bytes that was applied."""
    same = Upload.objects.filter(feed=upload.feed, sha256=upload.sha256, status=Upload.Status.APPLIED)
    found = same.exclude(pk=upload.pk).select_related("uploaded_by").order_by("applied_at")
    return found.last() if upload.sha256 else None


def _doing(run: Run | None) -> str:
    told = {
        "preview_upload": _("Reading the file"),
        "apply_upload": _("Applying"),
        "undo_upload": _("Undoing"),
    }
    return told[run.kind] if run else ""


def _figures(summary: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The figures of every feed; where creators are counted, they are what is new, changed or unchanged."""
    told = {key: summary[key] for key in FIGURES if key in summary}
    if total := summary.get("total"):
        same = sum(each["count"] for each in summary["distribution"] if (each["from"], each["to"]) == (0, 0))
        told |= {
            "created": summary["new_creators"],
            "updated": total["creators"] - same,
            "unchanged": same,
        }
    for key, figure in told.items():
        yield str(FIGURES[key]), figure


def _details(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The feed's own figures, in words."""
    if "total" in summary:
        yield _("counts of days added"), grouped(summary["created"])
        yield _("corrected"), grouped(summary["updated"])
        yield _("known already"), grouped(summary["unchanged"])
    elif "new_creators" in summary:
        yield _("creators unknown before"), grouped(summary["new_creators"])
    for key, label in (("views", _("views")), ("impressions", _("impressions"))):
        figures = summary.get(key) or {}
        if any(figures.values()):  # of rows that were known
            yield label, _from_to(figures)
    if days := summary.get("days"):
        yield _("days"), f"{days['first']} – {days['last']}"
    if "credit_micros" in summary:
        yield _("credit to advertisers"), money.dollars(summary["credit_micros"])
    for verdict, rows in (summary.get("verdicts") or {}).items():
        yield str(VERDICTS.get(verdict, verdict)), grouped(rows)
    for category, rows in (summary.get("categories") or {}).items():
        yield category or _("without a category"), grouped(rows)


def _from_to(figures: Mapping[str, int]) -> str:
    return f"{grouped(figures['before'])} → {grouped(figures['after'])}"


def _total(total: Mapping[str, int] | None) -> dict[str, Any] | None:
    """The followers of all known creators, before and after."""
    if not total or not total["creators"]:
        return None
    return {**total, **_change(total)}


def _change(each: Mapping[str, Any]) -> dict[str, Any]:
    """Before and after, with the difference and its percentage to one decimal (rounded down)."""
    difference = each["after"] - each["before"]
    permille = abs(difference) * 1_000 // each["before"] if each["before"] else None
    return {
        **each,
        "difference": difference,
        "percent": None if permille is None else f"{'-' if difference < 0 else '+'}{permille / 10:.1f} %",
    }


def _class(each: Mapping[str, Any]) -> str:
    """A class of relative change, as the table says it."""
    low, high = each["from"], each["to"]
    if (low, high) == (0, 0):
        return _("unchanged")
    if high is None:
        return _("more than +%(low)s %%") % {"low": low}
    return f"{low:+} … {high:+} %".replace("+0", "0")
