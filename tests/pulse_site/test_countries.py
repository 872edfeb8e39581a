from django.utils import translation

from pulse_site import countries


def test_every_country_of_the_standard_is_there_and_nothing_else() -> None:
    codes = [code for code, _name in countries.choices()]
    assert len(codes) == len(set(codes)) == 250  # the 249 of ISO 3166, and Kosovo
    assert {"US", "FR", "XK"} <= set(codes)
    assert not {"EU", "UN", "ZZ", "001"} & set(codes)


def test_countries_stand_in_the_readers_language_and_order() -> None:
    with translation.override("fr"):
        names = [name for _code, name in countries.choices()]
        assert countries.name("DE") == "Allemagne"
    assert names.index("Estonie") > names.index("Égypte") > names.index("Danemark")
    assert countries.name("DE") == "Germany"
    assert countries.name("??") == "??"
