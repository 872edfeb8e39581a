"""Health: what a supervisor or load balancer asks before it sends people here."""

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from pulse_site import celery_app
from pulse_site.models import Run

BROKER_PATIENCE_SECONDS = 2


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked, for restarting it heals nothing else."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, migrations and broker, 503 unless all are well; and how long the oldest run has waited."""
    migrated = _migrated()
    checks = {"database": migrated is not None, "migrations": bool(migrated), "broker": _broker_answers()}
    waited = _oldest_queued_seconds() if migrated else None
    return JsonResponse(
        {**checks, "oldest_queued_seconds": waited}, status=200 if all(checks.values()) else 503
    )


def _migrated() -> bool | None:
    """Whether every migration is applied; None when the database does not answer."""
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return None


def _broker_answers() -> bool:
    if settings.CELERY_BROKER_URL.startswith("filesystem:"):
        return True  # embedded: a folder of our own
    with celery_app.connection_for_write(connect_timeout=BROKER_PATIENCE_SECONDS) as broker:
        try:
            broker.connect()
        except (*broker.connection_errors, *broker.channel_errors):
            return False
    return True


def _oldest_queued_seconds() -> int:
    oldest = Run.objects.filter(status=Run.Status.QUEUED).order_by("created_at").first()
    return int((timezone.now() - oldest.created_at).total_seconds()) if oldest else 0
