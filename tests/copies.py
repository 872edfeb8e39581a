"""Copies of one database for processes that are killed: each run begins with the same."""

import os
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

from tests.pristine import POSTGRESQL, Pristine, address, administer, drop

PATIENCE_SECONDS = 60


class Copies:
    """Databases with the same in them, each with a folder of its own.

    `module` is what the processes run; its command `build`, with `arguments`, makes the original.
    """

    def __init__(self, pristine: Pristine, folder: Path, module: str, *arguments: str) -> None:
        self.folder = folder
        self.module = module
        self.made: list[str] = []
        self.original = self._name()
        pristine.copy(self._place(self.original))
        self.run(self.original, "build", *arguments)

    def copy(self) -> str:
        name = self._name()
        if POSTGRESQL:
            administer(f'CREATE DATABASE "{name}" TEMPLATE "{self.original}"')
        else:
            shutil.copy(self._place(self.original), self._place(name))
        return name

    def run(self, name: str, *arguments: str) -> str:
        return self.start(name, *arguments).communicate()[0]

    def start(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        self.var(name).mkdir(exist_ok=True)
        environment = os.environ | {
            "DATABASE_URL": address(self._place(name)),
            "DJANGO_SETTINGS_MODULE": "pulse_site.settings",
            "VAR": str(self.var(name)),
        }
        command = [sys.executable, "-m", self.module, *arguments]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    def var(self, name: str) -> Path:
        """The folder of a database's processes."""
        return self.folder / f"{name}-var"

    def began(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a process, and wait until it says by the file `begun` in its folder that it is at it."""
        sign = self.var(name) / "begun"
        sign.unlink(missing_ok=True)
        process = self.start(name, *arguments)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not sign.exists():
            assert process.poll() is None and time.monotonic() < deadline, "the process never began"
            time.sleep(0.001)
        return process

    def drop(self, name: str) -> None:
        if POSTGRESQL:
            drop(name)
        else:
            (self.folder / name).unlink()
        self.made.remove(name)

    def _name(self) -> str:
        name = f"kills_{uuid.uuid4().hex[:10]}"
        self.made.append(name)
        return name

    def _place(self, name: str) -> str:
        return name if POSTGRESQL else str(self.folder / name)
