"""What feeds, their columns, and the reasons why rows are rejected are called."""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class FeedWords(NamedTuple):
    """A feed's name, what a file of it is about, and which options a person gives with it."""

    label: Any
    about: Any
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        return str(self.label)


FEEDS = {
    "followers": FeedWords(
        _("Follower counts"), _("How many followers each creator has on a day."), ("as_of",)
    ),
    "videos": FeedWords(
        _("Videos and their daily counts"),
        _("Views, likes, comments and shares of each video up to a day."),
        ("as_of", "market"),
    ),
    "deliveries": FeedWords(
        _("Delivered impressions"), _("What the ad server showed of each campaign after each video.")
    ),
    "invalid_traffic": FeedWords(
        _("Invalid traffic"), _("Impressions that were not real: credited and deducted once approved.")
    ),
    "payees": FeedWords(
        _("Payees: names, bank details, tax forms"), _("Whom to pay and where; changes wait for approval.")
    ),
    "payment_results": FeedWords(
        _("The bank's answers to payments"), _("Which payments were made and which came back.")
    ),
}
# What a column is, and what may stand in it. Columns of confidential feeds have no example.
COLUMNS = {
    "handle": (_("the creator's handle"), "@bella.cooks"),
    "followers": (_("followers"), "13800000 · 13,800,000 · 13.8M"),
    "as_of": (_("the day of the count, where the rows differ"), "2026-10-31"),
    "name": (_("the creator's name"), "Bella"),
    "id": (_("the platform's number of the video"), "7301234567890123456"),
    "published": (_("when the video was published"), "2026-10-30T18:00:00Z · 1793383200"),
    "views": (_("views so far"), "1200000"),
    "likes": (_("likes so far"), "85K"),
    "comments": (_("comments so far"), "1,204"),
    "shares": (_("shares so far"), "310"),
    "hashtags": (_("hashtags"), "cooking, pasta"),
    "category": (_("category"), "cooking"),
    "tier": (_("how safe the video is for brands"), "limited · standard · expanded · unsuitable"),
    "day": (_("day"), "2026-10-31"),
    "campaign": (_("the campaign's reference"), "C-1042"),
    "video": (_("the platform's number of the video"), "7301234567890123456"),
    "impressions": (_("impressions"), "5200"),
    "creative": (_("the creative's reference"), "C-T9E7BDWA"),
    "reason": (_("reason"), "bot"),
    "reference": (_("the payment's reference"), "P-000123"),
    "status": (_("paid or returned"), "paid"),
    "date": (_("the day it was booked"), "2026-11-05"),
    "legal_name": (_("legal name"), ""),
    "company": (_("whether it is a company"), ""),
    "street": (_("street"), ""),
    "city": (_("city"), ""),
    "region": (_("state or region"), ""),
    "postal_code": (_("postal code"), ""),
    "country": (_("country"), ""),
    "email": (_("e-mail"), ""),
    "method": (_("payment method"), ""),
    "routing": (_("routing number"), ""),
    "account": (_("account number"), ""),
    "account_type": (_("kind of account"), ""),
    "account_name": (_("name on the account"), ""),
    "iban": ("IBAN", ""),
    "bic": ("BIC", ""),
    "paypal_email": (_("PayPal address"), ""),
    "wise_recipient": (_("Wise recipient"), ""),
    "tax_form": (_("tax form"), ""),
    "tax_number": (_("tax number"), ""),
}
# Why rows are rejected: the codes that feeds give, in words.
REASONS = {
    "absurd": _("absurd"),
    "ambiguous": _("ambiguous"),
    "approved": _("approved with another count"),
    "bad_date": _("not a usable date"),
    "bad_details": _("details that can’t be used"),
    "bad_handle": _("not a handle"),
    "bad_number": _("not a number"),
    "bad_reference": _("not a payment's reference"),
    "before_programme": _("before the programme"),
    "cells": _("wrong number of cells"),
    "change_open": _("another change waits"),
    "conflict": _("contradicting rows"),
    "fractional": _("not whole"),
    "future_date": _("still to come"),
    "missing": _("missing"),
    "month_settled": _("month under review or closed"),
    "negative": _("negative"),
    "not_billed": _("never billed"),
    "not_delivered": _("no such delivery"),
    "nothing": _("no impressions"),
    "paid_after_return": _("returned before"),
    "payment_not_sent": _("not handed to the bank"),
    "too_long": _("too long"),
    "too_many": _("more than the delivery has"),
    "corrected": _("corrected otherwise"),
    "unknown_campaign": _("unknown campaign"),
    "unknown_category": _("unknown category"),
    "unknown_creator": _("unknown creator"),
    "unknown_payment": _("unknown payment"),
    "unknown_status": _("neither paid nor returned"),
    "unknown_tier": _("unknown tier"),
    "unknown_creative": _("unknown creative"),
    "told_otherwise": _("told otherwise before"),
    "unknown_video": _("unknown video"),
    "unreadable": _("unreadable"),
}
# Why a delivery is billed or not, as the verdicts of deliveries say it.
VERDICTS = {
    "billable": _("billable"),
    "not_live": _("the campaign was not live on that day"),
    "not_in_lineup": _("the video was not in that day's lineup"),
    "not_booked": _("the video's category was not booked"),
    "tier": _("the video's tier is not allowed"),
}
DELIMITERS = {",": _("comma"), ";": _("semicolon"), "\t": _("tab"), "|": _("vertical bar")}
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": _("Windows-1252 (Western Europe)"),
    "cp1250": _("Windows-1250 (Central Europe)"),
    "cp1251": _("Windows-1251 (Cyrillic)"),
    "shift_jis": _("Shift JIS (Japanese)"),
    "gb18030": _("GB 18030 (Chinese)"),
}
FIGURES = {
    "rows": _("rows read"),
    "created": _("new"),
    "updated": _("changed"),
    "unchanged": _("unchanged"),
    "duplicates": _("repeated in the file"),
    "rejected": pgettext_lazy("rows", "rejected"),
}
