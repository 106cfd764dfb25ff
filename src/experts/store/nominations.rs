//! Nominations, and who they may be.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Nullable, SmallInt, Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::db::Conn;
use crate::db::schema::expert_nominations;
use crate::kernel::clock::now;
use crate::kernel::problem::Answer;
use crate::kernel::text::fold;

/// A nomination; the form and the reasons are sealed.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = expert_nominations)]
#[expect(missing_docs, reason = "columns")]
pub struct NominationRow {
    pub id: Uuid,
    pub version: i64,
    pub state: String,
    pub organisation_id: Option<Uuid>,
    pub filed_by: Option<Uuid>,
    pub filed_at: DateTime<Utc>,
    pub sealed: Vec<u8>,
    pub expert_id: Option<Uuid>,
    pub decided_by: Option<Uuid>,
    pub decided_at: Option<DateTime<Utc>>,
    pub sealed_decision: Option<Vec<u8>>,
}

/// Keeps a nomination.
pub async fn insert_nomination(tx: &mut Conn, row: &NominationRow) -> Answer<()> {
    diesel::insert_into(expert_nominations::table).values(row.clone()).execute(tx).await?;
    Ok(())
}

type Filter = Box<dyn BoxableExpression<expert_nominations::table, diesel::pg::Pg, SqlType = Bool>>;

/// Which nominations exist for a caller: the Union's are all, others have those of their organisation.
fn visible(scope: &Scope) -> Filter {
    match (scope.reach, scope.actor.organisation_id()) {
        (Reach::All, _) => Box::new(diesel::dsl::sql::<Bool>("true")),
        (Reach::Own, Some(organisation)) => {
            Box::new(expert_nominations::organisation_id.is_not_distinct_from(Some(organisation)))
        }
        _ => Box::new(diesel::dsl::sql::<Bool>("false")),
    }
}

/// A nomination the caller may know of.
pub async fn find_nomination(conn: &mut Conn, scope: &Scope, id: Uuid) -> Answer<NominationRow> {
    let query = expert_nominations::table.find(id).filter(visible(scope));
    Ok(query.select(NominationRow::as_select()).first(conn).await?)
}

/// The same, locked until the transaction ends.
pub async fn lock_nomination(tx: &mut Conn, scope: &Scope, id: Uuid) -> Answer<NominationRow> {
    let query = expert_nominations::table.find(id).filter(visible(scope));
    Ok(query.select(NominationRow::as_select()).for_update().first(tx).await?)
}

/// Nominations the caller may know of, the latest first.
pub async fn nominations(
    conn: &mut Conn,
    scope: &Scope,
    states: Option<&[&str]>,
    before: Option<Uuid>,
    limit: i64,
) -> Answer<Vec<NominationRow>> {
    let mut query = expert_nominations::table.filter(visible(scope)).into_boxed();
    if let Some(states) = states {
        query = query.filter(expert_nominations::state.eq_any(states.to_vec()));
    }
    if let Some(before) = before {
        query = query.filter(expert_nominations::id.lt(before));
    }
    let rows = query.order(expert_nominations::id.desc()).limit(limit);
    Ok(rows.select(NominationRow::as_select()).load(conn).await?)
}

/// What became of a nomination.
#[derive(Debug)]
pub struct Decision<'a> {
    /// `accepted`, `linked` or `declined`.
    pub state: &'a str,
    /// The expert it became, or who it was.
    pub expert: Option<Uuid>,
    /// Who decided.
    pub by: Option<Uuid>,
    /// Why, sealed.
    pub sealed: Option<Vec<u8>>,
}

/// Keeps a decision.
pub async fn decide_nomination(tx: &mut Conn, id: Uuid, decision: Decision<'_>) -> Answer<()> {
    use expert_nominations as table;
    diesel::update(table::table.find(id))
        .set((
            table::version.eq(table::version + 1),
            table::state.eq(decision.state),
            table::expert_id.eq(decision.expert),
            table::decided_by.eq(decision.by),
            table::decided_at.eq(now()),
            table::sealed_decision.eq(decision.sealed),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// Somebody in the bank who may be the person of a nomination, and what is the same.
#[derive(Debug, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct CandidateRow {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = Text)]
    pub full_name: String,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = Nullable<SmallInt>)]
    pub birth_year: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    pub workplace: Option<String>,
    #[diesel(sql_type = Bool)]
    pub same_name: bool,
    #[diesel(sql_type = Bool)]
    pub same_email: bool,
    #[diesel(sql_type = Bool)]
    pub same_phone: bool,
    #[diesel(sql_type = Bool)]
    pub same_birth_year: bool,
}

impl CandidateRow {
    /// How much is the same.
    fn evidence(&self) -> usize {
        [self.same_name, self.same_email, self.same_phone, self.same_birth_year]
            .into_iter()
            .filter(|same| *same)
            .count()
    }
}

/// Most people that are looked at: among them are some whose longer name only holds the words.
const MOST_COMPARED: i64 = 200;

/// What people are compared by.
#[derive(Debug, Default)]
pub struct Sameness {
    /// The folded name, its words divided by blanks.
    pub name: String,
    /// Keyed hashes of the e-mail address, under every key of the ring.
    pub emails: Vec<Vec<u8>>,
    /// Those of the phone number.
    pub phones: Vec<Vec<u8>>,
    /// The year of birth.
    pub birth_year: Option<i16>,
}

/// Who bears the same folded name or has the same e-mail address; the year of birth and the phone say more about them. The
/// most alike first.
pub async fn candidates(conn: &mut Conn, of: &Sameness, limit: usize) -> Answer<Vec<CandidateRow>> {
    // words of the index stand in the order of the name; a longer name that holds them is told apart below
    let words: Vec<String> = of.name.split(' ').map(|word| format!("'{word}':A")).collect();
    // two look-ups by index: one condition with OR over both tables would read all of them
    let rows: Vec<CandidateRow> = diesel::sql_query(
        "WITH named AS (SELECT expert_id AS id FROM expert_search WHERE words @@ $1::tsquery),
         found AS (
             SELECT id FROM named
             UNION SELECT expert_id FROM expert_restricted WHERE email_hashes && $2),
         compared AS (
             SELECT e.id, e.code, e.full_name, e.status, e.birth_year, e.workplace, e.id IN (SELECT id FROM named) AS same_name,
                    coalesce(r.email_hashes && $2, false) AS same_email,
                    coalesce(r.phone_hashes && $3, false) AS same_phone,
                    coalesce(e.birth_year = $4, false) AS same_birth_year
               FROM found JOIN experts e ON e.id = found.id LEFT JOIN expert_restricted r ON r.expert_id = e.id)
         SELECT * FROM compared
          ORDER BY same_name::int + same_email::int + same_phone::int + same_birth_year::int DESC, id LIMIT $5",
    )
    .bind::<Text, _>(words.join(" <-> "))
    .bind::<Array<Binary>, _>(&of.emails)
    .bind::<Array<Binary>, _>(&of.phones)
    .bind::<Nullable<SmallInt>, _>(of.birth_year)
    .bind::<BigInt, _>(MOST_COMPARED)
    .load(conn)
    .await?;
    let told = rows.into_iter().map(|row| CandidateRow { same_name: fold(&row.full_name) == of.name, ..row });
    let mut told: Vec<CandidateRow> = told.filter(|row| row.same_name || row.same_email).collect();
    told.sort_by_key(|row| std::cmp::Reverse(row.evidence()));
    told.truncate(limit);
    Ok(told)
}
