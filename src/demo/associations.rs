//! The demo's associations: terms, congresses, officers, members, counts and reports of invented people.

use chrono::{Days, Months, NaiveDate};
use serde_json::json;
use uuid::Uuid;

use super::SOURCE;
use crate::associations::load::load as load_file;
use crate::associations::model::{CongressRow, CountRow, OfficerRow, Registry, ReportRow, TermRow};
use crate::associations::store;
use crate::associations::words::{CongressKind, MemberKind, OfficerPosition};
use crate::audit::event::{Event, Recorder};
use crate::db::Conn;
use crate::experts::model::Membership;
use crate::experts::store as expert_store;
use crate::kernel::id::new_id;
use crate::kernel::problem::Answer;
use crate::kernel::sheet::Sheet;
use crate::kernel::text::fold;
use crate::organisations::model::{Body, Kind};
use crate::organisations::store as organisation_store;
use crate::start::StartError;
use crate::state::State;

/// Members are taken from behind the first hundred experts, which are left as they are.
const FIRST_MEMBER: usize = 101;
const MEMBERS: usize = 12;

/// Invented names for the posts of an association.
const NAMES: [&str; 12] = [
    "Nông Văn Mẫu",
    "Ma Thị Thử",
    "Hoàng Minh Dụ",
    "Lý Thị Mẫu",
    "Vàng A Thử",
    "Nguyễn Hữu Dụ",
    "Trần Thị Mẫu",
    "Đặng Văn Thử",
    "Bàn Thị Dụ",
    "Phạm Quốc Mẫu",
    "Sùng Thị Thử",
    "Quan Văn Dụ",
];

/// Loads the file of typical associations and invents what is kept beside it, once.
///
/// # Errors
/// See [`StartError`].
pub(super) async fn add(state: &State, experts: usize) -> Result<(), StartError> {
    let sheet = Sheet::built_in("demo/associations.csv", include_str!("../../data/demo/associations.csv"));
    load_file(state, &sheet).await?;
    let recorder = Recorder::system(state.sealer.clone(), "demo.load");
    let added = state.db.transaction(async move |tx| {
        organisation_store::lock_register(tx).await?;
        let mut bodies = organisation_store::all(tx).await?;
        bodies.retain(|body| body.kind == Kind::Association && body.source == SOURCE);
        let mut events = Vec::new();
        for (number, body) in bodies.iter().enumerate() {
            let registry = store::lock(tx, body.id).await?;
            if registry.terms.is_empty() {
                invent(tx, number, body, &registry).await?;
                enrol(tx, number, body.id, experts).await?;
                let fields = ["terms", "officers", "members", "member_counts", "reports"];
                events.push(Event::on("association", body.id).fields(fields).values(json!({ "source": SOURCE })));
            }
        }
        recorder.record(tx, events).await
    });
    Ok(added.await?)
}

fn years(day: NaiveDate, count: u32) -> NaiveDate {
    day.checked_add_months(Months::new(12 * count)).unwrap_or(day)
}

async fn invent(tx: &mut Conn, number: usize, body: &Body, registry: &Registry) -> Answer<()> {
    let id = registry.id();
    let mut from = body.period().from.unwrap_or_default();
    for term in 1..=2_i16 {
        let to = years(from, 5).checked_sub_days(Days::new(1)).unwrap_or(from);
        let row = TermRow {
            id: new_id(),
            organisation_id: id,
            number: term,
            valid_from: from,
            valid_to: to,
            extended_to: None,
            document: None,
            note: None,
        };
        store::put_term(tx, &row).await?;
        store::add_congress(tx, &congress(&row)).await?;
        store::put_officers(tx, &officers(number + usize::from(term == 2), &row)).await?;
        from = years(from, 5);
        if from.to_string().as_str() > "2026-01-01" {
            break;
        }
    }
    store::put_counts(tx, id, 2025, &counts(number, id)).await?;
    // every fifth has sent none
    for year in [2024, 2025].into_iter().filter(|_| number % 5 != 4) {
        let received_on = NaiveDate::from_ymd_opt(i32::from(year), 12, 1).unwrap_or_default();
        let report = ReportRow { id: new_id(), organisation_id: id, year, received_on, document: None, note: None };
        store::put_report(tx, &report).await?;
    }
    store::touch(tx, id).await?;
    Ok(())
}

fn congress(term: &TermRow) -> CongressRow {
    CongressRow {
        id: new_id(),
        organisation_id: term.organisation_id,
        term_id: Some(term.id),
        kind: if term.number == 1 { CongressKind::Founding } else { CongressKind::Regular },
        held_from: term.valid_from,
        held_to: term.valid_from,
        place: Some("Hội trường trung tâm tỉnh".to_owned()),
        delegates_invited: Some(120),
        delegates_present: Some(112),
        document: None,
        note: None,
    }
}

fn officers(number: usize, term: &TermRow) -> Vec<OfficerRow> {
    use OfficerPosition::{ExecutiveCommitteeMember, InspectionHead, President, SecretaryGeneral, VicePresident};
    let posts = [President, VicePresident, SecretaryGeneral, InspectionHead, ExecutiveCommitteeMember];
    let officer = |(at, position): (usize, OfficerPosition)| {
        let full_name = NAMES.get((number * 5 + at) % NAMES.len()).copied().unwrap_or_default().to_owned();
        OfficerRow {
            id: new_id(),
            organisation_id: term.organisation_id,
            term_id: Some(term.id),
            expert_id: None,
            name_key: fold(&full_name),
            full_name,
            position,
            valid_from: term.valid_from,
            valid_to: Some(term.valid_to),
            concurrent_post: None,
            full_time: Some(at == 2),
            document: None,
        }
    };
    posts.into_iter().enumerate().map(officer).collect()
}

fn counts(number: usize, id: Uuid) -> Vec<CountRow> {
    let total = 40 + i32::try_from(number * 37 % 400).unwrap_or_default();
    let degrees = [("TS".to_owned(), total / 20), ("THS".to_owned(), total / 5)].into_iter().collect();
    let row = |kind, total, women, degrees| CountRow { organisation_id: id, year: 2025, kind, total, women, degrees };
    vec![
        row(MemberKind::OfficialIndividual, total, Some(total / 3), degrees),
        row(MemberKind::Associate, total / 8, None, std::collections::BTreeMap::new()),
    ]
}

/// Experts of the demo as members: those who are public or for agencies, as everybody else is.
async fn enrol(tx: &mut Conn, number: usize, organisation_id: Uuid, experts: usize) -> Answer<()> {
    let first = FIRST_MEMBER + number * MEMBERS;
    let names: Vec<String> =
        (first..first + MEMBERS).filter(|at| *at <= experts).map(|at| format!("DEMO-{at:06}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let known = expert_store::sources(tx, SOURCE, &names).await?;
    for name in names {
        let Some(id) = known.get(name).map(|source| source.expert_id) else { continue };
        let mut memberships = expert_store::memberships(tx, id).await?;
        memberships.push(Membership {
            organisation_id,
            position: Some("Hội viên".to_owned()),
            from: NaiveDate::from_ymd_opt(2025, 9, 1),
            to: None,
        });
        expert_store::put_memberships(tx, id, &memberships).await?;
    }
    Ok(())
}
