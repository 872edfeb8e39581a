import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from campaigns import creatives
from campaigns.models import Creative
from pulse_site.models import User
from pulse_site.refusal import Refused
from tests import factories

pytestmark = pytest.mark.django_db
GENUINE = {
    "image/png": b"\x89PNG\r\n\x1a\n" + b"\0" * 20,
    "image/jpeg": b"\xff\xd8\xff\xe0" + b"\0" * 20,
    "image/gif": b"GIF89a" + b"\0" * 20,
    "image/webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "video/mp4": b"\0\0\0\x18ftypmp42" + b"\0" * 20,
    "video/webm": b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm",
}
FALSE = [
    b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    b"<!doctype html><script>alert(1)</script>",
    b"RIFF\x10\0\0\0WAVEfmt ",
    b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska",
    b"%PDF-1.7",
    b"PNG",
    b"",
]


@pytest.fixture(autouse=True)
def uploads(settings: Settings, tmp_path: object) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.mark.parametrize(("content_type", "content"), GENUINE.items())
def test_a_file_is_what_its_bytes_say(content_type: str, content: bytes, owner: User) -> None:
    made = creatives.add(
        factories.campaign(),
        owner,
        name="Ad",
        landing_url="https://brand.example/",
        file=ContentFile(content, "../../evil.html"),
    )
    assert made.content_type == content_type
    assert made.file.name.rpartition("/")[2].startswith(made.reference)
    assert "evil" not in made.file.name
    assert made.file.read() == content


@pytest.mark.parametrize("content", FALSE)
def test_nothing_else_is_taken_whatever_its_name(content: bytes) -> None:
    with pytest.raises(Refused, match="PNG"):
        creatives.kind_of(ContentFile(content, "ad.png"))


def test_a_file_has_a_greatest_size() -> None:
    with pytest.raises(Refused, match="5 MB"):
        creatives.kind_of(ContentFile(GENUINE["image/png"] + b"\0" * 5_000_000, "ad.png"))


def add(owner: User, campaign: object, **fields: object) -> Creative:
    given = {"name": "Ad", "landing_url": "https://b.example/", "url": "https://a.example/1.mp4", **fields}
    return creatives.add(campaign, owner, **given)


def test_a_cancelled_campaign_takes_none_and_a_full_one_no_more(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="cancelled"):
        add(owner, factories.campaign(status="cancelled"))
    monkeypatch.setattr(creatives, "MOST", 1)
    campaign = factories.campaign()
    first = add(owner, campaign)
    with pytest.raises(Refused, match="at most 1"):
        add(owner, campaign)
    assert add(owner, campaign, replaces=first).replaces == first


@pytest.mark.parametrize(
    ("status", "after"), [("submitted", "withdrawn"), ("rejected", "withdrawn"), ("approved", "approved")]
)
def test_what_is_replaced_runs_on_only_if_it_was_approved(owner: User, status: str, after: str) -> None:
    campaign = factories.campaign()
    old = factories.creative(campaign, status=status)
    add(owner, campaign, replaces=old)
    old.refresh_from_db()
    assert old.status == after


def test_a_file_goes_out_under_headers_that_let_nothing_run(owner: User, administrator: User) -> None:
    campaign = factories.campaign(advertiser=owner.memberships.get().advertiser)
    content = GENUINE["image/gif"]
    made = add(owner, campaign, url="", file=ContentFile(content, "ad.gif"))
    pages = {
        owner: reverse("portal:creative_file", args=[campaign.advertiser_id, campaign.pk, made.pk]),
        administrator: reverse("admin:campaigns_creative_file", args=[made.pk]),
    }
    for person, page in pages.items():
        client = Client()
        client.force_login(person)
        answer = client.get(page)
        assert b"".join(answer.streaming_content) == content
        assert answer["Content-Type"] == "image/gif"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_staff_without_permission_see_no_file(owner: User, reviewer: User) -> None:
    made = add(owner, factories.campaign(), url="", file=ContentFile(GENUINE["image/gif"], "ad.gif"))
    client = Client()
    client.force_login(reviewer)
    assert client.get(reverse("admin:campaigns_creative_file", args=[made.pk])).status_code == 404


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "Give either a file or its address"),
        ({"url": "http://ads.example/1.mp4"}, "Enter a valid URL"),
        ({"url": "https://ads.example/1.mp4", "landing_url": "http://brand.example/"}, "Enter a valid URL"),
        ({"url": "https://ads.example/1.mp4", "landing_url": "javascript:alert(1)"}, "Enter a valid URL"),
    ],
)
def test_a_form_that_will_not_do_says_why(owner: User, fields: dict[str, str], told: str) -> None:
    campaign = factories.campaign(advertiser=owner.memberships.get().advertiser)
    client = Client()
    client.force_login(owner)
    page = reverse("portal:creative_new", args=[campaign.advertiser_id, campaign.pk])
    given = {"name": "Ad", "landing_url": "https://brand.example/", **fields}
    assert told in client.post(page, given).content.decode()
    assert not Creative.objects.exists()
