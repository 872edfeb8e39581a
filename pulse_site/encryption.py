"""What is held encrypted: where people's money goes and their tax numbers, and files that tell them.

Fernet (AES-128-CBC with HMAC-SHA-256) by the keys of the setting ENCRYPTION_KEYS: the first one encrypts,
each of them decrypts, so that a key is replaced by putting a new one before it. A backup of the database
without the keys tells nothing; a database without its keys can't pay anybody.
"""

import hashlib
import hmac
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.files.base import File
from django.db import models

# By this way Linux opens a file that has no name, and that is gone with the process however that ends.
OPEN_FILES = Path("/proc/self/fd")


@cache
def _ring(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> str:
    return _ring(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode() if text else ""


def decrypt(token: str) -> str:
    """The text of `token`; raises ValueError when no key of the ring made it."""
    try:
        return _ring(tuple(settings.ENCRYPTION_KEYS)).decrypt(token.encode()).decode() if token else ""
    except InvalidToken:
        raise ValueError("No key in ENCRYPTION_KEYS decrypts this value.") from None


def keyed_digest(text: str) -> str:
    """HMAC-SHA-256 by the secret key: the same texts have the same digest, and nobody else can find it."""
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest() if text else ""


class EncryptedFile(File):
    """A file that is stored encrypted, a token to a line, so that memory stays flat however long it is."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        ring = _ring(tuple(settings.ENCRYPTION_KEYS))
        for chunk in super().chunks(chunk_size):
            yield ring.encrypt(chunk) + b"\n"


@contextmanager
def decrypted(path: Path) -> Iterator[Path]:
    """Where the plain bytes of a stored EncryptedFile can be read, for as long as the block lasts.

    Raises ValueError when no key of the ring made it.
    """
    ring, nameless = _ring(tuple(settings.ENCRYPTION_KEYS)), OPEN_FILES.exists()
    with tempfile.TemporaryFile() if nameless else tempfile.NamedTemporaryFile() as plain:
        with path.open("rb") as tokens:
            try:
                plain.writelines(map(ring.decrypt, tokens))
            except InvalidToken:
                raise ValueError("No key in ENCRYPTION_KEYS decrypts this file.") from None
        plain.flush()
        yield OPEN_FILES / str(plain.fileno()) if nameless else Path(plain.name)


class EncryptedTextField(models.TextField):
    """A text that is encrypted on its way to the database; it can be compared with nothing there."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value if value is None else encrypt(value)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return value if value is None else decrypt(value)
