"""E-mails about invoices: that one was issued, and that one is overdue. Each in the advertiser's language."""

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns.models import Ability, Advertiser, Invoice, Member
from pulse_site import audit, mail
from pulse_site.models import AuditEvent, User
from pulse_site.refusal import Refused

REMINDED = "invoice.remind"


def announce(invoice: Invoice) -> None:
    """Tell the advertiser that the document was issued; the caller is in the transaction that keeps it."""
    name = "invoice_issued" if invoice.is_invoice else "credit_note_issued"
    for address in readers(invoice.advertiser):
        mail.post(address, name, invoice.language, invoice=invoice, link=_link(invoice))


def remind(invoices: QuerySet[Invoice], by: User) -> int:
    """Write to the advertisers about these overdue invoices; returns how many reminders went out.

    Raises Refused, having written nothing, when one is not overdue, was reminded of today, or nobody is
    known to whom a reminder could go.
    """
    today = timezone.now().date()
    with transaction.atomic():
        chosen = Invoice.objects.filter(pk__in=invoices.values("pk")).select_for_update(no_key=True)
        list(chosen.order_by("pk").values_list("pk"))
        for invoice in Invoice.objects.with_balance().filter(pk__in=chosen).select_related("advertiser"):
            if why := obstacle(invoice):
                raise Refused(f"{invoice}: {why}")
            for address in readers(invoice.advertiser):
                days = invoice.days_overdue(today)
                context = {"invoice": invoice, "days": days, "link": _link(invoice)}
                mail.post(address, "invoice_reminder", invoice.advertiser.language, **context)
            name = invoice.advertiser.name
            audit.record(by, REMINDED, invoice, amount_micros=invoice.open_micros, advertiser=name)
        return len(chosen)


def obstacle(invoice: Invoice) -> str:
    """Why no reminder of the invoice (with its balance) can go out now; empty when one can."""
    if invoice.status != Invoice.State.OVERDUE:
        return _("It is not overdue.")
    if (last := reminders(invoice).first()) and last.at.date() == timezone.now().date():
        return _("A reminder went out today.")
    if not readers(invoice.advertiser):
        return _("There is no billing e-mail; enter one on the advertiser's page.")
    return ""


def reminders(invoice: Invoice) -> QuerySet[AuditEvent]:
    """The reminders that went out, the newest first."""
    return AuditEvent.objects.filter(
        subject_type=Invoice._meta.label_lower, subject_key=str(invoice.pk), action=REMINDED
    ).order_by("-at", "-id")


def readers(advertiser: Advertiser) -> list[str]:
    """The billing e-mail; without one the members who see invoices."""
    if advertiser.billing_email:
        return [advertiser.billing_email]
    roles = [role for role, abilities in Member.MAY.items() if Ability.BILLING in abilities]
    members = advertiser.members.filter(role__in=roles, user__is_active=True).exclude(user__email="")
    return list(members.order_by("pk").values_list("user__email", flat=True))


def _link(invoice: Invoice) -> str:
    return settings.SITE_URL + reverse("portal:invoice", args=[invoice.advertiser_id, invoice.pk])
