"""The lookup `prefix`: texts that start so, found along an index on both databases.

Django's `startswith` is LIKE with ESCAPE, for which SQLite reads the whole table.
"""

import re
from typing import Any

from django.db.models import CharField, Lookup
from django.db.models.lookups import StartsWith


@CharField.register_lookup
class Prefix(Lookup):
    lookup_name = "prefix"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return StartsWith(self.lhs, self.rhs).as_sql(compiler, connection)

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, parameters = self.process_lhs(compiler, connection)
        literal = re.sub(r"([*?[])", r"[\1]", str(self.rhs))
        return f"{column} GLOB %s", [*parameters, f"{literal}*"]
