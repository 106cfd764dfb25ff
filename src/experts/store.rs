//! All SQL of experts but the search.

mod availability;
mod changes;
mod consents;
mod counts;
mod duplicates;
mod index;
mod likeness;
mod links;
mod members;
mod merges;
mod named;
mod nominations;
mod publications;
mod search;
mod sources;
mod standing;
mod states;
mod stored;
mod texts;
mod whole;
mod words;
mod workplaces;

pub use availability::{add_period, delete_period, find_period, overlapping, periods, update_period};
pub use changes::{
    ChangeRow, changes, changes_sql, changes_wait, forget_superfluous, place_changes, place_some_changes,
    reference_version,
};
pub use consents::{ConsentRow, find_consent, insert_consents, latest_consents, list_consents, standing_withdrawal};
pub use counts::{DegreeCounts, FieldCounts, GroupCounts, count_degrees, count_fields, count_groups};
pub use duplicates::{
    AfterPair, NewPair, PairHalf, PairRow, are_distinct, come_due, count_due, distinguish, pairs, reopen,
    replace_pairs, take_due,
};
pub use index::{SearchRows, Texts, reindex, reindex_fields, reindex_missing, searched_texts};
pub use likeness::{StoredPerson, meet, stored_people};
pub use links::{LinkKind, add_link, link_holder, use_link, void_links};
pub use members::{AfterMember, MemberRow, MemberSql, members, put_memberships};
pub use merges::{
    EditRow, MergeRow, Rows, Stuck, close_account, disinherit, displace_account, find_merge, follow_seats,
    inherit_distinctions, insert_merge, keep_merges_out, last_edit, lead_to, lock_merges, losers_of, mark_undone,
    merge_of, merged_into, merges, move_back, move_references, opinion_in_the_way, put_back, reopen_accounts, shown_to,
    sources_unchanged, take_out, touch_panels,
};
pub use named::{group_fields, group_names, known_groups, organisation_ids, with_descendants, with_subordinates};
pub use nominations::{
    CandidateRow, Decision, NominationRow, Sameness, candidates, decide_nomination, find_nomination, insert_nomination,
    lock_nomination, nominations,
};
pub use publications::{
    add_publication, delete_publication, find_publication, publication_rows, publications, publications_page,
    put_publications, update_publication,
};
pub use search::{
    Codes, Condition, Count, Eligible, EligibleSql, Facet, FacetSql, Filters, Hit, Order, SearchSql, SeekKey, Weighed,
    eligible, facets, named, run as search,
};
pub use sources::{
    KnownRecord, KnownRecords, SourceRow, base_of, bases, claim_source, lock_sources, mark_of, of_source, put_sources,
    put_sources_back, seal_base, source_ids, source_images, source_rows, sources, stay_gone,
};
pub use standing::{SourceDecision, Standing, erased_hash, mark_gone, standing};
pub use states::{NEVER, StaleRow, confirm, is_listed, is_supplied, move_to, stale, stale_sql, verify};
pub use stored::{Stored, index_words, lock_all, look_anew, remove, states_of, stored, touched_since};
pub use texts::{TextRow, add_texts, consent_texts};
pub use whole::{Whole, WholeSql, cards, whole};
pub use words::{Audience, Known, WordCounts, compact, frequencies, specialties, spelled};
pub use workplaces::{
    AfterWorkplace, OpenWorkplace, assign_workplace, open_workplaces, people_at, set_workplace_keys,
    without_workplace_key,
};

use std::collections::HashMap;
use std::mem::take;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::pg::{Pg, PgValue};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Jsonb};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use uuid::Uuid;

use super::counts::new_from;
use super::keys::Keys;
use super::model::{Details, Draft, ExpertField, Language, Membership, Restricted, WorkKind};
use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::db::Conn;
use crate::db::bulk::{Document, Hashes, Insert};
use crate::db::schema::{expert_fields, expert_memberships, expert_restricted, experts};
use crate::kernel::clock::now;
use crate::kernel::name::PersonName;
use crate::kernel::partial_date::PartialDate;
use crate::kernel::problem::{Answer, Problem, on_constraint};
use crate::kernel::sealed::{Sealer, plain};
use crate::{row, say};

/// Rows inserted in one statement; an expert has some 25 columns and PostgreSQL allows 65,535 parameters.
const BATCH: usize = 1_000;

/// A stored profile.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = experts)]
#[expect(missing_docs, reason = "columns")]
pub struct ProfileRow {
    pub id: Uuid,
    pub code: String,
    pub version: i64,
    pub status: String,
    pub full_name: String,
    pub family_name: Option<String>,
    pub middle_name: Option<String>,
    pub given_name: String,
    pub gender: Option<String>,
    pub birth_year: Option<i16>,
    pub academic_rank: Option<String>,
    pub degree: Option<String>,
    pub other_titles: Vec<Option<String>>,
    pub position: Option<String>,
    pub workplace: Option<String>,
    pub workplace_id: Option<Uuid>,
    pub province_id: Option<i32>,
    pub specialties: Vec<Option<String>>,
    pub languages: Vec<Option<String>>,
    pub publications_count: Option<i32>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub former_names: Vec<Option<String>>,
    pub other_names: Vec<Option<String>>,
    pub birth_precision: Option<String>,
    pub nationality: Option<String>,
    pub country: Option<String>,
    pub academic_rank_year: Option<i16>,
    pub degree_year: Option<i16>,
    pub professional_title: Option<String>,
    pub honours: Vec<Option<String>>,
    pub unit: Option<String>,
    pub field_groups: Vec<Option<String>>,
    pub biography: Option<String>,
    pub details: StoredDetails,
    pub nominated_by: Option<Uuid>,
    pub verified_by: Option<Uuid>,
    pub verified_at: Option<DateTime<Utc>>,
    pub standing_evidence: Option<String>,
    pub max_parallel: Option<i16>,
    pub accepted_kinds: Vec<Option<String>>,
    pub last_confirmed: Option<NaiveDate>,
}

/// What of a record lies in tables of its own.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "named as in the record")]
pub struct Parts {
    pub fields: Vec<ExpertField>,
    pub memberships: Vec<Membership>,
    pub restricted: Restricted,
}

/// The texts of an array column, which PostgreSQL could fill with nulls and we do not.
pub fn texts(column: Vec<Option<String>>) -> Vec<String> {
    column.into_iter().flatten().collect()
}

/// The lists of a record as they are stored, with the levels of its languages: read from the column without a tree between, since
/// most of a profile is in it.
#[derive(Debug, Clone, Default, FromSqlRow)]
#[diesel(sql_type = Jsonb)]
pub struct StoredDetails(pub Details);

impl FromSql<Jsonb, Pg> for StoredDetails {
    fn from_sql(bytes: PgValue<'_>) -> diesel::deserialize::Result<Self> {
        // behind a byte that says which version of jsonb follows
        let json = bytes.as_bytes().split_first().map_or(&[][..], |(_, json)| json);
        Ok(Self(serde_json::from_slice(json).unwrap_or_else(|error| {
            tracing::error!(%error, "the details of a record can't be read");
            Details::default()
        })))
    }
}

impl ProfileRow {
    /// Languages with their levels, which stand among the details.
    pub fn take_languages(&mut self) -> Vec<Language> {
        let mut levels = take(&mut self.details.0.language_levels);
        let codes = texts(take(&mut self.languages));
        codes.into_iter().map(|code| Language { level: levels.remove(&code), code }).collect()
    }

    /// The draft this row was stored from.
    pub fn into_draft(mut self, parts: Parts) -> Draft {
        let languages = self.take_languages();
        Draft {
            name: PersonName {
                full: self.full_name,
                family: self.family_name,
                middle: self.middle_name,
                given: self.given_name,
            },
            academic_rank: self.academic_rank,
            degree: self.degree,
            other_titles: texts(self.other_titles),
            gender: self.gender,
            position: self.position,
            workplace: self.workplace,
            workplace_id: self.workplace_id,
            province_id: self.province_id,
            fields: parts.fields,
            specialties: texts(self.specialties),
            languages,
            publications_count: self.publications_count,
            restricted: parts.restricted,
            former_names: texts(self.former_names),
            other_names: texts(self.other_names),
            nationality: self.nationality,
            country: self.country,
            academic_rank_year: self.academic_rank_year,
            degree_year: self.degree_year,
            professional_title: self.professional_title,
            honours: texts(self.honours),
            unit: self.unit,
            field_groups: texts(self.field_groups),
            biography: self.biography,
            details: self.details.0,
            memberships: parts.memberships,
            nominated_by: self.nominated_by,
            standing_evidence: self.standing_evidence,
            max_parallel: self.max_parallel,
            accepted_kinds: texts(self.accepted_kinds).iter().filter_map(|kind| WorkKind::parse(kind)).collect(),
        }
    }
}

#[derive(AsChangeset)]
#[diesel(table_name = experts, treat_none_as_null = true)]
struct WriteRow<'a> {
    id: Uuid,
    full_name: &'a str,
    family_name: Option<&'a str>,
    middle_name: Option<&'a str>,
    given_name: &'a str,
    name_sort: &'a [u8],
    gender: Option<&'a str>,
    birth_year: Option<i16>,
    academic_rank: Option<&'a str>,
    degree: Option<&'a str>,
    other_titles: &'a [String],
    position: Option<&'a str>,
    workplace: Option<&'a str>,
    workplace_id: Option<Uuid>,
    workplace_key: Option<&'a str>,
    province_id: Option<i32>,
    specialties: &'a [String],
    languages: Vec<&'a str>,
    publications_count: Option<i32>,
    former_names: &'a [String],
    other_names: &'a [String],
    birth_precision: Option<&'static str>,
    nationality: Option<&'a str>,
    country: Option<&'a str>,
    academic_rank_year: Option<i16>,
    degree_year: Option<i16>,
    professional_title: Option<&'a str>,
    honours: &'a [String],
    unit: Option<&'a str>,
    field_groups: &'a [String],
    biography: Option<&'a str>,
    details: Document,
    nominated_by: Option<Uuid>,
    standing_evidence: Option<&'a str>,
    max_parallel: Option<i16>,
    accepted_kinds: Vec<&'static str>,
    standing: i16,
    updated_at: DateTime<Utc>,
}

row!(WriteRow<'_>:
    id, full_name, family_name, middle_name, given_name, name_sort, gender, birth_year, academic_rank, degree, other_titles,
    position, workplace, workplace_id, workplace_key, province_id, specialties, languages, publications_count, former_names,
    other_names, birth_precision, nationality, country, academic_rank_year, degree_year, professional_title, honours, unit,
    field_groups, biography, details, nominated_by, standing_evidence, max_parallel, accepted_kinds, standing, updated_at,
);

/// A draft with its id and derived keys.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The expert.
    pub id: Uuid,
    /// The profile.
    pub draft: Draft,
    /// Its search keys.
    pub keys: Keys,
}

impl Entry {
    fn row(&self) -> WriteRow<'_> {
        let Self { id, draft, keys } = self;
        let birth = draft.restricted.date_of_birth;
        WriteRow {
            id: *id,
            full_name: &draft.name.full,
            family_name: draft.name.family.as_deref(),
            middle_name: draft.name.middle.as_deref(),
            given_name: &draft.name.given,
            name_sort: &keys.name_sort,
            gender: draft.gender.as_deref(),
            birth_year: birth.map(PartialDate::year),
            academic_rank: draft.academic_rank.as_deref(),
            degree: draft.degree.as_deref(),
            other_titles: &draft.other_titles,
            position: draft.position.as_deref(),
            workplace: draft.workplace.as_deref(),
            workplace_id: draft.workplace_id,
            workplace_key: keys.workplace_key.as_deref(),
            province_id: draft.province_id,
            specialties: &draft.specialties,
            languages: draft.languages.iter().map(|language| language.code.as_str()).collect(),
            publications_count: draft.publications_count,
            former_names: &draft.former_names,
            other_names: &draft.other_names,
            birth_precision: birth.map(|date| date.precision().as_str()),
            nationality: draft.nationality.as_deref(),
            country: draft.country.as_deref(),
            academic_rank_year: draft.academic_rank_year,
            degree_year: draft.degree_year,
            professional_title: draft.professional_title.as_deref(),
            honours: &draft.honours,
            unit: draft.unit.as_deref(),
            field_groups: &draft.field_groups,
            biography: draft.biography.as_deref(),
            details: details_of(draft),
            nominated_by: draft.nominated_by,
            standing_evidence: draft.standing_evidence.as_deref(),
            max_parallel: draft.max_parallel,
            accepted_kinds: draft.accepted_kinds.iter().map(|kind| kind.as_str()).collect(),
            standing: keys.standing,
            updated_at: now(),
        }
    }
}

/// The lists of a record as they are stored, with the levels of its languages.
fn details_of(draft: &Draft) -> Document {
    let level = |language: &Language| Some((language.code.clone(), language.level?));
    let levels = draft.languages.iter().filter_map(level).collect();
    let details = Details { language_levels: levels, ..draft.details.clone() };
    Document(serde_json::to_string(&details).unwrap_or_else(|_| "{}".to_owned()))
}

/// Which experts exist for a caller. The flags follow from consents and state together, by a trigger.
pub fn visible(scope: &Scope) -> Box<dyn BoxableExpression<experts::table, Pg, SqlType = Bool>> {
    let own = experts::id.eq(scope.actor.expert_id().unwrap_or_default());
    match scope.reach {
        // everybody, in words that can be prepared
        Reach::All => Box::new(experts::id.is_not_null()),
        Reach::Public => Box::new(experts::public_profile),
        Reach::Agencies => Box::new(experts::agency_search),
        Reach::Own => Box::new(own),
        Reach::PublicAndOwn => Box::new(experts::public_profile.or(own)),
        Reach::Supplied => Box::new(states::supplied().and(experts::status.ne_all(["left", "deceased"]))),
        Reach::Seated => Box::new(seated(scope).and(experts::status.ne_all(["left", "deceased"]))),
        Reach::SuppliedAndSeated => {
            Box::new(states::supplied().or(seated(scope)).and(experts::status.ne_all(["left", "deceased"])))
        }
        Reach::No => Box::new(experts::id.is_null()),
    }
}

/// Whom a caller's office may turn to: who sits on an approved panel of one of its requests that is at work, and agreed to that.
fn seated(scope: &Scope) -> Box<dyn BoxableExpression<experts::table, Pg, SqlType = Bool>> {
    let office = scope.actor.organisation_id().unwrap_or_default();
    let of_panels = diesel::dsl::sql::<Bool>(
        "(coalesce((SELECT k.given FROM expert_consents k WHERE k.expert_id = experts.id AND k.purpose = 'contact_sharing'
                     ORDER BY k.seq DESC LIMIT 1), false)
          AND EXISTS (SELECT FROM panel_members m JOIN consultations c ON c.id = m.consultation_id
              WHERE m.expert_id = experts.id AND m.rank = 0 AND m.state IN ('chosen', 'invited', 'accepted')
                AND c.state IN ('in_review', 'concluding', 'suspended')
                AND EXISTS (SELECT FROM consultation_moves v WHERE v.consultation_id = c.id AND v.verb = 'approve-panel')
                AND (c.asker_id = ",
    )
    .bind::<diesel::sql_types::Uuid, _>(office)
    .sql(" OR c.asker_id IN (SELECT h.ancestor_id FROM organisation_heirs h WHERE h.heir_id = ")
    .bind::<diesel::sql_types::Uuid, _>(office)
    .sql(" AND h.since <= ")
    .bind::<diesel::sql_types::Date, _>(crate::kernel::clock::today())
    .sql("))))");
    Box::new(of_panels)
}

/// An expert by id or by code (`CG-000123`).
fn by_key(key: &str) -> Box<dyn BoxableExpression<experts::table, Pg, SqlType = Bool>> {
    match key.parse::<Uuid>() {
        Ok(id) => Box::new(experts::id.eq(id)),
        Err(_no_uuid) => Box::new(experts::code.eq(key.to_ascii_uppercase())),
    }
}

/// Finds an expert among those the caller may know of.
pub async fn find(conn: &mut Conn, scope: &Scope, key: &str) -> Answer<ProfileRow> {
    let query = experts::table.filter(visible(scope)).filter(by_key(key));
    Ok(query.select(ProfileRow::as_select()).first(conn).await?)
}

/// Finds and locks an expert until the transaction ends.
pub async fn lock(tx: &mut Conn, scope: &Scope, key: &str) -> Answer<ProfileRow> {
    let query = experts::table.filter(visible(scope)).filter(by_key(key));
    Ok(query.select(ProfileRow::as_select()).for_update().first(tx).await?)
}

/// Profiles by id, of those the caller may know of, in any order.
pub async fn by_ids(conn: &mut Conn, scope: &Scope, ids: &[Uuid]) -> Answer<HashMap<Uuid, ProfileRow>> {
    let rows: Vec<ProfileRow> = experts::table
        .filter(visible(scope))
        .filter(experts::id.eq_any(ids))
        .select(ProfileRow::as_select())
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The fields of experts, in their order.
pub async fn fields(conn: &mut Conn, ids: &[Uuid]) -> Answer<HashMap<Uuid, Vec<ExpertField>>> {
    let rows: Vec<(Uuid, String, String, bool)> = expert_fields::table
        .filter(expert_fields::expert_id.eq_any(ids))
        .order((expert_fields::expert_id, expert_fields::ordinal))
        .select((expert_fields::expert_id, expert_fields::scheme, expert_fields::code, expert_fields::main))
        .load(conn)
        .await?;
    let mut fields: HashMap<Uuid, Vec<ExpertField>> = HashMap::new();
    for (id, scheme, code, main) in rows {
        fields.entry(id).or_default().push(ExpertField { scheme, code, main });
    }
    Ok(fields)
}

/// What of an expert lies in tables of its own.
pub async fn parts(conn: &mut Conn, sealer: &Sealer, id: Uuid) -> Answer<Parts> {
    Ok(Parts {
        fields: fields(conn, &[id]).await?.remove(&id).unwrap_or_default(),
        memberships: memberships(conn, id).await?,
        restricted: restricted(conn, sealer, id).await?,
    })
}

/// The memberships of an expert, in their order.
pub async fn memberships(conn: &mut Conn, id: Uuid) -> Answer<Vec<Membership>> {
    use expert_memberships as table;
    type Row = (Uuid, Option<String>, Option<NaiveDate>, Option<NaiveDate>);
    let rows: Vec<Row> = table::table
        .filter(table::expert_id.eq(id))
        .order(table::ordinal)
        .select((table::organisation_id, table::position, table::valid_from, table::valid_to))
        .load(conn)
        .await?;
    let membership = |(organisation_id, position, from, to): Row| Membership { organisation_id, position, from, to };
    Ok(rows.into_iter().map(membership).collect())
}

fn reference_fault(error: diesel::result::Error) -> Problem {
    on_constraint(error, "experts_workplace_id_fkey", || {
        Problem::field(
            "/workplace_id",
            "unknown_reference",
            say!(
                "Không có tổ chức này; xem GET /api/v1/organisations.",
                "There is no such organisation; see GET /api/v1/organisations.",
            ),
        )
    })
}

/// Inserts new experts with fields, memberships and restricted data.
pub async fn insert(tx: &mut Conn, sealer: &Sealer, entries: &[Entry]) -> Answer<()> {
    run(tx, &new_rows(sealer, entries)?).await?;
    Ok(())
}

/// The inserts of new experts with fields, memberships and restricted data.
pub fn new_rows(sealer: &Sealer, entries: &[Entry]) -> Answer<Vec<Insert>> {
    let rows: Vec<WriteRow<'_>> = entries.iter().map(Entry::row).collect();
    let mut inserts = Insert::of_rows("experts", &rows, "");
    inserts.extend(field_rows(entries));
    inserts.extend(membership_rows(entries)?);
    inserts.extend(restricted_rows(sealer, entries)?);
    Ok(inserts)
}

/// Sends inserts; how many rows they inserted or replaced.
pub async fn run(tx: &mut Conn, inserts: &[Insert]) -> Answer<usize> {
    let mut rows = 0;
    for insert in inserts {
        rows += insert.run(tx).await.map_err(reference_fault)?;
    }
    Ok(rows)
}

/// Replaces a stored profile and counts its version up; returns the row as it is now.
pub async fn update(tx: &mut Conn, sealer: &Sealer, entry: &Entry) -> Answer<ProfileRow> {
    diesel::update(experts::table.find(entry.id))
        .set((entry.row(), experts::version.eq(experts::version + 1)))
        .execute(tx)
        .await
        .map_err(reference_fault)?;
    diesel::delete(expert_fields::table.filter(expert_fields::expert_id.eq(entry.id))).execute(tx).await?;
    let gone = expert_memberships::table.filter(expert_memberships::expert_id.eq(entry.id));
    diesel::delete(gone).execute(tx).await?;
    if entry.draft.restricted.is_empty() {
        diesel::delete(expert_restricted::table.find(entry.id)).execute(tx).await?;
    }
    let entries = std::slice::from_ref(entry);
    run(tx, &field_rows(entries)).await?;
    run(tx, &membership_rows(entries)?).await?;
    run(tx, &restricted_rows(sealer, entries)?).await?;
    Ok(experts::table.find(entry.id).select(ProfileRow::as_select()).first(tx).await?)
}

fn field_rows(entries: &[Entry]) -> Vec<Insert> {
    struct Row<'a> {
        expert_id: Uuid,
        ordinal: i16,
        scheme: &'a str,
        code: &'a str,
        main: bool,
        new_from: i16,
    }
    row!(Row<'_>: expert_id, ordinal, scheme, code, main, new_from);
    let mut rows = Vec::new();
    for entry in entries {
        let fields = &entry.draft.fields;
        rows.extend(fields.iter().zip(new_from(fields)).zip(0..).map(|((field, new_from), ordinal)| Row {
            expert_id: entry.id,
            ordinal,
            scheme: &field.scheme,
            code: &field.code,
            main: field.main,
            new_from,
        }));
    }
    Insert::of_rows("expert_fields", &rows, "")
}

fn membership_rows(entries: &[Entry]) -> Answer<Vec<Insert>> {
    #[derive(Serialize)]
    struct Row<'a> {
        expert_id: Uuid,
        ordinal: i16,
        organisation_id: Uuid,
        position: Option<&'a str>,
        valid_from: Option<NaiveDate>,
        valid_to: Option<NaiveDate>,
    }
    let mut rows = Vec::new();
    for entry in entries {
        rows.extend(entry.draft.memberships.iter().zip(0_i16..).map(|(item, ordinal)| Row {
            expert_id: entry.id,
            ordinal,
            organisation_id: item.organisation_id,
            position: item.position.as_deref(),
            valid_from: item.from,
            valid_to: item.to,
        }));
    }
    Ok(Insert::of("expert_memberships", &rows, "")?)
}

fn restricted_context(id: Uuid) -> String {
    format!("expert_restricted/{id}")
}

/// The sealed rows of restricted data; an empty one is not kept.
fn restricted_rows(sealer: &Sealer, entries: &[Entry]) -> Answer<Vec<Insert>> {
    struct Row<'a> {
        expert_id: Uuid,
        sealed: &'a [u8],
        email_hashes: Hashes<'a>,
        phone_hashes: Hashes<'a>,
    }
    row!(Row<'_>: expert_id, sealed, email_hashes, phone_hashes);
    let mut kept = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.draft.restricted.is_empty()) {
        let restricted = &entry.draft.restricted;
        let hash = |purpose, value: &Option<String>| -> Vec<Vec<u8>> {
            value.iter().map(|value| sealer.keyed_hash(purpose, value)).collect()
        };
        let sealed = sealer.seal(&restricted_context(entry.id), &plain(restricted)?).map_err(Problem::internal)?;
        kept.push((entry.id, sealed, hash("email", &restricted.email), hash("phone", &restricted.phone)));
    }
    let row = kept.iter().map(|(id, sealed, emails, phones)| Row {
        expert_id: *id,
        sealed,
        email_hashes: Hashes(emails),
        phone_hashes: Hashes(phones),
    });
    let rows: Vec<Row<'_>> = row.collect();
    const REPLACE: &str = "ON CONFLICT (expert_id) DO UPDATE SET sealed = excluded.sealed, \
                           email_hashes = excluded.email_hashes, phone_hashes = excluded.phone_hashes";
    Ok(Insert::of_rows("expert_restricted", &rows, REPLACE))
}

/// Opens the restricted data of an expert; whoever shows it records a disclosure first.
pub async fn restricted(conn: &mut Conn, sealer: &Sealer, id: Uuid) -> Answer<Restricted> {
    let sealed: Option<Vec<u8>> =
        expert_restricted::table.find(id).select(expert_restricted::sealed).first(conn).await.optional()?;
    sealed.map_or_else(|| Ok(Restricted::default()), |sealed| open_restricted(sealer, id, &sealed))
}

fn open_restricted(sealer: &Sealer, id: Uuid, sealed: &[u8]) -> Answer<Restricted> {
    let plain = sealer.open(&restricted_context(id), sealed).map_err(Problem::internal)?;
    serde_json::from_slice(&plain).map_err(Problem::internal)
}

/// Sets the state of experts.
pub async fn set_status(tx: &mut Conn, ids: &[Uuid], status: &str) -> Answer<()> {
    let rows = experts::table.filter(experts::id.eq_any(ids));
    diesel::update(rows)
        .set((experts::status.eq(status), experts::version.eq(experts::version + 1)))
        .execute(tx)
        .await?;
    Ok(())
}

/// Counts an expert's version up after a change beside the profile itself (publications, availability), and returns it.
/// What is derived of the whole record is derived here.
pub async fn changed(tx: &mut Conn, id: Uuid) -> Answer<i64> {
    Ok(diesel::update(experts::table.find(id))
        .set((experts::version.eq(experts::version + 1), experts::updated_at.eq(now())))
        .returning(experts::version)
        .get_result(tx)
        .await?)
}
