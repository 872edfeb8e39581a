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

GUARDS = (DECISIONS_STAY, SPANS_NEVER_OVERLAP)
