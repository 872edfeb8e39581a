"""The embedded broker between several processes, for which threads stand in here."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any

import pytest

from pulse_site.celery import app

MESSAGES = 300


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Callable[[], Any]]:
    """Opens a channel of its own for each who asks."""
    broker, control = tmp_path / "broker", tmp_path / "control"
    broker.mkdir()
    folders = {"data_folder_in": broker, "data_folder_out": broker, "control_folder": control}
    connections = []

    def opened() -> Any:
        connections.append(app.connection("filesystem://", transport_options=folders))
        return connections[-1].channel()

    yield opened
    for connection in connections:
        connection.close()


def at_once(*jobs: Callable[[], None]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Opened:
    """A body during whose writing somebody looks for messages."""

    def __init__(self, look: Callable[[], Any]) -> None:
        self.look = look

    def __json__(self) -> str:
        with pytest.raises(Empty):
            self.look()
        return "whole"


def test_a_message_is_not_seen_before_it_is_written(channel: Callable[[], Any]) -> None:
    writer, reader = channel(), channel()
    writer._put("bell", {"body": Opened(lambda: reader._get("bell"))})
    assert reader._get("bell") == {"body": "whole"}


def test_each_of_many_messages_is_read_whole_while_more_are_written(channel: Callable[[], Any]) -> None:
    writer, reader = channel(), channel()
    seen: list[Any] = []

    def write() -> None:
        for number in range(MESSAGES):
            writer._put("bell", number)

    def read() -> None:
        while len(seen) < MESSAGES:
            with suppress(Empty):
                seen.append(reader._get("bell"))

    at_once(write, read)
    assert sorted(seen) == list(range(MESSAGES))


@pytest.mark.parametrize("exchange", [f"exchange-{number}" for number in range(5)])
def test_all_who_bind_a_queue_at_once_are_bound(channel: Callable[[], Any], exchange: str) -> None:
    queues = [f"queue-{number}" for number in range(20)]
    start = threading.Barrier(len(queues))

    def binder(queue: str) -> Callable[[], None]:
        own = channel()

        def bind() -> None:
            start.wait()
            own._queue_bind(exchange, queue, "", queue)

        return bind

    at_once(*map(binder, queues))
    assert sorted(row.queue for row in channel().get_table(exchange)) == sorted(queues)
