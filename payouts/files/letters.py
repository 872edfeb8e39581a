"""Names in the letters that banks read: Latin without accents, or not at all.

Marks are taken off a letter ("Zoé" becomes "Zoe"), letters that Unicode doesn't take apart are spelled out
("Søren" becomes "Soren", "Weiß" becomes "Weiss"). What is no Latin letter stays as it is: the caller refuses
it, for nobody is paid under a name with holes in it.
"""

import re
import unicodedata

PLAIN = re.compile(r"[ -~]+")  # printable ASCII
# Latin letters and dashes that NFKD leaves whole.
WHOLE = str.maketrans(
    {
        "ß": "ss",
        "ẞ": "SS",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "Th",
        "ħ": "h",
        "Ħ": "H",
        "ı": "i",
        "‘": "'",
        "’": "'",
        "ʼ": "'",
        "‐": "-",
        "‑": "-",
        "–": "-",
    }
)


def latin(text: str) -> str:
    """`text` in ASCII as far as that goes, with single blanks; other letters are left in it."""
    if text.isascii():
        return " ".join(text.split())
    parts = unicodedata.normalize("NFKD", text.translate(WHOLE))
    plain = "".join(part for part in parts if not unicodedata.combining(part))
    return " ".join(plain.translate(WHOLE).split())


def has_controls(text: str) -> bool:
    """Whether there is a line break, a tab or another character that no name has in it."""
    return any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in text)
