"""Fixtures for tests in a real browser; import browser, served and open_page into a test module.

The site is served from inside the test's own transaction, like a test
client's requests: a flush after each test, which Django's live server asks for, is refused by the tables
that are append-only. As all share one connection, requests and a worker's work take turns: savepoints of two
threads would undo one another.
"""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.db import connections
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, Page, sync_playwright

from pulse_site import runs
from pulse_site.models import Run
from tests.pristine import POSTGRESQL

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
needs_chromium = pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium")


looks = pytest.mark.skipif(POSTGRESQL, reason="pages look the same on both databases: seen on SQLite")
turn = threading.Lock()


class Handler(StaticFilesHandler):
    def __call__(self, *request: Any) -> Any:
        with turn:
            return super().__call__(*request)


def work() -> None:
    """What a worker does, in this thread, while the page waits in its own."""
    with turn:
        for run in Run.objects.active():
            runs.perform(run.pk)


class Server(ThreadedWSGIServer):
    daemon_threads = False  # stopping waits for the last answer, which still uses the test's connection


class ServerThread(LiveServerThread):
    server_class = Server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright runs an event loop in this thread, which Django takes for asynchronous code, and gives a
    # database connection of its own.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
        connections.close_all()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def served(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address at which the site answers."""
    connection = connections["default"]
    monkeypatch.setattr(connection, "close", lambda: None)  # the server closes after each request
    connection.inc_thread_sharing()
    server = ServerThread("localhost", Handler, {"default": connection})
    server.daemon = True
    server.start()
    server.is_ready.wait()
    if server.error:
        raise server.error
    yield f"http://{server.host}:{server.port}"
    server.terminate()
    connection.dec_thread_sharing()


def log_in(page: Page, username: str, password: str = "a-long-password") -> None:
    """Enter name and password where the page asks for them."""
    page.fill("#id_login", username)
    page.fill("#id_password", password)
    page.press("#id_password", "Enter")
    page.wait_for_load_state()


@pytest.fixture
def open_page(browser: Browser, served: str) -> Iterator[Callable[..., Page]]:
    """Opens a path of the site, with what else a new page of Playwright takes."""
    pages: list[Page] = []

    def open_one(path: str, **options: Any) -> Page:
        page = browser.new_page(base_url=served, **options)
        pages.append(page)
        page.goto(path)
        return page

    yield open_one
    for page in pages:
        page.close()
