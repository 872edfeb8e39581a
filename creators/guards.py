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

GUARDS = (
    DECISIONS_STAY,
    append_only("creators_categorymove", "a move stays: take it back by a new one"),
    append_only("creators_termsacceptance"),
    SPANS_NEVER_OVERLAP,
    SEARCHED,
)
