"""Change lists whose every page costs the same, however deep: each begins after the last row of another.

Numbered pages make the database walk past all rows that come before them (`OFFSET`), and count all of them to
know how many pages there are. Here a link to the next page holds where this one ends, as the values of the
columns that order the list, signed, so that nobody searches through columns that the list doesn't show. A
row that comes in between moves nothing: no row is seen twice or left out.

It needs an order of plain columns; any other list keeps its numbered pages. What a list is ordered by and a
row doesn't have (followers that were never counted) leaves the row out of that order. A cursor that was
forged, cut off or made for another order leads to the first page.
"""

from typing import Any, NamedTuple

from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ChangeList
from django.core import signing
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model, Q, QuerySet
from django.http import HttpRequest

AFTER, BEFORE = "after", "before"
SALT = "pulse.keyset"


class Column(NamedTuple):
    """A column that orders a list: the way to it from the row, and whether it descends."""

    path: str
    field: Field
    down: bool

    def text(self, row: Any) -> str:
        for name in self.path.split("__")[:-1]:
            row = getattr(row, name)
        return self.field.value_to_string(row)


class KeysetChangeList(ChangeList):
    next_url: str | None = None
    previous_url: str | None = None
    keyset = False

    def get_filters_params(self, params: Any = None) -> Any:
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in (AFTER, BEFORE)}

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """Another filter, search or order begins at the first page."""
        dropped = {AFTER, BEFORE} - set(new_params or {})
        return super().get_query_string(new_params, [*(remove or []), *dropped])

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        order = self._order()
        if order is None or not self.multi_page:
            return
        self.keyset = True
        forward, place = self._place(request, order)
        rows = self._rows(self.rows_of_page(request), order, forward, place)
        more = len(rows) > self.list_per_page
        rows = rows[: self.list_per_page]
        if not forward:
            rows.reverse()
        self.result_list = rows
        if rows and (more or not forward):
            self.next_url = self._link(AFTER, rows[-1], order)
        if rows and place is not None and (more or forward):
            self.previous_url = self._link(BEFORE, rows[0], order)

    def rows_of_page(self, request: HttpRequest) -> QuerySet[Any]:
        """What the rows of a page are read from: here may be added what a page needs and a count does not."""
        return self.queryset

    def _get_deterministic_ordering(self, ordering: Any) -> list[Any]:
        """Ties are broken by the key in the direction of what they are ties of: the index can be read on."""
        exact: list[Any] = super()._get_deterministic_ordering(ordering)  # type: ignore[misc]
        if exact[-1] == "-pk" and len(exact) > 1 and isinstance(exact[0], str):
            exact[-1] = "-pk" if exact[0].startswith("-") else "pk"
        return exact

    def _order(self) -> list[Column] | None:
        """The columns of the order; None where one of them is no plain column."""
        found = []
        for part in self.queryset.query.order_by or self.lookup_opts.ordering or ():
            if not isinstance(part, str) or self.lookup_opts.pk is None:
                return None
            path = part.removeprefix("-")
            path = self.lookup_opts.pk.name if path == "pk" else path
            try:
                field = get_fields_from_path(self.model, path)[-1]
            except FieldDoesNotExist:
                return None
            if field.null or (field.is_relation and path != field.attname and not field.primary_key):
                return None
            found.append(Column(path, field, part.startswith("-")))
        return found

    def _place(self, request: HttpRequest, order: list[Column]) -> tuple[bool, list[Any] | None]:
        """Whether the page goes forward, and the values after (or before) which it begins."""
        for name in (AFTER, BEFORE):
            try:
                paths, texts = signing.loads(request.GET.get(name, ""), salt=SALT)
                if paths == [column.path for column in order]:
                    return name == AFTER, [
                        column.field.to_python(text) for column, text in zip(order, texts, strict=True)
                    ]
            except (signing.BadSignature, ValueError, TypeError, ValidationError):
                continue
        return True, None

    def _rows(
        self, rows: QuerySet[Any], order: list[Column], forward: bool, place: list[Any] | None
    ) -> list[Model]:
        """The rows of the page and one more, in the direction in which they are read."""
        if "__" in order[0].path:
            rows = rows.filter(**{f"{order[0].path}__isnull": False})
        if place is not None:
            rows = rows.filter(beyond(order, forward, place))
        if not forward:
            rows = rows.reverse()
        return list(rows[: self.list_per_page + 1])

    def _link(self, name: str, row: Model, order: list[Column]) -> str:
        paths, texts = [column.path for column in order], [column.text(row) for column in order]
        return self.get_query_string({name: signing.dumps([paths, texts], salt=SALT)})


def beyond(order: list[Column], forward: bool, place: list[Any]) -> Q:
    """The rows that come after the place in the order (before it, going back).

    The first column alone bounds the stretch of the index that is read; what follows decides among ties.
    """
    beyond, ties = Q(pk__in=()), Q()
    for column, value in zip(order, place, strict=True):
        beyond |= ties & Q(**{f"{column.path}__{'lt' if column.down == forward else 'gt'}": value})
        ties &= Q(**{column.path: value})
    bound = "lte" if order[0].down == forward else "gte"
    return Q(**{f"{order[0].path}__{bound}": place[0]}) & beyond
