"""What the database itself refuses to have done to what others rely on: a lineup that money has used, what a
campaign was booked at, a rate that campaigns may have been priced by, an agreement that somebody accepted.

A frozen lineup may be frozen again, nothing else. On PostgreSQL its placements are looked at once a
statement, for a run that is replaced deletes hundreds of thousands of them. Adding rows stays free of any
check: the digest of the run no longer fits them (placements.tampered).
"""

from pulse_site.guards import Guard, append_only

_TEXT = "a lineup that money has used stays as it is"
_RAISE = f"RAISE EXCEPTION '{_TEXT}' USING ERRCODE = 'integrity_constraint_violation';"
_VERBS = ("update", "delete")
_FACTS = (
    "id day market terms_id population lineup cutoff_score inputs digest corrects_id files frozen superseded "
    "computed_at"
).split()


def _facts(side: str) -> str:
    return f"({', '.join(f'{side}.{fact}' for fact in _FACTS)})"


FROZEN_RUNS_STAY = Guard(
    table="campaigns_placementrun",
    triggers=tuple(f"placementrun_frozen_{verb}" for verb in _VERBS),
    postgresql=(
        f"""CREATE OR REPLACE FUNCTION placementrun_frozen() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN {_RAISE} END $$""",
        """CREATE OR REPLACE TRIGGER placementrun_frozen_update BEFORE UPDATE ON campaigns_placementrun
           FOR EACH ROW WHEN (OLD.frozen AND OLD.* IS DISTINCT FROM NEW.*)
           EXECUTE FUNCTION placementrun_frozen()""",
        """CREATE OR REPLACE TRIGGER placementrun_frozen_delete BEFORE DELETE ON campaigns_placementrun
           FOR EACH ROW WHEN (OLD.frozen) EXECUTE FUNCTION placementrun_frozen()""",
    ),
    sqlite=(
        f"""CREATE TRIGGER IF NOT EXISTS placementrun_frozen_update BEFORE UPDATE ON campaigns_placementrun
            WHEN OLD.frozen AND {_facts("OLD")} IS NOT {_facts("NEW")}
            BEGIN SELECT RAISE(ABORT, '{_TEXT}'); END""",
        f"""CREATE TRIGGER IF NOT EXISTS placementrun_frozen_delete BEFORE DELETE ON campaigns_placementrun
            WHEN OLD.frozen BEGIN SELECT RAISE(ABORT, '{_TEXT}'); END""",
    ),
)


def _rows_of_frozen_runs_stay(table: str, name: str) -> Guard:
    return Guard(
        table=table,
        triggers=tuple(f"{name}_frozen_{verb}" for verb in _VERBS),
        postgresql=(
            f"""CREATE OR REPLACE FUNCTION {name}_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  IF TG_OP = 'TRUNCATE' THEN
                    PERFORM 1 FROM campaigns_placementrun WHERE frozen;
                  ELSE
                    PERFORM 1 FROM campaigns_placementrun
                      WHERE frozen AND id IN (SELECT run_id FROM old_rows);
                  END IF;
                  IF FOUND THEN {_RAISE} END IF;
                  RETURN NULL;
                END $$""",  # noqa: S608
            *(
                f"""CREATE OR REPLACE TRIGGER {name}_frozen_{verb} AFTER {verb.upper()} ON {table}
                    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION {name}_frozen()"""
                for verb in _VERBS
            ),
            f"""CREATE OR REPLACE TRIGGER {name}_frozen_truncate BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION {name}_frozen()""",
        ),
        sqlite=tuple(
            f"""CREATE TRIGGER IF NOT EXISTS {name}_frozen_{verb} BEFORE {verb.upper()} ON {table}
                WHEN (SELECT frozen FROM campaigns_placementrun WHERE id = OLD.run_id)
                BEGIN SELECT RAISE(ABORT, '{_TEXT}'); END"""  # noqa: S608
            for verb in _VERBS
        ),
    )


FROZEN_PLACEMENTS_STAY = _rows_of_frozen_runs_stay("campaigns_placement", "placement")
FROZEN_CUTS_STAY = _rows_of_frozen_runs_stay("campaigns_categorycut", "categorycut")

_TERMS = "reference advertiser_id market tier starts_on ends_on cpm_micros".split()
_TERMS_TEXT = "what a campaign was booked at stays: cancel it and book another"
_TERMS_CHANGE = "OLD.booked_at IS NOT NULL AND (" + " OR ".join(f"OLD.{t} <> NEW.{t}" for t in _TERMS) + ")"

BOOKED_TERMS_STAY = Guard(
    table="campaigns_campaign",
    triggers=("campaign_booked_update",),
    postgresql=(
        f"""CREATE OR REPLACE FUNCTION campaign_booked() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN
              RAISE EXCEPTION '{_TERMS_TEXT}' USING ERRCODE = 'integrity_constraint_violation';
            END $$""",
        f"""CREATE OR REPLACE TRIGGER campaign_booked_update BEFORE UPDATE ON campaigns_campaign
            FOR EACH ROW WHEN ({_TERMS_CHANGE}) EXECUTE FUNCTION campaign_booked()""",
    ),
    sqlite=(
        f"""CREATE TRIGGER IF NOT EXISTS campaign_booked_update BEFORE UPDATE ON campaigns_campaign
            WHEN {_TERMS_CHANGE} BEGIN SELECT RAISE(ABORT, '{_TERMS_TEXT}'); END""",
    ),
)

# The row of the campaign is held, so that nobody books it between the look and the change.
_SLOTS = "campaigns_campaign_categories"
_SIDES = {"insert": ("NEW",), "update": ("OLD", "NEW"), "delete": ("OLD",)}
_BOOKED = "(SELECT booked_at FROM campaigns_campaign WHERE id = {}.campaign_id) IS NOT NULL"

BOOKED_CATEGORIES_STAY = Guard(
    table=_SLOTS,
    triggers=tuple(f"campaign_categories_{verb}" for verb in _SIDES),
    postgresql=(
        f"""CREATE OR REPLACE FUNCTION campaign_categories() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE booked timestamptz;
            BEGIN
              FOR booked IN SELECT booked_at FROM campaigns_campaign
                WHERE id IN (OLD.campaign_id, NEW.campaign_id) FOR SHARE
              LOOP
                IF booked IS NOT NULL THEN
                  RAISE EXCEPTION '{_TERMS_TEXT}' USING ERRCODE = 'integrity_constraint_violation';
                END IF;
              END LOOP;
              RETURN COALESCE(NEW, OLD);
            END $$""",  # noqa: S608
        *(
            f"""CREATE OR REPLACE TRIGGER campaign_categories_{verb} BEFORE {verb.upper()} ON {_SLOTS}
                FOR EACH ROW EXECUTE FUNCTION campaign_categories()"""
            for verb in _SIDES
        ),
    ),
    sqlite=tuple(
        f"""CREATE TRIGGER IF NOT EXISTS campaign_categories_{verb} BEFORE {verb.upper()} ON {_SLOTS}
            WHEN {" OR ".join(map(_BOOKED.format, sides))}
            BEGIN SELECT RAISE(ABORT, '{_TERMS_TEXT}'); END"""
        for verb, sides in _SIDES.items()
    ),
)

_RATE_TEXT = "a rate that has begun stays: add a new line from a later day on"

BEGUN_RATES_STAY = Guard(
    table="campaigns_rate",
    triggers=tuple(f"rate_begun_{verb}" for verb in _VERBS),
    postgresql=(
        f"""CREATE OR REPLACE FUNCTION rate_begun() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN
              RAISE EXCEPTION '{_RATE_TEXT}' USING ERRCODE = 'integrity_constraint_violation';
            END $$""",
        *(
            f"""CREATE OR REPLACE TRIGGER rate_begun_{verb} BEFORE {verb.upper()} ON campaigns_rate
                FOR EACH ROW WHEN (OLD.starts_on <= CURRENT_DATE) EXECUTE FUNCTION rate_begun()"""
            for verb in _VERBS
        ),
    ),
    sqlite=tuple(
        f"""CREATE TRIGGER IF NOT EXISTS rate_begun_{verb} BEFORE {verb.upper()} ON campaigns_rate
            WHEN OLD.starts_on <= CURRENT_DATE BEGIN SELECT RAISE(ABORT, '{_RATE_TEXT}'); END"""
        for verb in _VERBS
    ),
)

_AGREEMENT_TEXT = "a version of the agreement that somebody accepted stays: add another one"
_ACCEPTED = "SELECT 1 FROM campaigns_agreementacceptance WHERE agreement_id = OLD.id"

ACCEPTED_AGREEMENTS_STAY = Guard(
    table="campaigns_agreement",
    triggers=tuple(f"agreement_accepted_{verb}" for verb in _VERBS),
    postgresql=(
        f"""CREATE OR REPLACE FUNCTION agreement_accepted() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF EXISTS ({_ACCEPTED}) THEN
                RAISE EXCEPTION '{_AGREEMENT_TEXT}' USING ERRCODE = 'integrity_constraint_violation';
              END IF;
              IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
              RETURN NEW;
            END $$""",
        *(
            f"""CREATE OR REPLACE TRIGGER agreement_accepted_{verb} BEFORE {verb.upper()}
                ON campaigns_agreement FOR EACH ROW EXECUTE FUNCTION agreement_accepted()"""
            for verb in _VERBS
        ),
    ),
    sqlite=tuple(
        f"""CREATE TRIGGER IF NOT EXISTS agreement_accepted_{verb} BEFORE {verb.upper()}
            ON campaigns_agreement WHEN EXISTS ({_ACCEPTED})
            BEGIN SELECT RAISE(ABORT, '{_AGREEMENT_TEXT}'); END"""
        for verb in _VERBS
    ),
)

GUARDS = (
    ACCEPTED_AGREEMENTS_STAY,
    FROZEN_RUNS_STAY,
    FROZEN_PLACEMENTS_STAY,
    FROZEN_CUTS_STAY,
    BOOKED_TERMS_STAY,
    BOOKED_CATEGORIES_STAY,
    BEGUN_RATES_STAY,
    append_only("campaigns_advertiserdecision", "a decision stays: reverse it by a new one"),
    append_only("campaigns_agreementacceptance", "what was accepted stays accepted"),
    append_only("campaigns_invoice", "an issued document stays: correct it by another one"),
    append_only("campaigns_invoiceline", "an issued document stays: correct it by another one"),
    append_only("campaigns_invoicefile"),
    append_only("campaigns_payment", "what was received stays: give it back by a new entry"),
    append_only("campaigns_allocation"),
)
