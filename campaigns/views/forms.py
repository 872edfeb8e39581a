"""What an advertiser's people type: an order, a creative, exclusions."""

import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import creatives, forecast, pricing
from campaigns.models import IMPRESSIONS_PER_MILLE, Campaign, Creative, Rate, impressions_bought
from creators.models import Tier
from pulse_site.forms import DollarsField
from pulse_site.refusal import Refused

LARGEST_BUDGET = Decimal(100_000_000)  # dollars
LEAD, LENGTH = datetime.timedelta(days=7), datetime.timedelta(days=27)
TIERS = {
    Tier.LIMITED: gettext_lazy("Limited: only the safest videos"),
    Tier.STANDARD: gettext_lazy("Standard: safe for most brands"),
    Tier.EXPANDED: gettext_lazy("Expanded: the widest choice; some videos are edgy"),
}


def date_field(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))


class OrderForm(forms.ModelForm):
    """An order; what it costs and how it fits stands in estimates.py."""

    market = forms.ChoiceField(label=gettext_lazy("Market"))
    tier = forms.TypedChoiceField(
        label=gettext_lazy("Inventory tier"),
        help_text=gettext_lazy("Each one takes the safer ones as well."),
        choices=list(TIERS.items()),
        coerce=int,
        initial=Tier.STANDARD,
        widget=forms.RadioSelect,
    )
    starts_on = date_field(gettext_lazy("First day"))
    ends_on = date_field(gettext_lazy("Last day"))
    budget_micros = DollarsField(
        label=gettext_lazy("Budget (US dollars)"),
        help_text=gettext_lazy("You never pay more than this, whatever is delivered."),
        max_value=LARGEST_BUDGET,
    )

    class Meta:
        model = Campaign
        fields = [
            "name",
            "purchase_order",
            "market",
            "categories",
            "tier",
            "starts_on",
            "ends_on",
            "budget_micros",
            "frequency_cap",
        ]
        widgets = {"categories": forms.CheckboxSelectMultiple}
        help_texts = {"categories": gettext_lazy("Your ads run after videos of the day's lineup in these.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        today = timezone.now().date()
        markets = Rate.objects.order_by("market").values_list("market", flat=True).distinct()
        market = self.fields["market"]
        market.choices = [(code, code) for code in markets]  # type: ignore[attr-defined]
        if self.instance.pk:
            market.choices = [(self.instance.market, self.instance.market)]  # type: ignore[attr-defined]
            market.disabled = True
            market.help_text = _("It is fixed once a campaign is made.")
        else:
            proposed = {"starts_on": today + LEAD, "ends_on": today + LEAD + LENGTH}
            self.initial.update(proposed, market=settings.LAUNCH_MARKET)
        self.quote: pricing.Quote | None = None

    def clean_starts_on(self) -> datetime.date:
        starts_on = self.cleaned_data["starts_on"]
        if starts_on < timezone.now().date():
            raise ValidationError(_("This day is over; the first day is today at the earliest."))
        return starts_on

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        first, last = given.get("starts_on"), given.get("ends_on")
        if first and last and (last - first).days >= forecast.LONGEST:
            self.add_error("ends_on", _("A campaign runs for a year at most; make a second one."))
        if first and given.get("categories") and given.get("market"):
            try:
                self.quote = pricing.quote(given["market"], list(given["categories"]), first)
            except Refused as refusal:
                self.add_error("categories", str(refusal))
        if self.goal is not None and self.goal < IMPRESSIONS_PER_MILLE:
            self.add_error("budget_micros", _("This buys less than a thousand impressions; raise it."))
        return given

    @property
    def cpm_micros(self) -> int | None:
        """What an impression would cost: the card's price, or what was agreed where that still holds."""
        if self.agreed:
            return self.instance.cpm_micros
        return self.quote.cpm_micros if self.quote else None

    @property
    def goal(self) -> int | None:
        budget = self.cleaned_data.get("budget_micros")
        return impressions_bought(budget, self.cpm_micros) if budget and self.cpm_micros else None

    @property
    def agreed(self) -> bool:
        """Whether a CPM was negotiated, and for these categories and this first day."""
        before = self.initial
        return bool(
            self.instance.negotiated
            and before.get("starts_on") == self.cleaned_data.get("starts_on")
            and set(before.get("categories", ())) == set(self.cleaned_data.get("categories", ()))
        )


class CreativeForm(forms.ModelForm):
    """Either a file or an address; what the file is, its bytes say."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("PNG, JPEG, GIF or WebP up to 5 MB; MP4 or WebM up to 100 MB."),
        required=False,
        widget=forms.FileInput(attrs={"accept": ",".join(kind.content_type for kind in creatives.KINDS)}),
    )
    url = forms.URLField(
        label=gettext_lazy("or its address"),
        help_text=gettext_lazy("Where your own ad server has it, beginning with https://"),
        required=False,
        max_length=500,
        assume_scheme="https",
    )
    landing_url = forms.URLField(
        label=gettext_lazy("Landing page"),
        help_text=gettext_lazy("Where a click leads, beginning with https://"),
        max_length=500,
        assume_scheme="https",
    )

    class Meta:
        model = Creative
        fields = ["name", "file", "url", "landing_url"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def clean_file(self) -> File | None:
        file = self.cleaned_data["file"]
        if file:
            try:
                creatives.kind_of(file)
            except Refused as refusal:
                raise ValidationError(str(refusal)) from None
        return file

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if bool(given.get("file")) == bool(given.get("url")) and "file" not in self.errors:
            self.add_error("file", _("Give either a file or its address."))
        return given


class ExcludeCreatorsForm(forms.Form):
    handles = forms.CharField(
        label=gettext_lazy("Creators"),
        help_text=gettext_lazy("Handles, parted by blanks, commas or lines."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=20_000,
    )

    def listed(self) -> list[str]:
        return self.cleaned_data["handles"].replace(",", " ").replace(";", " ").split()


class ExcludeVideosForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("List of videos"),
        help_text=gettext_lazy("CSV or XLSX, up to 2,000 rows: a video's number or its address in each."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
