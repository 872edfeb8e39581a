"""The statements of what_if.py: what stands in its temporary tables, and what is read out of them.

Integers alone, and no product outgrows 64 bits: a part of an amount is taken as whole and rest apart.
"""

# ruff: noqa: S608 - statements are put together from texts of this module

TABLES = {
    "what_if_judged": "creator_id bigint, followers bigint, was_met integer, is_met integer",
    "what_if_lineup": "video_id bigint, creator_id bigint, category_id bigint, rank bigint, score bigint, "
    "was_category_id bigint, was_rank bigint",
    "what_if_money": "creator_id bigint, campaign_id bigint, revenue_micros bigint, enrolled_micros bigint",
}
JUDGE = "INSERT INTO what_if_judged (creator_id, followers, was_met, is_met) {judged}"
# The lineup as it would be, with where each video stood in the one that was.
RANK = """
    INSERT INTO what_if_lineup
           (video_id, creator_id, category_id, rank, score, was_category_id, was_rank)
    SELECT ranked.video_id, ranked.creator_id, ranked.category_id, ranked.rank, ranked.score,
           was.category_id, was.rank
      FROM ({ranked}) ranked
      LEFT JOIN campaigns_placement was ON was.run_id = %(run)s AND was.video_id = ranked.video_id
     WHERE ranked.tier <> %(unsuitable)s
"""
SIZES = """
    SELECT category_id, COUNT(*), COUNT(was_rank) FROM what_if_lineup GROUP BY category_id
"""
SIZES_BEFORE = "SELECT category_id, COUNT(*) FROM campaigns_placement WHERE run_id = %(run)s GROUP BY 1"
STAYED_BEFORE = """
    SELECT was_category_id, COUNT(*) FROM what_if_lineup WHERE was_rank IS NOT NULL GROUP BY 1
"""
ENTERED = """
    SELECT lineup.rank, lineup.video_id, creator.handle, category.slug
      FROM what_if_lineup lineup
      JOIN creators_creator creator ON creator.id = lineup.creator_id
      LEFT JOIN creators_category category ON category.id = lineup.category_id
     WHERE lineup.was_rank IS NULL ORDER BY lineup.rank, lineup.video_id LIMIT %(kept)s
"""
LEFT = """
    SELECT was.rank, was.video_id, creator.handle, category.slug
      FROM (SELECT * FROM campaigns_placement gone WHERE run_id = %(run)s
               AND NOT EXISTS (SELECT 1 FROM what_if_lineup lineup WHERE lineup.video_id = gone.video_id)
             ORDER BY rank, video_id LIMIT %(kept)s) was
      JOIN creators_creator creator ON creator.id = was.creator_id
      LEFT JOIN creators_category category ON category.id = was.category_id
     ORDER BY was.rank, was.video_id
"""
# A day's billable deliveries of a month, each beside whether its creator was enrolled.
BILLED = """
    SELECT delivery.day, delivery.video_id, delivery.creator_id, delivery.campaign_id, delivery.category_id,
           delivery.revenue_micros, CASE WHEN enrolment.id IS NULL THEN 0 ELSE 1 END AS enrolled
      FROM campaigns_delivery delivery
      JOIN campaigns_campaign campaign ON campaign.id = delivery.campaign_id AND campaign.market = %(market)s
      LEFT JOIN creators_enrolment enrolment
        ON enrolment.creator_id = delivery.creator_id AND enrolment.starts_on <= delivery.day
       AND (enrolment.ends_on IS NULL OR enrolment.ends_on >= delivery.day)
     WHERE delivery.month_id = %(month)s AND delivery.verdict = 'billable'
"""
DAYS_BILLED = f"SELECT DISTINCT day FROM ({BILLED}) billed ORDER BY day"
# Per category: what was billed, what of it beside videos that stay, and the scores of both kinds.
SPENT = f"""
    SELECT billed.category_id, CAST(SUM(revenue_micros) AS bigint),
           CAST(SUM(CASE WHEN lineup.video_id IS NULL THEN 0 ELSE revenue_micros END) AS bigint)
      FROM ({BILLED} AND delivery.day = %(day)s) billed
      LEFT JOIN what_if_lineup lineup
        ON lineup.video_id = billed.video_id AND lineup.category_id = billed.category_id
     GROUP BY billed.category_id
"""
_STAYS = "was_rank IS NOT NULL AND was_category_id = category_id"
SCORES = f"""
    SELECT category_id, CAST(SUM(CASE WHEN {_STAYS} THEN score ELSE 0 END) AS bigint),
           CAST(SUM(CASE WHEN {_STAYS} THEN 0 ELSE score END) AS bigint)
      FROM what_if_lineup WHERE category_id IS NOT NULL GROUP BY category_id
"""
SUM_OF_UNITS = f"""
    SELECT CAST(COALESCE(SUM(score / %(unit)s), 0) AS bigint) FROM what_if_lineup
     WHERE category_id = %(category)s AND NOT ({_STAYS})
"""
# Who shares: enrolled and not out by the new terms, or in by them alone.
_SHARES = (
    "CASE WHEN judged.creator_id IS NULL OR judged.was_met = judged.is_met THEN {} ELSE judged.is_met END"
)
_JUDGED = "LEFT JOIN what_if_judged judged ON judged.creator_id = {}.creator_id"
# An amount times whole and rest / divisor, taken apart.
_PART = "{0} * %(whole)s + {0} / %(divisor)s * %(rest)s + {0} %% %(divisor)s * %(rest)s / %(divisor)s"
STAY = f"""
    INSERT INTO what_if_money (creator_id, campaign_id, revenue_micros, enrolled_micros)
    SELECT kept.creator_id, kept.campaign_id, kept.micros, kept.micros * {_SHARES.format("kept.enrolled")}
      FROM (SELECT billed.creator_id, billed.campaign_id, billed.enrolled,
                   {_PART.format("billed.revenue_micros")} AS micros
              FROM ({BILLED} AND delivery.day = %(day)s AND delivery.category_id = %(category)s) billed
              JOIN what_if_lineup lineup
                ON lineup.video_id = billed.video_id AND lineup.category_id = billed.category_id) kept
      {_JUDGED.format("kept")}
"""
ENTER = f"""
    INSERT INTO what_if_money (creator_id, campaign_id, revenue_micros, enrolled_micros)
    SELECT come.creator_id, NULL, come.micros, come.micros * {_SHARES.format("come.enrolled")}
      FROM (SELECT lineup.creator_id, CASE WHEN enrolment.id IS NULL THEN 0 ELSE 1 END AS enrolled,
                   {_PART.format("(score / %(unit)s)")} AS micros
              FROM what_if_lineup lineup
              LEFT JOIN creators_enrolment enrolment
                ON enrolment.creator_id = lineup.creator_id AND enrolment.starts_on <= %(day)s
               AND (enrolment.ends_on IS NULL OR enrolment.ends_on >= %(day)s)
             WHERE category_id = %(category)s AND NOT ({_STAYS})) come
      {_JUDGED.format("come")}
"""
# Days that are not ranked again: what was billed stays with whom it was.
AS_IT_WAS = f"""
    INSERT INTO what_if_money (creator_id, campaign_id, revenue_micros, enrolled_micros)
    SELECT billed.creator_id, billed.campaign_id, revenue_micros,
           revenue_micros * {_SHARES.format("billed.enrolled")}
      FROM ({BILLED} {{days}}) billed {_JUDGED.format("billed")}
"""
# The share is floored by creator and campaign, as in drafts.py.
_SHARED = """
    SELECT creator_id, CAST(SUM(enrolled / 10000 * {share} + enrolled %% 10000 * {share} / 10000) AS bigint)
             AS micros
      FROM (SELECT creator_id, campaign_id, CAST(SUM({enrolled}) AS bigint) AS enrolled
              FROM ({rows}) given GROUP BY creator_id, campaign_id) sums
     GROUP BY creator_id
"""
_WAS = _SHARED.format(share="%(share_before)s", enrolled="revenue_micros * enrolled", rows=BILLED)
_WOULD = _SHARED.format(
    share="%(share_after)s", enrolled="enrolled_micros", rows="SELECT * FROM what_if_money"
)
COMPARED = f"""
    SELECT creator_id, CAST(SUM(was) AS bigint) AS was, CAST(SUM(would) AS bigint) AS would
      FROM (SELECT creator_id, micros AS was, 0 AS would FROM ({_WAS}) was_shared
             UNION ALL SELECT creator_id, 0, micros FROM ({_WOULD}) would_share) both_sides
     GROUP BY creator_id
"""
TOTALS = f"""
    SELECT COALESCE(CAST(SUM(was) AS bigint), 0), COALESCE(CAST(SUM(would) AS bigint), 0),
           COUNT(CASE WHEN was > 0 THEN 1 END), COUNT(CASE WHEN would > 0 THEN 1 END),
           COUNT(CASE WHEN would > was THEN 1 END), COUNT(CASE WHEN would < was THEN 1 END)
      FROM ({COMPARED}) compared
"""
LARGEST = f"""
    SELECT creator.handle, was, would FROM ({COMPARED}) compared
      JOIN creators_creator creator ON creator.id = compared.creator_id
     WHERE would {{sign}} was ORDER BY would - was {{order}}, creator.handle LIMIT %(kept)s
"""
