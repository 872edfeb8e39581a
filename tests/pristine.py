"""A copy of the database as migrations leave it, from which tests with processes of their own begin.

Migrating takes ten seconds, copying what was migrated a fraction of one.
"""

import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.db import connection

URL = os.environ.get("DATABASE_URL", "")
POSTGRESQL = URL.startswith("postgres")


class Pristine:
    """What the test database was when it had just been made; `folder` is where SQLite keeps it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "pristine.sqlite3"
        self.name = f"{connection.settings_dict['NAME']}_pristine"
        if POSTGRESQL:
            connection.close()  # a database that is in use can't be copied
            drop(self.name)
            administer(f'CREATE DATABASE "{self.name}" TEMPLATE "{connection.settings_dict["NAME"]}"')
        else:
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [str(self.file)])

    def copy(self, to: str) -> None:
        """Make a database of this name (PostgreSQL) or in this file (SQLite)."""
        if POSTGRESQL:
            drop(to)
            administer(f'CREATE DATABASE "{to}" TEMPLATE "{self.name}"')
        else:
            shutil.copy(self.file, to)

    def close(self) -> None:
        if POSTGRESQL:
            drop(self.name)


def address(name: str) -> str:
    """The URL of a database of this name (PostgreSQL) or in this file (SQLite)."""
    return urlsplit(URL)._replace(path=f"/{name}").geturl() if POSTGRESQL else f"sqlite:///{name}"


def drop(name: str) -> None:
    administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def administer(statement: str) -> None:
    with psycopg.connect(urlsplit(URL)._replace(path="/postgres").geturl(), autocommit=True) as admin:
        admin.execute(statement)
