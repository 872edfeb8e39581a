"""The embedded broker: kombu's filesystem transport, made fit for several processes.

kombu creates a message's file under its final name and fills it afterwards, and so it does with the table of
an exchange. A worker that looks in between finds an empty file, and dies of it; under `make serve` everything
stops with it. Here a file gets its name when it is whole, and only one process at a time changes a table.
"""

import fcntl
import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        _write(Path(self.data_folder_out, name), payload)

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str) -> None:
        table = Path(self.control_folder, f"{exchange}.exchange")
        table.parent.mkdir(exist_ok=True)
        with table.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            bound = self.get_table(exchange)
            binding = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
            if binding not in bound:
                _write(table, [binding, *bound])


class Transport(filesystem.Transport):
    Channel = Channel


def _write(file: Path, content: Any) -> None:
    """Let the file appear, or change, at one instant."""
    part = file.with_suffix(f".{uuid.uuid4()}")
    part.write_text(dumps(content))
    part.replace(file)
