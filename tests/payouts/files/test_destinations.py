"""What keeps a payee from being paid is said in words, and whatever passes fits into a file."""

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from payouts.files import problems
from payouts.files.destinations import IBAN_LENGTHS, compact, valid_iban, valid_routing
from tests.payouts.files.payments import DESTINATIONS, ibans, routings, the_file
from tests.payouts.files.payments import payment as a_payment

ACH, SEPA = DESTINATIONS["ach"], DESTINATIONS["sepa"]
# The examples of SWIFT's registry: every structure that countries came up with.
EXAMPLES = """
    AD1200012030200359100100 AE070331234567890123456 AL47212110090000000235698741 AT611904300234573201
    AZ21NABZ00000000137010001944 BA391290079401028494 BE68539007547034 BG80BNBG96611020345678
    BH67BMAG00001299123456 BR1800360305000010009795493C1 BY13NBRB3600900000002Z00AB00
    CH9300762011623852957 CR05015202001026284066 CY17002001280000001200527600 CZ6508000000192000145399
    DE89370400440532013000 DK5000400440116243 DO28BAGR00000001212453611324 EE382200221020145685
    EG380019000500000000263180002 ES9121000418450200051332 FI2112345600000785 FO6264600001631634
    FR1420041010050500013M02606 GB29NWBK60161331926819 GE29NB0000000101904917 GI75NWBK000000007099453
    GL8964710001000206 GR1601101250000000012300695 GT82TRAJ01020000001210029690 HR1210010051863000160
    HU42117730161111101800000000 IE29AIBK93115212345678 IL620108000000099999999
    IQ98NBIQ850123456789012 IS140159260076545510730339 IT60X0542811101000000123456
    JO94CBJO0010000000000131000302 KW81CBKU0000000000001234560101 KZ86125KZT5004100100
    LB62099900000001001901229114 LC55HEMM000100010012001200023015 LI21088100002324013AA
    LT121000011101001000 LU280019400644750000 LV80BANK0000435195001 MC5811222000010123456789030
    MD24AG000225100013104168 ME25505000012345678951 MK07250120000058984 MR1300020001010000123456753
    MT84MALT011000012345MTLCAST001S MU17BOMM0101101030300200000MUR NL91ABNA0417164300 NO9386011117947
    PK36SCBL0000001123456702 PL61109010140000071219812874 PS92PALS000000000400123456702
    PT50000201231234567890154 QA58DOHB00001234567890ABCDEFG RO49AAAA1B31007593840000
    RS35260005601001611379 SA0380000000608010167519 SC18SSCB11010000000000001497USD
    SE4550000000058398257466 SI56263300012039086 SK3112000000198742637541 SM86U0322509800000000270100
    ST23000100010051845310146 SV62CENR00000000000000700025 TL380080012345678910157
    TN5910006035183598478831 TR330006100519786457841326 UA213223130000026007233566001
    VA59001123000012345678 VG96VPVG0000012345678901 XK051212012345678906
""".split()


@pytest.mark.parametrize("method", DESTINATIONS)
def test_a_complete_destination_has_no_problem(method: str) -> None:
    assert problems(method, DESTINATIONS[method], "Zoé Ångström", "US") == []


@pytest.mark.parametrize(
    ("method", "changes", "said"),
    [
        ("ach", {"routing": ""}, "Missing for this payment method: routing number."),
        ("ach", {"routing": "123456789"}, "“123456789” is no routing number"),
        ("ach", {"routing": "000000000"}, "“000000000” is no routing number"),
        ("ach", {"routing": "١٢٣٤٥٦٧٨٠"}, "is no routing number"),
        ("ach", {"account": "1" * 18}, "(…1111, 18 characters) must be 1 to 17 letters and digits"),
        ("ach", {"account": "1" * 25}, "(…1111, 25 characters) must be 1 to 17 letters and digits"),
        ("ach", {"account": "12-34"}, "(…, 5 characters) must be 1 to 17 letters and digits"),
        (
            "ach",
            {"account_type": "current"},
            "The account type is “current”; choose “checking” or “savings”.",
        ),
        ("ach", {"account_name": "x" * 23}, "has 23 characters and 22 fit in the bank's file"),
        ("sepa", {"iban": ""}, "Missing for this payment method: IBAN."),
        ("sepa", {"iban": "US64SVBKUS6S3300958879"}, "No country's IBAN begins with “US”"),
        ("sepa", {"iban": "FR142004101005050001302606"}, "has 26 characters; one of FR has 27"),
        ("sepa", {"iban": "FR1420041010050500013M02607"}, "(…2607) don't match the rest"),
        ("sepa", {"iban": "FR14200410100505000_3M02606"}, "(…2606) don't match the rest"),
        ("sepa", {"bic": "BANK"}, "“BANK” is no BIC"),
        ("paypal", {"email": ""}, "Missing for this payment method: e-mail address."),
        ("paypal", {"email": "zoe@example"}, "PayPal can't pay “zoe@example”"),
        ("paypal", {"email": "=zoe@example.com"}, "PayPal can't pay “=zoe@example.com”"),
        ("paypal", {"email": "z" * 60 + "@" + ".".join(["e" * 60] * 2)}, "at most 127 characters"),
        ("wise", {"recipient_id": ""}, "Missing for this payment method: number of the recipient at Wise."),
        ("wise", {"recipient_id": "=1+1"}, "“=1+1” is no recipient at Wise"),
    ],
)
def test_a_problem_is_said_with_what_to_do(method: str, changes: dict[str, str], said: str) -> None:
    [problem] = problems(method, DESTINATIONS[method] | changes, "Zoé Ångström", "US")
    assert said in problem


@pytest.mark.parametrize(
    ("method", "name", "said"),
    [
        ("manual", " ", "The name is missing."),
        ("ach", "", "The name is missing."),
        ("manual", "Zoé\nÅngström", "The name has line breaks"),
        ("wise", "Zoé\ud800", "The name has line breaks, tabs or invisible characters"),
        ("ach", "李小龍", "The bank can't read the name “李小龍”."),
        ("ach", "\u0301", "The bank can't read the name “”."),
        ("ach", "Zo\u200bé", "The bank can't read the name"),
        ("ach", "Alexandria Montgomery-Hale", "has 26 characters and 22 fit"),
        ("ach", "ß" * 12, "has 24 characters and 22 fit"),
        ("sepa", "Zoe <script>", "The bank can't read the name “Zoe <script>”."),
        ("sepa", "Z" * 71, "has 71 characters and 70 fit"),
        ("wise", "@zoe", "The name “@zoe” begins with =, +, - or @"),
    ],
)
def test_a_name_that_no_bank_takes_is_a_problem(method: str, name: str, said: str) -> None:
    [problem] = problems(method, DESTINATIONS[method], name, "US")
    assert said in problem


def test_the_name_of_the_account_stands_in_for_one_that_banks_can_t_read() -> None:
    assert problems("ach", ACH | {"account_name": "Bruce Lee"}, "李小龍", "US") == []
    written = the_file(
        "ach", a_payment("ach", destination=ACH | {"account_name": "Bruce Lee"}, name="李小龍")
    )
    assert b"BRUCE LEE" in written.content


@pytest.mark.parametrize(("country", "domestic"), [("US", True), ("PR", True), ("CA", False), ("", False)])
def test_ach_stays_in_the_united_states(country: str, domestic: bool) -> None:
    assert (problems("ach", ACH, "Zoé", country) == []) is domestic


def test_all_that_is_missing_is_said_at_once_and_nothing_else() -> None:
    assert problems("ach", {}, "Zoé", "US") == [
        "Missing for this payment method: routing number, account number, account type."
    ]


def test_an_unknown_method_is_a_problem() -> None:
    assert problems("cheque", {}, "Zoé", "US") == [
        "There is no payment method “cheque”; choose one of: ach, sepa, paypal, wise, manual."
    ]


def test_a_problem_speaks_french() -> None:
    with translation.override("fr"):
        [problem] = problems("ach", ACH | {"account": "1" * 25}, "Zoé", "US")
    assert problem.startswith("Le numéro de compte (…1111, 25 caractères) doit compter de 1 à 17 lettres")


@pytest.mark.parametrize("iban", EXAMPLES)
def test_every_country_s_example_is_an_iban(iban: str) -> None:
    assert valid_iban(iban)


def test_there_is_an_example_of_nearly_every_country() -> None:
    assert IBAN_LENGTHS.keys() - {iban[:2] for iban in EXAMPLES} == set(
        "BI DJ FK HN LY MN NI OM RU SD SO YE".split()
    )


@given(ibans(), st.data())
def test_one_mistyped_character_of_an_iban_is_found(iban: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(4, len(iban) - 1))
    other = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != iban[place]))
    assert valid_iban(compact(f" {iban[:4].lower()} {iban[4:]}"))
    assert not iban[place].isdigit() or not valid_iban(iban[:place] + other + iban[place + 1 :])


@given(routings(), st.data())
def test_one_mistyped_digit_of_a_routing_number_is_found(routing: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, 8))
    other = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != routing[place]))
    assert valid_routing(routing)
    assert not valid_routing(routing[:place] + other + routing[place + 1 :])
