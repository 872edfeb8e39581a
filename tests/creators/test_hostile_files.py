"""Every importer of supply against the files that no importer may choke on."""

import time
from pathlib import Path
from typing import Any

import pytest

from pulse_site.feeds.run import import_file
from pulse_site.refusal import Refused
from tests import hostile

FEEDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "followers": ("handle,followers", "ada,120000", {"as_of": "2026-10-15"}),
    "videos": (
        "id,handle,published,views,likes,comments,shares",
        "7000000000000000001,ada,2026-10-14,1000,5,4,3",
        {"as_of": "2026-10-15", "market": "US"},
    ),
}
CASES = [(feed, case) for feed, (header, row, _) in FEEDS.items() for case in hostile.refused(header, row)]


@pytest.mark.django_db
@pytest.mark.parametrize(("feed", "case"), CASES)
def test_a_hostile_file_is_refused_at_once_and_changes_nothing(feed: str, case: str, tmp_path: Path) -> None:
    header, row, options = FEEDS[feed]
    path = tmp_path / "file"
    path.write_bytes(hostile.refused(header, row)[case]())
    before = hostile.everything()
    started = time.process_time()
    with pytest.raises(Refused) as refusal:
        import_file(feed, path, name="file", options=options, by=None)
    print(case, "->", refusal.value)
    assert time.process_time() - started < 5
    assert len(str(refusal.value)) > 20
    assert hostile.everything() == before
