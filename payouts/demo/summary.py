"""The readable end of the demo: the month at a glance."""

from django.db.models import Count, Sum

from campaigns.models import Delivery, Invoice, Month, Placement, PlacementRun
from creators.models import Category, Creator
from payouts.demo.people import PASSWORD, PEOPLE
from payouts.models import Payout
from payouts.verification import verify
from pulse_site.money import dollars


def summary(code: str) -> str:
    """The demo month `code` in lines of text: creators, lineup, money, verification, log-ins."""
    return "\n".join([*_creators(), *_lineup(code), *_money(code), *_verified(), *_log_ins()])


def _creators() -> list[str]:
    counted = dict(Creator.objects.values_list("status").annotate(Count("pk")).order_by())
    return ["", "Creators"] + [
        f"  {label:<20} {counted[value]:>10,}" for value, label in Creator.Status.choices if value in counted
    ]


def _lineup(code: str) -> list[str]:
    month = Month.objects.get(code=code)
    run = PlacementRun.objects.current().get(day=month.last_day, market="US")
    counted = dict(
        Placement.objects.filter(run=run).values_list("category").annotate(Count("video")).order_by()
    )
    lines = [
        f"  {category.name:<24} {counted.get(category.pk, 0):>6,}" for category in Category.objects.all()
    ]
    head = f"Lineup of {run.day}: {run.lineup:,} of {run.population:,} videos"
    return ["", head, *lines, f"  {'(no category)':<24} {counted.get(None, 0):>6,}"]


def _money(code: str) -> list[str]:
    month = Month.objects.get(code=code)
    delivered = Delivery.objects.filter(month=month).aggregate(
        billed=Sum("billed_impressions", default=0), impressions=Sum("impressions", default=0)
    )
    paid = Payout.objects.filter(batch__month=month, status=Payout.Status.PAID).aggregate(
        total=Sum("amount_micros", default=0), creators=Count("pk")
    )
    invoices = Invoice.objects.invoices().filter(month=month).with_balance()
    owed = [invoice.open_micros for invoice in invoices]
    return [
        "",
        f"{code}: {month.get_status_display()}",
        f"  impressions billed   {delivered['billed']:>16,}",
        f"  not billed           {delivered['impressions'] - delivered['billed']:>16,}",
        f"  billed               {dollars(month.revenue_micros):>16}",
        f"  shared               {dollars(month.shared_micros):>16}  with {month.creators:,} creators",
        f"  platform             {dollars(month.platform_micros):>16}",
        f"  invoices             {len(owed):>16,}  {dollars(sum(owed))} still open",
        f"  paid                 {dollars(paid['total']):>16}  to {paid['creators']:,} creators",
    ]


def _verified() -> list[str]:
    breaches = verify()
    return ["", "verify: ok" if not breaches else f"verify: {len(breaches)} breaches, first: {breaches[0]}"]


def _log_ins() -> list[str]:
    lines = [f"  {name:<8} {role}" for name, role in PEOPLE.items()]
    return [
        "",
        "Look at it: make serve, then http://127.0.0.1:8000/admin/ (portal: http://127.0.0.1:8000/)",
        *lines,
        f"  password: {PASSWORD}",
    ]
