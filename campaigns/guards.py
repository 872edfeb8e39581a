"""What the database itself refuses to have done to a lineup that money has used, and to a booked campaign.

A frozen lineup may be frozen again, nothing else. On PostgreSQL its placements are looked at once a
statement, for a run that is replaced deletes hundreds of thousands of them. Adding rows stays free of any
check: the digest of the run no longer fits them (placements.tampered).
"""

from pulse_site.guards import Guard

_TEXT = "a lineup that money has used stays as it is"
_RAISE = f"RAISE EXCEPTION '{_TEXT}' USING ERRCODE = 'integrity_constraint_violation';"
_VERBS = ("update", "delete")
_FACTS = "id day market terms_id population lineup cutoff_score digest frozen superseded computed_at".split()


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

FROZEN_PLACEMENTS_STAY = Guard(
    table="campaigns_placement",
    triggers=tuple(f"placement_frozen_{verb}" for verb in _VERBS),
    postgresql=(
        f"""CREATE OR REPLACE FUNCTION placement_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
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
            f"""CREATE OR REPLACE TRIGGER placement_frozen_{verb} AFTER {verb.upper()} ON campaigns_placement
                REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION placement_frozen()"""
            for verb in _VERBS
        ),
        """CREATE OR REPLACE TRIGGER placement_frozen_truncate BEFORE TRUNCATE ON campaigns_placement
           FOR EACH STATEMENT EXECUTE FUNCTION placement_frozen()""",
    ),
    sqlite=tuple(
        f"""CREATE TRIGGER IF NOT EXISTS placement_frozen_{verb} BEFORE {verb.upper()} ON campaigns_placement
            WHEN (SELECT frozen FROM campaigns_placementrun WHERE id = OLD.run_id)
            BEGIN SELECT RAISE(ABORT, '{_TEXT}'); END"""  # noqa: S608
        for verb in _VERBS
    ),
)

_TERMS = "market tier starts_on ends_on cpm_micros".split()
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

GUARDS = (FROZEN_RUNS_STAY, FROZEN_PLACEMENTS_STAY, BOOKED_TERMS_STAY)
