"""Every text that people read is there in French, and pages show it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.apps import apps
from django.conf import settings as configured
from django.core.management import call_command
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from pytest_django.fixtures import Settings

from payouts import months
from pulse_site.models import User
from pulse_site.refusal import Refused

HOUSE: Path = configured.BASE_DIR
CATALOGUE = HOUSE / "pulse_site" / "locale" / "fr" / "LC_MESSAGES"
OURS = ("pulse_site", "creators", "campaigns", "payouts")
SOURCES = (*OURS, "templates")
NAMED_PARAMETER = re.compile(r"%\((\w+)\)[a-z]")
# A straight apostrophe, or a breaking space where French has a fixed one.
UNTYPOGRAPHIC = re.compile(r"'| [:;?!»]|« ")
MODELS = [model for app in OURS for model in apps.get_app_config(app).get_models()]
# The same in every language, or in no form nor list.
UNNAMED = {"id", "pk", "sha256", "upload"}


@pytest.fixture(scope="module")
def french() -> polib.POFile:
    return polib.pofile(str(CATALOGUE / "django.po"))


@pytest.fixture
def french_browser() -> Iterator[Client]:
    with translation.override(None):  # a request leaves its language to the thread
        yield Client(headers={"accept-language": "fr"})


def texts(entry: polib.POEntry) -> Iterator[str]:
    yield from entry.msgstr_plural.values() or [entry.msgstr]


def test_every_text_is_translated_and_none_is_left_over(french: polib.POFile) -> None:
    left = [*french.untranslated_entries(), *french.fuzzy_entries(), *french.obsolete_entries()]
    assert [entry.msgid for entry in left] == []


def test_a_translation_names_the_parameters_of_its_text(french: polib.POFile) -> None:
    for entry in french:
        for text in texts(entry):
            assert set(NAMED_PARAMETER.findall(text)) == set(NAMED_PARAMETER.findall(entry.msgid)), text


def test_french_is_typeset_as_french(french: polib.POFile) -> None:
    assert [text for entry in french for text in texts(entry) if UNTYPOGRAPHIC.search(text)] == []


def test_what_is_compiled_is_what_is_written(french: polib.POFile) -> None:
    compiled = polib.mofile(str(CATALOGUE / "django.mo"))
    assert {(e.msgctxt, e.msgid): list(texts(e)) for e in compiled} == {
        (e.msgctxt, e.msgid): list(texts(e)) for e in french
    }


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="needs gettext")
def test_the_catalogue_has_the_texts_of_the_code_and_no_others(
    french: polib.POFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    for source in SOURCES:
        unread = shutil.ignore_patterns("locale", "static", "__pycache__")
        shutil.copytree(HOUSE / source, tmp_path / source, ignore=unread)
    monkeypatch.chdir(tmp_path)
    settings.LOCALE_PATHS = [tmp_path / "extracted"]
    call_command("makemessages", locale=["fr"], verbosity=0)
    extracted = polib.pofile(str(tmp_path / "extracted" / "fr" / "LC_MESSAGES" / "django.po"))
    in_code, in_french = ({(e.msgctxt, e.msgid) for e in each} for each in (extracted, french))
    assert in_code ^ in_french == set(), "run `make messages` and translate what is new"


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_every_model_and_field_is_named_in_words_that_are_translated(model: type[Model]) -> None:
    fields = [field for field in model._meta.fields if field.name not in UNNAMED]
    named = [model._meta.verbose_name, model._meta.verbose_name_plural, *[f.verbose_name for f in fields]]
    assert [name for name in named if not isinstance(name, Promise)] == []


@pytest.mark.parametrize(
    ("page", "in_french", "in_english"),
    [
        ("admin:index", "File de contrôle", "Review queue"),
        ("admin:index", "Lots de paiements", "Payout batches"),
        ("admin:creators_creator_changelist", "Une partie de l’identifiant", "A part of the handle"),
        ("admin:campaigns_delivery_changelist", "La référence complète", "reference, in full"),
        ("admin:pulse_site_upload_add", "Importer un fichier", "Upload a file"),
    ],
)
def test_the_admin_speaks_french(
    french_browser: Client, administrator: User, page: str, in_french: str, in_english: str
) -> None:
    french_browser.force_login(administrator)
    shown = french_browser.get(reverse(page)).content.decode()
    assert in_french in shown
    assert in_english not in shown


def test_the_portal_speaks_french(french_browser: Client, owner: User) -> None:
    entrance = french_browser.get(reverse("account_login")).content.decode()
    french_browser.force_login(owner)
    campaigns = french_browser.get(reverse("portal:home"), follow=True).content.decode()
    assert "Campagnes, rapports et factures" in entrance
    assert "Campaigns, reports" not in entrance
    assert "<h1>Campagnes</h1>" in campaigns
    assert "Pas encore de campagne" in campaigns


def test_a_refusal_speaks_the_language_of_who_is_refused(db: None) -> None:
    with translation.override("fr"), pytest.raises(Refused, match="n’est pas un mois"):
        months.calculate("2026-13")
