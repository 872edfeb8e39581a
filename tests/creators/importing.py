"""A process that previews and applies an upload of follower counts as a worker does, and may be killed.

    python -m tests.creators.importing build ROWS FOLDER | work FOLDER | tell

`build` makes a programme with counts, and an upload that changes them, in the database of DATABASE_URL;
`work` performs the upload's runs until it is applied, and leaves a sign in FOLDER when it begins; `tell`
prints a digest over all that depends on counts, and what became of the upload.
"""

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import django

django.setup()

from django.core.files.base import ContentFile  # noqa: E402
from django.db import connection  # noqa: E402

from creators.models import Creator, Eligibility, FollowerCount, Reach, ReplacedCount, ReplacedReach  # noqa: E402
from pulse_site import runs  # noqa: E402
from pulse_site.feeds.run import import_file  # noqa: E402
from pulse_site.feeds.staging import staged_uploads  # noqa: E402
from pulse_site.models import RejectedRow, Run, Upload  # noqa: E402

KINDS = ("preview_upload", "apply_upload")


def build(rows: str, folder: str) -> None:
    known = Path(folder, "known.csv")
    known.write_text(_content(int(rows) // 2, 99_000))
    for day in ("2026-10-14", "2026-10-15"):
        import_file("followers", known, name="known.csv", options={"as_of": day}, by=None)
    content = f"{_content(int(rows), 100_000)}bad,-1\n"
    Upload.objects.create(
        feed="followers",
        file=ContentFile(content.encode(), "file.csv"),
        name="file.csv",
        options={"as_of": "2026-10-15"},
    )


def work(folder: str) -> None:
    """What web and worker do: ask for the preview, then for the import, and perform what is free."""
    Path(folder, "begun").touch()
    upload = Upload.objects.latest("pk")
    for kind in KINDS:
        key, arguments = str(upload.pk), {"upload_id": upload.pk}
        while not Run.objects.filter(kind=kind, status=Run.Status.DONE).exists():
            if not Run.objects.filter(kind=kind).exists():
                Run.objects.create(kind=kind, key=key, arguments=arguments)
            runs.perform(Run.objects.get(kind=kind).pk)
            assert Run.objects.get(kind=kind).status != Run.Status.FAILED, Run.objects.get(kind=kind).error
            time.sleep(0.05)


def tell() -> None:
    state = {
        "creators": list(Creator.objects.order_by("handle").values_list("handle", "status")),
        "counts": _rows(FollowerCount, "as_of", "creator__handle", "followers", "upload_id"),
        "reach": _rows(Reach, "creator__handle", "followers", "as_of"),
        "replaced": _rows(ReplacedCount, "upload_id", "as_of", "creator__handle", "followers"),
        "replaced reach": _rows(ReplacedReach, "upload_id", "creator__handle", "followers", "as_of"),
    }
    upload = Upload.objects.latest("pk")
    figures = {
        name: upload.summary.get(name) for name in ("rows", "created", "updated", "unchanged", "rejected")
    }
    print(
        json.dumps(
            {
                "digest": hashlib.sha256(repr(state).encode()).hexdigest(),
                "status": upload.status,
                "figures": figures,
                "rejected": RejectedRow.objects.filter(upload=upload).count(),
                "eligibility": hashlib.sha256(
                    repr(_rows(Eligibility, "creator__handle", "followers")).encode()
                ).hexdigest(),
                "staged": sorted(staged_uploads()),
            }
        )
    )


def _rows(model: Any, *columns: str) -> list[tuple[Any, ...]]:
    return list(model.objects.order_by(*columns).values_list(*columns))


def _content(rows: int, followers: int) -> str:
    return "handle,followers\n" + "".join(f"creator{n},{followers + n % 7}\n" for n in range(rows))


if __name__ == "__main__":
    {"build": build, "work": work, "tell": tell}[sys.argv[1]](*sys.argv[2:])
    connection.close()
