"""What stands beside an order: its price, its goal and how it fits, as typed so far or as saved."""

import datetime
from dataclasses import dataclass

from django.utils.formats import date_format, number_format

from campaigns import charts, forecast, pricing
from campaigns.forecast import Forecast
from campaigns.models import Campaign
from campaigns.views.forms import OrderForm
from pulse_site.refusal import Refused

DAYS_SHOWN = 31  # of a longer order the forecast is shown by weeks
WEEK = 7


@dataclass(frozen=True)
class Estimate:
    """Each part is None as long as the order doesn't say enough; `problem` says why there is no price."""

    quote: pricing.Quote | None = None
    cpm_micros: int | None = None
    negotiated: bool = False
    goal: int | None = None
    forecast: Forecast | None = None
    problem: str = ""

    @property
    def by_week(self) -> bool:
        return self.forecast is not None and len(self.forecast.days) > DAYS_SHOWN

    @property
    def spans(self) -> list[tuple[datetime.date, int]]:
        """First day and free impressions of each day, or of each week of a long order."""
        days = self.forecast.days if self.forecast else []
        step = WEEK if self.by_week else 1
        return [
            (days[n][0], forecast.coarse(sum(free for _day, free in days[n : n + step])))
            for n in range(0, len(days), step)
        ]

    @property
    def chart(self) -> charts.BarChart:
        return charts.bar_chart(
            [
                (f"{date_format(day, 'j N')}: {number_format(free, force_grouping=True)}", free)
                for day, free in self.spans
            ]
        )


def of_form(form: OrderForm) -> Estimate:
    """Of what was typed and makes sense already; the form was asked whether it is valid."""
    given = form.cleaned_data
    if form.cpm_micros is None:
        told = "categories" in form.data
        return Estimate(problem=" ".join(map(str, form.errors.get("categories") or ())) if told else "")
    fits = None
    if form.goal and {"tier", "starts_on", "ends_on"} <= given.keys():
        fits = forecast.forecast(
            forecast.Order(
                market=given["market"],
                categories=list(given["categories"]),
                tier=given["tier"],
                starts_on=given["starts_on"],
                ends_on=given["ends_on"],
                cpm_micros=form.cpm_micros,
                goal=form.goal,
                campaign=form.instance if form.instance.pk else None,
            )
        )
    return Estimate(form.quote, form.cpm_micros, form.agreed, form.goal, fits)


def of_campaign(campaign: Campaign) -> Estimate:
    """Of a saved order, at its own CPM."""
    try:
        quote = pricing.quote(campaign.market, list(campaign.categories.all()), campaign.starts_on)
    except Refused as refusal:
        return Estimate(problem=str(refusal))
    return Estimate(
        quote,
        campaign.cpm_micros,
        campaign.negotiated,
        campaign.goal_impressions,
        forecast.of_campaign(campaign),
    )
