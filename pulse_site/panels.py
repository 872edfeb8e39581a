"""Panels: what an app shows on the admin's start page and on the page of a record.

The frame knows no app, so each app registers its own panels in its admin modules, also for the records of
an app below it (earnings on a creator's page). A panel asks for its data in a fixed number of queries.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

Build = Callable[..., dict[str, Any] | None]


@dataclass(frozen=True)
class Panel:
    build: Build
    template: str
    permission: str
    position: int
    decisive: bool


_panels: dict[type[Model] | str | None, list[Panel]] = defaultdict(list)


def panel(
    template: str,
    *,
    permission: str,
    position: int,
    of: type[Model] | str | None = None,
    decisive: bool = False,
) -> Callable[[Build], Build]:
    """Register the decorated function as the source of a panel for users with `permission`.

    Without `of` the panel stands on the start page and the function takes the request; with a model it
    stands on the page of each of its records (of `Model` itself: of every record) and takes the request and
    the record; with a name it stands on the page that shows the panels of that name, and takes the request.
    It returns what the template sees as `panel`, or None to show nothing. A `decisive` panel of a record
    stands also on the page that asks before the record is moved: nobody should decide without it.
    """

    def register(build: Build) -> Build:
        _panels[of].append(Panel(build, template, permission, position, decisive))
        return build

    return register


def shown(
    request: HttpRequest, record: Model | None = None, page: str | None = None, *, decisive: bool = False
) -> list[dict[str, Any]]:
    """The panels of the start page, of `record` or of `page`, that this user may see, in their order.

    With `decisive` only those of that kind, for a user who may decide: so he may see what about.
    """
    arguments = (request,) if record is None else (request, record)
    found = _panels[page] if record is None else [*_panels[type(record)], *_panels[Model]]
    built = [
        {"template": panel.template, "content": panel.build(*arguments)}
        for panel in sorted(found, key=lambda panel: panel.position)
        if (panel.decisive if decisive else request.user.has_perm(panel.permission))
    ]
    return [each for each in built if each["content"] is not None]
