//! The demo: a home province and Union, agencies, the Department, typical associations, 2,000 synthetic experts, most with all
//! consents, consultations in several states, and an account for each role. Everybody in it is invented.

mod associations;
mod consultations;
mod panels;
pub mod people;
mod record;
mod record_words;
mod reports;
mod variety;
mod words;

use std::io::Cursor;
use std::time::Duration;

use chrono::NaiveDate;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::access::actor::Role;
use crate::accounts::manage::{NewAccount, created_event};
use crate::accounts::store as account_store;
use crate::audit::event::{Event, Recorder};
use crate::db::Conn;
use crate::db::schema::{accounts, expert_sources, experts, organisations};
use crate::experts::load::{self, Options};
use crate::kernel::problem::{Answer, Problem};
use crate::kernel::redacted::Redacted;
use crate::kernel::sheet::Sheet;
use crate::reference::store as reference_store;
use crate::start::StartError;
use crate::state::State;

/// The published password of all demo accounts; it works on a loopback bind only.
pub const PASSWORD: &str = "chuyen-gia-demo";
/// Where demo experts come from.
pub const SOURCE: &str = "demo";
/// How many there are.
pub const EXPERTS: usize = 2_000;
/// User name, role, organisation.
pub const ACCOUNTS: [(&str, Role, Option<&str>); 9] = [
    ("admin", Role::Admin, None),
    ("union_leader", Role::UnionLeader, Some("LHH-DEMO")),
    ("union_officer", Role::UnionOfficer, Some("LHH-DEMO")),
    ("science_dept", Role::ScienceDept, Some("SKHCN-DEMO")),
    ("agency", Role::Agency, Some("SNNMT-DEMO")),
    ("agency_2", Role::Agency, Some("SYT-DEMO")),
    ("association", Role::Association, Some("HLN-DEMO")),
    ("expert", Role::Expert, None),
    ("auditor", Role::Auditor, None),
];

/// Marks a database as the demo's.
const MARK: &str = "demo";
/// One demo is loaded at a time over all instances: "EBDEMO" in ASCII.
const LOCK: i64 = 0x0000_4542_4445_4d4f;

/// Loads the demo with this many experts ([`EXPERTS`] for people), or what is missing of it.
///
/// # Errors
/// Refuses a database that holds data that is not the demo; otherwise see [`StartError`].
pub async fn load(state: &State, experts: usize) -> Result<(), StartError> {
    let mut guard = state.db.conn().await?;
    while !try_lock(&mut guard).await? {
        // another instance is loading it; waiting inside the database would run into its time limits
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let loaded = load_locked(state, experts).await;
    let freed = diesel::sql_query(format!("SELECT pg_advisory_unlock({LOCK})")).execute(&mut guard).await;
    freed.map_err(Problem::from)?;
    loaded
}

async fn try_lock(conn: &mut Conn) -> Answer<bool> {
    let lock = diesel::dsl::sql::<diesel::sql_types::Bool>(&format!("pg_try_advisory_lock({LOCK})"));
    Ok(diesel::select(lock).get_result(conn).await?)
}

async fn load_locked(state: &State, experts: usize) -> Result<(), StartError> {
    let begin = NaiveDate::default();
    let mark = reference_store::setting(&mut state.db.conn().await?, MARK, begin).await?;
    if mark == Some(json!("complete")) {
        return Ok(());
    }
    if mark.is_none() && holds_data(&mut state.db.conn().await?).await? {
        return Err(StartError::Refused(
            "--demo: this database holds data that is not the demo, and the demo's passwords are published. Leave --demo \
             out, or use another --data-dir or DATABASE_URL"
                .to_owned(),
        ));
    }
    set(state, &[(MARK, json!("loading"))]).await?;
    let sheet = Sheet::built_in("demo/organisations.csv", include_str!("../../data/demo/organisations.csv"));
    crate::organisations::load::load(state, &sheet).await?;
    let mut people = people::people(experts).zip(1..).peekable();
    while people.peek().is_some() {
        load_some(state, people.by_ref().take(EXPERTS)).await?;
    }
    variety::add(state, experts).await?;
    associations::add(state, experts).await?;
    create_accounts(state).await?;
    consultations::add(state).await?;
    set(state, &[("home_province", json!("08")), ("home_union", json!("LHH-DEMO")), (MARK, json!("complete"))]).await?;
    Ok(())
}

/// Loads some of the people, numbered: those with consents, then those who were only nominated.
async fn load_some(state: &State, people: impl Iterator<Item = (Value, usize)>) -> Result<(), StartError> {
    let mut lines = [Vec::new(), Vec::new()];
    for (person, number) in people {
        lines[usize::from(variety::is_nominated(number))].push(person.to_string());
    }
    let [agreed, nominated] = lines;
    for (lines, with_all_consents) in [(agreed, true), (nominated, false)] {
        let options = Options { source: SOURCE, with_all_consents };
        let report = load::load(state, Cursor::new(lines.join("\n")), options, |_| {}).await?;
        if let Some(refused) = report.rejected.as_slice().first() {
            return Err(StartError::Refused(format!("a demo expert was refused: {refused}")));
        }
    }
    Ok(())
}

/// True when there is an expert, an account or an organisation.
async fn holds_data(conn: &mut Conn) -> Answer<bool> {
    let any = exists(experts::table.select(experts::id));
    let any = any.or(exists(accounts::table.select(accounts::id)));
    Ok(diesel::select(any.or(exists(organisations::table.select(organisations::id)))).get_result(conn).await?)
}

async fn set(state: &State, values: &[(&str, Value)]) -> Answer<()> {
    let recorder = Recorder::system(state.sealer.clone(), "demo.load");
    state
        .db
        .transaction(async |tx| {
            for (name, value) in values {
                reference_store::put_setting(tx, name, NaiveDate::default(), value, None).await?;
            }
            let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
            recorder.record(tx, vec![Event::on_all("settings").fields(names)]).await
        })
        .await
}

async fn create_accounts(state: &State) -> Answer<()> {
    let recorder = Recorder::system(state.sealer.clone(), "demo.load");
    for (username, role, organisation) in ACCOUNTS {
        let hash = state.passwords.hash(Redacted::new(PASSWORD.to_owned())).await?;
        let made = state.db.transaction(async |tx| {
            if account_store::credentials(tx, username).await?.is_some() {
                return Ok(());
            }
            let account = NewAccount {
                username: username.to_owned(),
                display_name: username.to_owned(),
                role,
                organisation_id: organisation_id(tx, organisation).await?,
                expert_id: if role == Role::Expert { Some(first_expert(tx).await?) } else { None },
            };
            let mut row = account.into_row()?;
            row.demo = true;
            account_store::insert(tx, &row, Some(hash)).await?;
            recorder.record(tx, vec![created_event(&row)]).await
        });
        made.await?;
    }
    Ok(())
}

async fn organisation_id(conn: &mut Conn, code: Option<&str>) -> Answer<Option<Uuid>> {
    let Some(code) = code else { return Ok(None) };
    Ok(Some(organisations::table.filter(organisations::code.eq(code)).select(organisations::id).first(conn).await?))
}

/// The person behind the account `expert`.
async fn first_expert(conn: &mut Conn) -> Answer<Uuid> {
    let demo = expert_sources::table.filter(expert_sources::source.eq(SOURCE));
    Ok(demo.order(expert_sources::external_id).select(expert_sources::expert_id).first(conn).await?)
}
