"""E-mail: written down with what it tells of, sent after the commit, and again until it is gone.

`post` renders a message in the reader's language and keeps it as a row in the caller's own transaction, so
that nobody is told of what was rolled back, and nothing that happened goes untold because the mail server was
away. `deliver` sends what waits, through Django's e-mail backends; a message is claimed before it is sent and
marked afterwards, so that a worker that is killed in between may send it twice, never not at all. The text is
forgotten once it is sent: it may hold a link that only its reader may use.

A message `name` is the template `mail/<name>.txt`: its first line is the subject, the rest the text.
"""

import datetime
import logging
from typing import Any

from celery import signature
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.utils import timezone, translation

from pulse_site.models import Mail

MAX_ATTEMPTS = 12
# So long a sender has for one message; then another may take it, later each time that it failed.
CLAIM = datetime.timedelta(minutes=5)
AT_ONCE = 200
LONGEST_SUBJECT = Mail._meta.get_field("subject").max_length or 0

logger = logging.getLogger(__name__)


def post(to: str, name: str, language: str, **context: Any) -> Mail:
    """Write down the message `name` to the address `to`, and ring for it after the commit.

    `context` is the template's; it also gets `site`, the address of the site without a slash at its end.
    """
    with translation.override(language):
        text = render_to_string(f"mail/{name}.txt", {"site": settings.SITE_URL, **context})
    subject, _newline, body = text.strip().partition("\n")
    mail = Mail.objects.create(
        to=to, name=name, language=language, subject=subject[:LONGEST_SUBJECT], body=body.strip() + "\n"
    )
    transaction.on_commit(signature("pulse_site.tasks.deliver_mail").delay, robust=True)
    return mail


def deliver() -> int:
    """Send what waits, the oldest first; returns how many messages were sent."""
    waiting = Mail.objects.filter(_due(timezone.now())).order_by("pk").values_list("pk", flat=True)
    return sum(map(_send, waiting[:AT_ONCE]))


def _due(now: datetime.datetime) -> Q:
    return Q(sent_at=None, attempts__lt=MAX_ATTEMPTS) & (Q(not_before=None) | Q(not_before__lte=now))


def _send(pk: int) -> bool:
    """Send one message unless somebody else is at it; what fails is tried again, each time later."""
    now = timezone.now()
    claimed = Mail.objects.filter(_due(now), pk=pk)
    if not claimed.update(not_before=now + CLAIM, attempts=F("attempts") + 1):
        return False
    mail = Mail.objects.get(pk=pk)
    message = EmailMessage(mail.subject, mail.body, to=[mail.to], headers={"Message-ID": mail.message_id})
    try:
        message.send()
    except Exception as error:  # whatever the backend raises: the message stays, with the reason
        logger.warning("mail %s to be sent again: %s", pk, error)
        again = now + CLAIM * 2**mail.attempts
        Mail.objects.filter(pk=pk).update(error=str(error)[:300], not_before=again)
        return False
    Mail.objects.filter(pk=pk).update(sent_at=timezone.now(), body="", error="")
    return True
