"""Texts that the database holds encrypted: where people's money goes, and their tax numbers.

Fernet (AES-128-CBC with HMAC-SHA-256) by the keys of the setting ENCRYPTION_KEYS: the first one encrypts,
each of them decrypts, so that a key is replaced by putting a new one before it. A backup of the database
without the keys tells nothing; a database without its keys can't pay anybody.
"""

import hashlib
import hmac
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


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


class EncryptedTextField(models.TextField):
    """A text that is encrypted on its way to the database; it can be compared with nothing there."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value if value is None else encrypt(value)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return value if value is None else decrypt(value)
