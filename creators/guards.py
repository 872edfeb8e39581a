"""What the database itself refuses to have done to the rows of this app."""

from pulse_site.guards import Guard, append_only

DECISIONS_STAY = append_only("creators_decision")

# PostgreSQL has an exclusion constraint instead (migration 0003).
SPANS_NEVER_OVERLAP = Guard(
    table="creators_enrolment",
    triggers=("enrolment_no_overlap_insert", "enrolment_no_overlap_update"),
    postgresql=(),
    sqlite=tuple(
        f"""CREATE TRIGGER IF NOT EXISTS enrolment_no_overlap_{verb}
            AFTER {verb.upper()} ON creators_enrolment
            WHEN EXISTS (
                SELECT 1 FROM creators_enrolment other
                WHERE other.creator_id = NEW.creator_id AND other.id <> NEW.id
                  AND other.starts_on <= COALESCE(NEW.ends_on, '9999-12-31')
                  AND COALESCE(other.ends_on, '9999-12-31') >= NEW.starts_on)
            BEGIN SELECT RAISE(ABORT, 'enrolment_no_overlap: the spans of a creator overlap'); END"""  # noqa: S608
        for verb in ("insert", "update")
    ),
)

# Not a refusal: it keeps SQLite's search table with the creators, whoever writes them.
_FORGET = (
    "INSERT INTO creators_search(creators_search, rowid, searched) VALUES ('delete', OLD.id, OLD.searched);"
)
_REMEMBER = "INSERT INTO creators_search(rowid, searched) VALUES (NEW.id, NEW.searched);"
SEARCHED = Guard(
    table="creators_creator",
    triggers=("creator_searched_insert", "creator_searched_delete", "creator_searched_update"),
    postgresql=(),
    sqlite=(
        f"""CREATE TRIGGER IF NOT EXISTS creator_searched_insert AFTER INSERT ON creators_creator
            BEGIN {_REMEMBER} END""",
        f"""CREATE TRIGGER IF NOT EXISTS creator_searched_delete AFTER DELETE ON creators_creator
            BEGIN {_FORGET} END""",
        f"""CREATE TRIGGER IF NOT EXISTS creator_searched_update
            AFTER UPDATE OF handle, name ON creators_creator
            BEGIN {_FORGET} {_REMEMBER} END""",
    ),
)

# What a version of the terms says; all but this is written when it is decided on.
SAYS = (
    "version", "starts_on", "market", "min_followers", "min_videos", "video_window_days", "min_age_years",
    "lineup_basis_points", "cut_per_category", "weight_views", "weight_likes", "weight_comments",
    "weight_shares", "decay_permille", "share_basis_points", "minimum_payout_micros", "review_days",
    "payee_hold_days",
    "screening_days", "review_hours", "grace_days", "auto_approve_followers", "auto_reject_rules", "reason",
    "proposed_at", "proposed_by_id",
)  # fmt: skip
_SAYS_ANOTHER = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in SAYS)
_CHANGES_TERMS = f"OLD.proposed_at IS NOT NULL AND (OLD.status <> 'proposed' OR {_SAYS_ANOTHER})"
_TERMS_STAY = "terms never change: propose a new version"
TERMS_STAY = Guard(
    table="creators_programmeterms",
    triggers=("terms_stay_update",),
    postgresql=(
        f"""CREATE OR REPLACE FUNCTION terms_stay() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION '{_TERMS_STAY}'
               USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        f"""CREATE OR REPLACE TRIGGER terms_stay_update BEFORE UPDATE ON creators_programmeterms
            FOR EACH ROW WHEN ({_CHANGES_TERMS}) EXECUTE FUNCTION terms_stay()""",
    ),
    sqlite=(
        f"""CREATE TRIGGER IF NOT EXISTS terms_stay_update BEFORE UPDATE ON creators_programmeterms
            WHEN {_CHANGES_TERMS} BEGIN SELECT RAISE(ABORT, '{_TERMS_STAY}'); END""",
    ),
)

GUARDS = (
    TERMS_STAY,
    DECISIONS_STAY,
    append_only("creators_categorymove", "a move stays: take it back by a new one"),
    append_only("creators_termsacceptance"),
    append_only("creators_thinnedday"),
    SPANS_NEVER_OVERLAP,
    SEARCHED,
)
