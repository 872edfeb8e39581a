"""Every importer of supply against the files that no importer may choke on."""

import time
from pathlib import Path
from typing import Any

import pytest

from creators.models import Reach
from pulse_site.feeds.run import import_file
from pulse_site.models import RejectedRow
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


# What a person might give, and the followers that are read of it.
TABLE = "handle,followers\nbella,120000\n"
CALCULATED = hostile.workbook(
    b'<row r="1"><c r="A1" t="str"><v>Report</v></c></row>'
    b'<row r="3"><c r="A3" t="str"><v>handle</v></c><c r="B3" t="str"><v>followers</v></c></row>'
    b'<row r="4"><c r="A4" t="str"><f>"bel"&amp;"la"</f><v>bella</v></c>'
    b'<c r="B4"><f>60000*2</f><v>120000</v></c></row>'
)
READ: dict[str, bytes] = {
    "UTF-16": TABLE.encode("utf-16"),
    "UTF-16 that doesn't say so": TABLE.encode("utf-16-le"),
    "Windows letters": "handle,followers,name\nbella,120000,Béa Müller\n".encode("cp1252"),
    "semicolons and a decimal comma": b"handle;followers\nbella;0,12M\n",
    "semicolons and blanks between thousands": "handle;followers\nbella;120\u202f000\n".encode(),
    "tabs": TABLE.replace(",", "\t").encode(),
    "vertical bars": TABLE.replace(",", "|").encode(),
    "a line that says what the delimiter is": b"sep=;\nhandle;followers\nbella;120000\n",
    "three lines above": b"Report\nby Ida\n2026-10-15\n" + TABLE.encode(),
    "line ends of an old Macintosh": TABLE.replace("\n", "\r").encode(),
    "the same column twice": b"handle,followers,followers\nbella,120000,120000\n",
    "three hundred columns": f"handle,followers{',x' * 298}\nbella,120000{',' * 298}\n".encode(),
    "results of formulas, below a title": CALCULATED,
}
# And of which rows what is told, where reading on would be guessing.
DOUBTED = {
    "1,5": "unreadable",
    "1.234": "ambiguous",
    "120.000,00": "unreadable",
    "1.2E+05": "unreadable",
    "n/a": "unreadable",
    "": "missing",
}


@pytest.mark.django_db
@pytest.mark.parametrize("case", READ)
def test_a_strange_file_is_read_as_it_is_meant(case: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(READ[case])
    summary = import_file("followers", path, name="file", options={"as_of": "2026-10-15"}, by=None)
    assert (summary["created"], summary["rejected"]) == (1, 0)
    assert list(Reach.objects.values_list("creator__handle", "followers")) == [("bella", 120_000)]


@pytest.mark.django_db
def test_a_count_that_may_mean_two_things_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "file"
    rows = "".join(f"creator{number};{count}\n" for number, count in enumerate(DOUBTED))
    path.write_text(f"handle;followers\n{rows}bella;1.234.567\n")
    import_file("followers", path, name="file", options={"as_of": "2026-10-15"}, by=None, confirmed=True)
    assert dict(RejectedRow.objects.values_list("value", "reason")) == DOUBTED
    assert Reach.objects.get().followers == 1_234_567


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
