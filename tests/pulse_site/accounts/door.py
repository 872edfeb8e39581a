"""The way in, as a test's browser goes it."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

LOG_IN = "/account/login/"
CODE = "/account/2fa/authenticate/"
PASSWORD = "a-long-password"


def log_in(client: Client, name: str, password: str = PASSWORD, **more: Any) -> HttpResponse:
    """Enter name and password; returns the answer to them."""
    return client.post(LOG_IN, {"login": name, "password": password, **more})


def enter(client: Client, code: str) -> HttpResponse:
    """Enter a code where the log-in asks for the second factor."""
    return client.post(CODE, {"code": code})


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session
