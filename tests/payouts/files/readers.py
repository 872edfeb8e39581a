"""Our payment files read back, slowly and without any of the code that wrote them."""

from typing import NamedTuple
from xml.etree import ElementTree

PAIN = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"


class Entry(NamedTuple):
    receivers: str
    code: str
    routing: str
    account: str
    cents: int
    reference: str
    name: str


class Ach(NamedTuple):
    facts: dict[str, str]
    entries: list[Entry]


def ach(content: bytes) -> Ach:
    """Every column of every record is compared with another one, with a rule, or given back."""
    text = content.decode("ascii")
    assert text.endswith("\n")
    lines = text[:-1].split("\n")
    assert [line for line in lines if len(line) != 94] == []
    assert len(lines) % 10 == 0
    blocks = len(lines) // 10
    filler = 0
    while lines[-1] == "9" * 94:
        lines.pop()
        filler += 1
    assert filler < 10
    header, *middle, control = lines
    facts, odfi = _header(header), middle[0][79:87]
    entries: list[Entry] = []
    batch: list[Entry] = []
    batches, file_hash, opening = 0, 0, ""
    for line in middle:
        if line[0] == "5":
            assert opening == ""
            opening, batch, batches = line, [], batches + 1
            assert line[1:4] == "220"
            assert line[63:69] == " " * 6
            assert line[75:79] == "   1"
            assert line[79:87] == odfi
            assert int(line[87:94]) == batches
            receivers = line[50:53]
            facts[f"{receivers} description"] = line[53:63].rstrip()
            said = {
                "company": line[4:20].rstrip(),
                "batch": line[20:40].rstrip(),
                "company id": line[40:50],
                "paid on": line[69:75],
            }
            assert batches == 1 or facts == facts | said
            facts |= said
        elif line[0] == "6":
            assert opening
            assert line[76:79] == "  0"
            assert line[79:87] == odfi
            assert int(line[87:94]) == len(entries) + len(batch) + 1
            batch.append(
                Entry(
                    opening[50:53],
                    line[1:3],
                    line[3:12],
                    line[12:29].rstrip(),
                    int(line[29:39]),
                    line[39:54].rstrip(),
                    line[54:76].rstrip(),
                )
            )
        else:
            assert line[0] == "8"
            digits = sum(int(entry.routing[:8]) for entry in batch)
            assert line[1:4] == "220"
            assert int(line[4:10]) == len(batch)
            assert line[10:20] == str(digits).zfill(10)[-10:]
            assert line[20:32] == "0" * 12
            assert int(line[32:44]) == sum(entry.cents for entry in batch)
            assert line[44:54] == opening[40:50]
            assert line[54:79] == " " * 25
            assert line[79:94] == opening[79:94]
            entries += batch
            file_hash += digits
            opening = ""
    assert opening == ""
    facts["odfi"] = odfi
    assert control[0] == "9"
    assert int(control[1:7]) == batches
    assert int(control[7:13]) == blocks
    assert int(control[13:21]) == len(entries)
    assert control[21:31] == str(file_hash).zfill(10)[-10:]
    assert control[31:43] == "0" * 12
    assert int(control[43:55]) == sum(entry.cents for entry in entries)
    assert control[55:] == " " * 39
    return Ach(facts, entries)


def _header(line: str) -> dict[str, str]:
    assert line[:3] == "101"
    assert line[34:40] == "094101"
    assert line[86:] == " " * 8
    return {
        "to": line[3:13],
        "from": line[13:23],
        "made": line[23:33],
        "modifier": line[33],
        "bank": line[40:63].rstrip(),
        "origin": line[63:86].rstrip(),
    }


def comma_separated(content: bytes) -> list[list[str]]:
    """RFC 4180, one character after the other."""
    rows: list[list[str]] = []
    row: list[str] = []
    cell, quoted, text = "", False, content.decode("utf-8")
    position = 0
    while position < len(text):
        character = text[position]
        if quoted and text[position : position + 2] == '""':
            cell, position = cell + '"', position + 1
        elif character == '"':
            quoted = not quoted
        elif quoted or character not in ",\r":
            cell += character
        else:
            row, cell = [*row, cell], ""
            if character == "\r":
                assert text[position + 1] == "\n"
                rows, row, position = [*rows, row], [], position + 1
        position += 1
    assert (row, cell, quoted) == ([], "", False)
    return rows


class Transfer(NamedTuple):
    reference: str
    cents: int
    currency: str
    name: str
    iban: str
    bic: str
    note: str


def pain(content: bytes) -> tuple[dict[str, str], list[Transfer]]:
    """What the message says of itself, once its counts and sums are those of its transfers; the transfers."""
    document = ElementTree.fromstring(content.decode("utf-8"))
    transfers = [
        Transfer(
            _text(node, "PmtId/EndToEndId"),
            int(_text(node, "Amt/InstdAmt").replace(".", "")),
            node.find(_path("Amt/InstdAmt")).attrib["Ccy"],  # type: ignore[union-attr]
            _text(node, "Cdtr/Nm"),
            _text(node, "CdtrAcct/Id/IBAN"),
            _text(node, "CdtrAgt/FinInstnId/BICFI"),
            _text(node, "RmtInf/Ustrd"),
        )
        for node in document.iter(f"{PAIN}CdtTrfTxInf")
    ]
    total = sum(transfer.cents for transfer in transfers)
    for counted in ("CstmrCdtTrfInitn/GrpHdr", "CstmrCdtTrfInitn/PmtInf"):
        assert _text(document, f"{counted}/NbOfTxs") == str(len(transfers))
        assert int(_text(document, f"{counted}/CtrlSum").replace(".", "")) == total
    payment = "CstmrCdtTrfInitn/PmtInf"
    facts = {
        "message": _text(document, "CstmrCdtTrfInitn/GrpHdr/MsgId"),
        "made": _text(document, "CstmrCdtTrfInitn/GrpHdr/CreDtTm"),
        "payment": _text(document, f"{payment}/PmtInfId"),
        "paid on": _text(document, f"{payment}/ReqdExctnDt/Dt"),
        "debtor": _text(document, f"{payment}/Dbtr/Nm"),
        "iban": _text(document, f"{payment}/DbtrAcct/Id/IBAN"),
        "bic": _text(document, f"{payment}/DbtrAgt/FinInstnId/BICFI"),
        "bank": _text(document, f"{payment}/DbtrAgt/FinInstnId/Othr/Id"),
        "charges": _text(document, f"{payment}/ChrgBr"),
        "service": _text(document, f"{payment}/PmtTpInf/SvcLvl/Cd"),
    }
    return facts, transfers


def _text(node: ElementTree.Element, path: str) -> str:
    return node.findtext(_path(path)) or ""


def _path(path: str) -> str:
    return "/".join(f"{PAIN}{part}" for part in path.split("/"))
