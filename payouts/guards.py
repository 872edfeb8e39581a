"""What the database itself refuses to have done to money, whoever asks: a form, a script or a superuser.

Transfers are never changed. Rows that belong to a month stay as they are once the month has gone on: its
deliveries and earnings from the review on, its transfers from the close on. On PostgreSQL the guard looks at
the statement's rows all at once (a million earnings cost one look) and holds the month FOR SHARE, so that
nobody closes it before the statement's transaction ends; who closes takes it FOR UPDATE first.
"""

from pulse_site.guards import Guard, append_only


def of_a_month(table: str, statuses: tuple[str, ...]) -> Guard:
    """Rows of `table` are neither added, changed nor deleted while their month is in one of `statuses`."""
    name = f"{table}_month"
    listed = ", ".join(f"'{status}'" for status in statuses)
    text = f"{table} takes no change in a month that is {' or '.join(statuses)}"
    changes = (("insert", ("NEW",)), ("update", ("OLD", "NEW")), ("delete", ("OLD",)))
    return Guard(
        table=table,
        triggers=tuple(f"{name}_{verb}" for verb, _sides in changes),
        postgresql=(
            f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
                DECLARE touched text[]; held text;
                BEGIN
                  IF TG_OP = 'INSERT' THEN touched := ARRAY(SELECT DISTINCT month_id FROM new_rows);
                  ELSIF TG_OP = 'DELETE' THEN touched := ARRAY(SELECT DISTINCT month_id FROM old_rows);
                  ELSIF TG_OP = 'TRUNCATE' THEN touched := ARRAY(SELECT code FROM campaigns_month);
                  ELSE touched := ARRAY(SELECT month_id FROM old_rows UNION SELECT month_id FROM new_rows);
                  END IF;
                  PERFORM 1 FROM campaigns_month WHERE code = ANY (touched) ORDER BY code FOR SHARE;
                  SELECT code INTO held FROM campaigns_month
                   WHERE code = ANY (touched) AND status IN ({listed}) LIMIT 1;
                  IF FOUND THEN
                    RAISE EXCEPTION '{text}: %', held USING ERRCODE = 'integrity_constraint_violation';
                  END IF;
                  RETURN NULL;
                END $$""",  # noqa: S608 - names of our own
            *(
                f"""CREATE OR REPLACE TRIGGER {name}_{verb} AFTER {verb.upper()} ON {table}
                    REFERENCING {" ".join(f"{side} TABLE AS {side.lower()}_rows" for side in sides)}
                    FOR EACH STATEMENT EXECUTE FUNCTION {name}()"""
                for verb, sides in changes
            ),
            f"""CREATE OR REPLACE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION {name}()""",
        ),
        sqlite=tuple(
            f"""CREATE TRIGGER IF NOT EXISTS {name}_{verb} BEFORE {verb.upper()} ON {table}
                WHEN EXISTS (SELECT 1 FROM campaigns_month WHERE status IN ({listed})
                              AND code IN ({", ".join(f"{side}.month_id" for side in sides)}))
                BEGIN SELECT RAISE(ABORT, '{text}'); END"""  # noqa: S608 - names of our own
            for verb, sides in changes
        ),
    )


def closed_months() -> Guard:
    """A closed month is neither changed nor deleted."""
    table, name, text = "campaigns_month", "campaigns_month_closed", "a closed month stays as it is"
    verbs = ("update", "delete")
    return Guard(
        table=table,
        triggers=tuple(f"{name}_{verb}" for verb in verbs),
        postgresql=(
            f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION '{text}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
            *(
                f"""CREATE OR REPLACE TRIGGER {name}_{verb} BEFORE {verb.upper()} ON {table}
                    FOR EACH ROW WHEN (OLD.status = 'closed') EXECUTE FUNCTION {name}()"""
                for verb in verbs
            ),
        ),
        sqlite=tuple(
            f"""CREATE TRIGGER IF NOT EXISTS {name}_{verb} BEFORE {verb.upper()} ON {table}
                WHEN OLD.status = 'closed' BEGIN SELECT RAISE(ABORT, '{text}'); END"""
            for verb in verbs
        ),
    )


def settled_corrections() -> Guard:
    """A correction that was approved or rejected is neither changed nor deleted."""
    table, name, text = (
        "payouts_correction",
        "payouts_correction_settled",
        "a decided correction stays as it is",
    )
    verbs = ("update", "delete")
    return Guard(
        table=table,
        triggers=tuple(f"{name}_{verb}" for verb in verbs),
        postgresql=(
            f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION '{text}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
            *(
                f"""CREATE OR REPLACE TRIGGER {name}_{verb} BEFORE {verb.upper()} ON {table}
                    FOR EACH ROW WHEN (OLD.status <> 'prepared') EXECUTE FUNCTION {name}()"""
                for verb in verbs
            ),
        ),
        sqlite=tuple(
            f"""CREATE TRIGGER IF NOT EXISTS {name}_{verb} BEFORE {verb.upper()} ON {table}
                WHEN OLD.status <> 'prepared' BEGIN SELECT RAISE(ABORT, '{text}'); END"""
            for verb in verbs
        ),
    )


# All of an adjustment but the month it is posted in and the share that is found with it.
_GIVEN = (
    "id correction_id origin_id campaign_id creator_id day video_id impressions revenue_micros"
    " enrolled_micros detail"
).split()
# Posting, the one change that an approved adjustment takes: the month, once, and with both sides the share.
_POSTS = """
    {old}.month_id IS NULL AND {new}.month_id IS NOT NULL
    AND ({old}.share_micros = {new}.share_micros
         OR ({old}.campaign_id IS NOT NULL AND {old}.creator_id IS NOT NULL))
"""


def adjustments() -> Guard:
    """Adjustments of a decided correction are neither added, changed nor deleted; only posting writes once.

    None is posted before its correction is approved. On PostgreSQL the statement's rows are looked at all at
    once, and their corrections are held, so that nobody decides on them before the transaction ends.
    """
    table, name = "payouts_adjustment", "payouts_adjustment_settled"
    text = "an adjustment of a decided correction stays as it is"
    changes = (("insert", ("NEW",)), ("update", ("OLD", "NEW")), ("delete", ("OLD",)))
    same = " AND ".join(f"old_rows.{each} IS NOT DISTINCT FROM new_rows.{each}" for each in _GIVEN)
    same_row = " AND ".join(f"OLD.{each} IS NEW.{each}" for each in _GIVEN)
    posts = _POSTS.format(old="old_rows", new="new_rows")
    decided = "(SELECT status FROM payouts_correction WHERE id = {side}.correction_id)"
    old, new = decided.format(side="OLD"), decided.format(side="NEW")
    wrong = {
        "insert": f"{new} <> 'prepared' OR NEW.month_id IS NOT NULL",
        "update": f"""(({old} <> 'prepared' OR {new} <> 'prepared')
                       AND NOT ({same_row} AND {_POSTS.format(old="OLD", new="NEW")}))
                      OR ({new} <> 'approved' AND NEW.month_id IS NOT NULL)""",
        "delete": f"{old} <> 'prepared'",
    }
    return Guard(
        table=table,
        triggers=tuple(f"{name}_{verb}" for verb, _sides in changes),
        postgresql=(
            f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  IF TG_OP = 'INSERT' THEN
                    PERFORM 1 FROM payouts_correction WHERE id IN (SELECT correction_id FROM new_rows)
                      ORDER BY id FOR SHARE;
                    PERFORM 1 FROM new_rows JOIN payouts_correction given ON given.id = new_rows.correction_id
                      WHERE given.status <> 'prepared' OR new_rows.month_id IS NOT NULL LIMIT 1;
                  ELSIF TG_OP = 'DELETE' THEN
                    PERFORM 1 FROM payouts_correction WHERE id IN (SELECT correction_id FROM old_rows)
                      ORDER BY id FOR SHARE;
                    PERFORM 1 FROM old_rows JOIN payouts_correction given ON given.id = old_rows.correction_id
                      WHERE given.status <> 'prepared' LIMIT 1;
                  ELSIF TG_OP = 'TRUNCATE' THEN
                    PERFORM 1 FROM payouts_correction WHERE status <> 'prepared' LIMIT 1;
                  ELSE
                    PERFORM 1 FROM payouts_correction
                      WHERE id IN (SELECT correction_id FROM old_rows
                                    UNION SELECT correction_id FROM new_rows)
                      ORDER BY id FOR SHARE;
                    PERFORM 1 FROM old_rows FULL JOIN new_rows ON new_rows.id = old_rows.id
                      LEFT JOIN payouts_correction was ON was.id = old_rows.correction_id
                      LEFT JOIN payouts_correction given ON given.id = new_rows.correction_id
                      WHERE ((was.status <> 'prepared' OR given.status <> 'prepared')
                             AND ({same} AND {posts}) IS NOT TRUE)
                         OR (given.status <> 'approved' AND new_rows.month_id IS NOT NULL) LIMIT 1;
                  END IF;
                  IF FOUND THEN RAISE EXCEPTION '{text}' USING ERRCODE = 'integrity_constraint_violation';
                  END IF;
                  RETURN NULL;
                END $$""",  # noqa: S608 - names of our own
            *(
                f"""CREATE OR REPLACE TRIGGER {name}_{verb} AFTER {verb.upper()} ON {table}
                    REFERENCING {" ".join(f"{side} TABLE AS {side.lower()}_rows" for side in sides)}
                    FOR EACH STATEMENT EXECUTE FUNCTION {name}()"""
                for verb, sides in changes
            ),
            f"""CREATE OR REPLACE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION {name}()""",
        ),
        sqlite=tuple(
            f"""CREATE TRIGGER IF NOT EXISTS {name}_{verb} BEFORE {verb.upper()} ON {table}
                WHEN {wrong[verb]} BEGIN SELECT RAISE(ABORT, '{text}'); END"""
            for verb, _sides in changes
        ),
    )


def decided_payee_changes() -> Guard:
    """A change of a payee is decided once and as it was proposed; a decided one stays, and none goes."""
    table, name = "payouts_payeechange", "payouts_payeechange_decided"
    text = "a change of a payee is decided once, as it was proposed, and stays"
    kept = (
        "id",
        "creator_id",
        "proposed",
        "summary",
        "destination_digest",
        "upload_id",
        "proposed_by_id",
        "proposed_at",
    )
    same = " AND ".join(f"OLD.{column} {{same}} NEW.{column}" for column in kept)
    decides = f"OLD.status = 'proposed' AND NEW.status IN ('approved', 'rejected') AND {same}"
    conditions = (("update", f"WHEN (NOT ({decides}))"), ("delete", ""))
    return Guard(
        table=table,
        triggers=tuple(f"{name}_{verb}" for verb, _when in conditions),
        postgresql=(
            f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION '{text}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
            *(
                f"""CREATE OR REPLACE TRIGGER {name}_{verb} BEFORE {verb.upper()} ON {table}
                    FOR EACH ROW {when.format(same="IS NOT DISTINCT FROM")} EXECUTE FUNCTION {name}()"""
                for verb, when in conditions
            ),
            f"""CREATE OR REPLACE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION {name}()""",
        ),
        sqlite=tuple(
            f"""CREATE TRIGGER IF NOT EXISTS {name}_{verb} BEFORE {verb.upper()} ON {table}
                {when.format(same="IS")} BEGIN SELECT RAISE(ABORT, '{text}'); END"""
            for verb, when in conditions
        ),
    )


GUARDS = (
    append_only("payouts_transfer"),
    append_only("payouts_seal"),
    of_a_month("payouts_transfer", ("closed",)),
    of_a_month("payouts_earning", ("review", "closed")),
    of_a_month("campaigns_delivery", ("review", "closed")),
    closed_months(),
    append_only("payouts_statementfile"),
    settled_corrections(),
    adjustments(),
    append_only("payouts_paymentfile"),
    decided_payee_changes(),
)
