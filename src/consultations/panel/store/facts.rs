//! What the rules about conflicts of interest are told: of bodies, drafters and people.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{Months, NaiveDate};
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use uuid::Uuid;

use super::read;
use super::works::shared;
use crate::consultations::model::Case;
use crate::consultations::panel::coi::{Declared, Drafter, Ground, Person, Post, Spelling, Tie};
use crate::consultations::panel::settings::{SHARED_YEARS, WORK_YEARS, number};
use crate::consultations::words::{ConflictSide, ConflictTie};
use crate::db::Conn;
use crate::kernel::name::{TitleKind, TitleLexicon, TitleRow};
use crate::kernel::problem::Answer;
use crate::reference::store as reference_store;

#[derive(QueryableByName)]
struct TieRow {
    #[diesel(sql_type = Text)]
    side: String,
    #[diesel(sql_type = SqlUuid)]
    root: Uuid,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    tie: String,
    #[diesel(sql_type = Nullable<Date>)]
    since: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Date>)]
    until: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
}

/// The bodies that have a part, those whose place they took (of one they were split from, until then) and those who took theirs, and
/// all above and under them: each for the time in which it was so, as far as it reaches into the years that count.
///
/// A way goes up to ancestors or down to heirs, never both: who took another part of the same body has no part in this.
const TIES: &str = "
    WITH RECURSIVE part AS (
        SELECT side, id FROM unnest($1, $2) r (side, id)
    ), old AS (
        SELECT side, id AS root, id, NULL::date AS until FROM part
        UNION
        SELECT o.side, o.root, s.predecessor_id, CASE WHEN s.kind = 'split' THEN least(o.until, s.effective_on) ELSE o.until END
          FROM old o JOIN organisation_successions s ON s.successor_id = o.id AND s.effective_on <= $3
    ), heir AS (
        SELECT side, id AS root, id FROM part
        UNION
        SELECT h.side, h.root, s.successor_id
          FROM heir h JOIN organisation_successions s ON s.predecessor_id = h.id AND s.effective_on <= $3 AND s.kind <> 'split'
    ), same AS (
        SELECT side, root, id, until FROM old UNION SELECT side, root, id, NULL FROM heir
    ), below AS (
        SELECT side, root, id, NULL::date AS since, until FROM same
        UNION
        SELECT b.side, b.root, n.id, n.since, n.until FROM below b CROSS JOIN LATERAL (
            SELECT v.organisation_id AS id, greatest(b.since, v.valid_from) AS since, least(b.until, v.valid_to) AS until
              FROM organisation_versions v WHERE v.parent_id = b.id
            UNION ALL
            SELECT s.predecessor_id, b.since, CASE WHEN s.kind = 'split' THEN least(b.until, s.effective_on) ELSE b.until END
              FROM organisation_successions s WHERE s.successor_id = b.id AND s.effective_on <= $3) n
         WHERE coalesce(n.since <= n.until, true) AND coalesce(n.since <= $3, true) AND coalesce(n.until >= $4, true)
    ), up AS (
        SELECT side, root, id, NULL::date AS since, until FROM same
        UNION
        SELECT u.side, u.root, n.id, n.since, n.until FROM up u CROSS JOIN LATERAL (
            SELECT v.parent_id AS id, greatest(u.since, v.valid_from) AS since, least(u.until, v.valid_to) AS until
              FROM organisation_versions v WHERE v.organisation_id = u.id AND v.parent_id IS NOT NULL) n
         WHERE coalesce(n.since <= n.until, true) AND coalesce(n.since <= $3, true) AND coalesce(n.until >= $4, true)
    ), above AS (
        SELECT side, root, id, since, until FROM up
        UNION
        SELECT a.side, a.root, s.predecessor_id, a.since, CASE WHEN s.kind = 'split' THEN least(a.until, s.effective_on) ELSE a.until END
          FROM above a JOIN organisation_successions s ON s.successor_id = a.id AND s.effective_on <= $3
    ), ties AS (
        SELECT side, root, id, 'same' AS tie, NULL::date AS since, until FROM same
        UNION SELECT side, root, id, 'below', since, until FROM below
        UNION SELECT side, root, id, 'above', since, until FROM above
    )
    SELECT t.side, t.root, t.id, t.tie, t.since, t.until, (
           SELECT v.name FROM organisation_versions v WHERE v.organisation_id = t.id
            ORDER BY (v.valid_from IS NULL OR v.valid_from <= $3) DESC, v.valid_from DESC NULLS LAST LIMIT 1) AS name
      FROM ties t
     WHERE t.tie = 'same'
        OR NOT EXISTS (SELECT FROM same s WHERE (s.side, s.root, s.id) = (t.side, t.root, t.id)
                                            AND (s.until IS NULL OR s.until = t.until))
     ORDER BY t.side, t.root, array_position(ARRAY['same', 'below', 'above'], t.tie), t.id, t.since NULLS FIRST, t.until NULLS FIRST";

/// What a consultation is, as far as conflicts go.
///
/// # Errors
/// 503 when the database is away.
pub async fn ground(conn: &mut Conn, case: &Case, today: NaiveDate) -> Answer<Ground> {
    let mut roots = vec![(ConflictSide::Asker, case.row.asker_id)];
    roots.extend(case.row.authority_id.map(|id| (ConflictSide::Authority, id)));
    roots.extend(case.drafters.iter().filter_map(|row| row.organisation_id).map(|id| (ConflictSide::Drafter, id)));
    let (sides, ids): (Vec<&str>, Vec<Uuid>) = roots.iter().map(|(side, id)| (side.as_str(), *id)).unzip();
    let work_years = number(conn, WORK_YEARS, today).await?;
    let first = today.checked_sub_months(Months::new(work_years.saturating_mul(12))).unwrap_or(NaiveDate::MIN);
    let rows: Vec<TieRow> = diesel::sql_query(TIES)
        .bind::<Array<Text>, _>(sides)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Date, _>(today)
        .bind::<Date, _>(first)
        .load(conn)
        .await?;
    let (mut ties, mut names) = (HashMap::<Uuid, Vec<Tie>>::new(), HashMap::new());
    for row in rows {
        let side = ConflictSide::ALL.iter().find(|side| side.as_str() == row.side);
        let tie = ConflictTie::ALL.iter().find(|tie| tie.as_str() == row.tie);
        if let Some((side, tie)) = side.zip(tie) {
            let tie = Tie { side: *side, tie: *tie, root: row.root, from: row.since, to: row.until };
            ties.entry(row.id).or_default().push(tie);
        }
        names.extend(row.name.map(|name| (row.id, name)));
    }
    let shared_years = number(conn, SHARED_YEARS, today).await?;
    Ok(Ground { today, work_years, shared_years, ties, names, drafters: drafters(conn, case).await? })
}

/// Who drafted, by the names of their records, or as typed without titles.
async fn drafters(conn: &mut Conn, case: &Case) -> Answer<Vec<Drafter>> {
    let people = || case.drafters.iter().filter(|row| row.expert_id.is_some() || row.name.is_some());
    if people().next().is_none() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = case.drafters.iter().filter_map(|row| row.expert_id).collect();
    let names: HashMap<Uuid, String> = names_of(conn, &ids).await?.into_iter().collect();
    let titles = reference_store::titles(conn).await?;
    let lexicon = TitleLexicon::new(titles.iter().map(|row| TitleRow {
        kind: if row.kind == "degree" { TitleKind::Degree } else { TitleKind::AcademicRank },
        code: &row.code,
        name: &row.name_vi,
        abbreviation: &row.abbreviation,
        rank: row.rank.into(),
    }));
    let bare = |typed: &str| lexicon.parse(typed).map_or_else(|_no_name| typed.to_owned(), |parsed| parsed.name.full);
    let drafter = |row: &crate::consultations::model::DrafterRow| {
        let known = row.expert_id.and_then(|id| names.get(&id).cloned());
        let name = known.or_else(|| row.name.as_deref().map(bare)).unwrap_or_default();
        Drafter { entry: row.id, expert: row.expert_id, name: Spelling::of(&name) }
    };
    Ok(people().map(drafter).collect())
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Drafters, officers of bodies that matter, and those of whom something was said or decided.
///
/// # Errors
/// 503 when the database is away.
pub async fn named(conn: &mut Conn, case: &Case, ground: &Ground) -> Answer<HashSet<Uuid>> {
    let bodies: Vec<Uuid> = ground.ties.keys().copied().collect();
    let rows: Vec<IdRow> = diesel::sql_query(
        "SELECT o.expert_id AS id FROM association_officers o WHERE o.organisation_id = ANY ($1) AND o.expert_id IS NOT NULL
         UNION SELECT d.expert_id FROM conflict_decisions d WHERE d.consultation_id = $2",
    )
    .bind::<Array<SqlUuid>, _>(bodies)
    .bind::<SqlUuid, _>(case.id())
    .load(conn)
    .await?;
    let drafters = ground.drafters.iter().filter_map(|drafter| drafter.expert);
    Ok(rows.into_iter().map(|row| row.id).chain(drafters).collect())
}

#[derive(QueryableByName)]
struct PersonRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    full_name: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    workplace_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    posts: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    offices: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    declared: Option<String>,
}

#[derive(Deserialize)]
struct DeclaredRow {
    id: Uuid,
    reason: String,
    by_person: bool,
}

/// Posts at bodies that matter, offices that last, what was declared.
const PEOPLE: &str = "
    SELECT e.id, e.full_name, e.workplace_id,
           (SELECT json_agg(json_build_object('organisation_id', w.value -> 'organisation_id', 'position', w.value -> 'position',
                                              'from', w.value -> 'from', 'to', w.value -> 'to'))
              FROM jsonb_array_elements(e.details -> 'work_history') w
             WHERE (w.value ->> 'organisation_id')::uuid = ANY ($2))::text AS posts,
           (SELECT json_agg(json_build_object('organisation_id', o.organisation_id, 'position', o.position,
                                              'from', o.valid_from, 'to', o.valid_to) ORDER BY o.valid_from, o.id)
              FROM association_officers o
             WHERE o.expert_id = e.id AND o.organisation_id = ANY ($2) AND o.valid_from <= $3
               AND (o.valid_to IS NULL OR o.valid_to >= $3))::text AS offices,
           (SELECT json_agg(json_build_object('id', d.id, 'reason', d.reason, 'by_person', coalesce(d.actor_role = 'expert', false))
                            ORDER BY d.ordinal)
              FROM conflict_decisions d
             WHERE d.expert_id = e.id AND d.consultation_id = $4 AND d.outcome = 'declared')::text AS declared
      FROM experts e WHERE e.id = ANY ($1)";

fn list<T: serde::de::DeserializeOwned>(json: Option<&str>) -> Answer<Vec<T>> {
    json.map_or_else(|| Ok(Vec::new()), read)
}

/// What the record says of people, as far as a consultation's conflicts go.
///
/// # Errors
/// 503 when the database is away.
pub async fn people(conn: &mut Conn, case: &Case, ground: &Ground, ids: &[Uuid]) -> Answer<Vec<Person>> {
    let bodies: Vec<Uuid> = ground.ties.keys().copied().collect();
    let rows: Vec<PersonRow> = diesel::sql_query(PEOPLE)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<SqlUuid>, _>(bodies)
        .bind::<Date, _>(ground.today)
        .bind::<SqlUuid, _>(case.id())
        .load(conn)
        .await?;
    let names: HashMap<Uuid, Spelling> = rows.iter().map(|row| (row.id, Spelling::of(&row.full_name))).collect();
    let names = Arc::new(names);
    let mut shared = shared(conn, ground, ids, &names).await?;
    let person = |row: PersonRow| {
        let declared: Vec<DeclaredRow> = list(row.declared.as_deref())?;
        let declared = declared.into_iter().map(|DeclaredRow { id, reason, by_person }| Declared {
            id,
            statement: reason,
            by_person,
        });
        Ok(Person {
            id: row.id,
            name: names.get(&row.id).cloned().unwrap_or_default(),
            workplace: row.workplace_id,
            posts: list::<Post>(row.posts.as_deref())?,
            offices: list(row.offices.as_deref())?,
            shared: shared.remove(&row.id).unwrap_or_default(),
            declared: declared.collect(),
            balance: None,
        })
    };
    rows.into_iter().map(person).collect()
}

#[derive(QueryableByName)]
struct NameRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    full_name: String,
}

async fn names_of(conn: &mut Conn, ids: &[Uuid]) -> Answer<Vec<(Uuid, String)>> {
    let rows = diesel::sql_query("SELECT id, full_name FROM experts WHERE id = ANY ($1) ORDER BY id");
    let rows: Vec<NameRow> = rows.bind::<Array<SqlUuid>, _>(ids).load(conn).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.full_name)).collect())
}
