"""The web process as it is started: an export that takes longer than the time-out still comes whole."""

import json
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[2]
LINES, PAUSE, TIME_OUT = 8, 0.5, 2


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A list that is written slowly, as one of a million events is."""
    start_response("200 OK", [("Content-Type", "text/csv")])
    return slowly()


def slowly() -> Iterator[bytes]:
    for number in range(LINES):
        time.sleep(PAUSE)
        yield f"{number}\n".encode()


def options(command: str) -> list[str]:
    """Those that say how requests are served, without address and number of processes."""
    given = shlex.split(command.partition("pulse_site.wsgi")[2])
    wanted = ("--worker-class", "--threads", "--timeout")
    return [part for name in wanted for part in (name, given[given.index(name) + 1])]


def in_procfile() -> list[str]:
    return options(re.search("^web: (.*)$", (ROOT / "pulse_site/Procfile").read_text(), re.M)[1])  # type: ignore[index]


def test_the_image_serves_as_the_procfile_does() -> None:
    (command,) = re.findall("^CMD (.*)$", (ROOT / "Dockerfile").read_text(), re.M)
    assert options(shlex.join(json.loads(command))) == in_procfile()


@pytest.fixture
def served() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "gunicorn", f"{__name__}:application", "--bind", address]
    shorter = [*in_procfile(), "--timeout", str(TIME_OUT), "--no-control-socket", "--log-level", "error"]
    process = subprocess.Popen([*command, *shorter], cwd=ROOT)  # noqa: S603 - ours
    yield f"http://{address}/"
    process.terminate()
    process.wait(10)


def test_an_answer_may_take_longer_than_the_time_out(served: str) -> None:
    assert LINES * PAUSE > TIME_OUT
    for _attempt in range(50):
        try:
            body = urlopen(served).read().decode()  # noqa: S310 - our own address
            break
        except URLError:
            time.sleep(0.2)
    assert body.split() == [str(number) for number in range(LINES)]
