//! What makes the demo's roles see different people: some who were only nominated, some who are for agencies alone, some away.
//! The first hundred are left as they are, so that documents and tests may count on them.

use chrono::NaiveDate;
use serde_json::{Value, json};
use uuid::Uuid;

use super::SOURCE;
use crate::audit::event::{Event, Recorder};
use crate::db::Conn;
use crate::experts::model::{Period, Purpose, Unavailability};
use crate::experts::store::{self, ConsentRow};
use crate::kernel::clock::{now, today};
use crate::kernel::id::new_id;
use crate::kernel::problem::Answer;
use crate::state::State;

/// The first hundred agree to everything and are there.
const PLAIN: usize = 100;
/// Who is away, among the first thousands: enough to see.
const AWAY_UNTIL: usize = 5_000;
const BATCH: usize = 1_000;

/// Nominated by somebody, and not asked yet: the Union alone sees them.
pub(super) const fn is_nominated(number: usize) -> bool {
    number > PLAIN && number.is_multiple_of(12)
}

/// Found by agencies, and not shown to the public.
const fn is_for_agencies(number: usize) -> bool {
    number > PLAIN && number.is_multiple_of(9) && !is_nominated(number)
}

const fn is_away(number: usize) -> bool {
    number > PLAIN && number <= AWAY_UNTIL && number.is_multiple_of(15)
}

/// Lets some of `count` loaded people withdraw from the public, and states when some are away.
///
/// # Errors
/// 503 when the database is away.
pub(super) async fn add(state: &State, count: usize) -> Answer<()> {
    let numbers: Vec<usize> = (1..=count).filter(|number| is_for_agencies(*number) || is_away(*number)).collect();
    for chunk in numbers.chunks(BATCH) {
        let recorder = Recorder::system(state.sealer.clone(), "demo.load");
        let chunk = chunk.to_vec();
        let added = state.db.transaction(async move |tx| {
            let events = add_batch(tx, &chunk).await?;
            recorder.record(tx, events).await
        });
        added.await?;
    }
    Ok(())
}

async fn add_batch(tx: &mut Conn, numbers: &[usize]) -> Answer<Vec<Event>> {
    let names: Vec<String> = numbers.iter().map(|number| format!("DEMO-{number:06}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let known = store::sources(tx, SOURCE, &names).await?;
    let ids = numbers
        .iter()
        .zip(&names)
        .filter_map(|(number, name)| known.get(*name).map(|source| (*number, source.expert_id)));
    let ids: Vec<(usize, Uuid)> = ids.collect();
    let withdrawn: Vec<ConsentRow> =
        ids.iter().filter(|(number, _)| is_for_agencies(*number)).map(|(_, id)| withdrawal(*id)).collect();
    store::insert_consents(tx, &withdrawn).await?;
    let mut events: Vec<Event> = withdrawn.iter().map(withdrawal_event).collect();
    for (number, id) in ids.into_iter().filter(|(number, _)| is_away(*number)) {
        let period = period(number);
        // a demo whose loading broke off may have it already
        if store::overlapping(tx, id, &period).await?.is_none() {
            store::add_period(tx, id, &period).await?;
            events.push(period_event(id, &period));
        }
    }
    Ok(events)
}

fn withdrawal(expert_id: Uuid) -> ConsentRow {
    ConsentRow {
        id: new_id(),
        expert_id,
        purpose: Purpose::PublicProfile.as_str().to_owned(),
        given: false,
        decided_on: today(),
        channel: "import".to_owned(),
        document: None,
        text_version: "2026-01".to_owned(),
        recorded_at: now(),
        recorded_by: None,
    }
}

fn withdrawal_event(row: &ConsentRow) -> Event {
    let values = json!({ "purpose": row.purpose, "given": row.given, "document": row.document });
    Event::on("expert", row.expert_id).action("consents.withdraw").fields([row.purpose.clone()]).values(values)
}

/// Kind, first and last day, note: what people say.
fn period(number: usize) -> Period {
    let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    let (kind, from, to, note) = match (number / 15) % 4 {
        0 => (Unavailability::Unavailable, day(2025, 9, 1), Some(day(2027, 8, 31)), "Đi học tập trung"),
        1 => (Unavailability::NoNewWork, day(2025, 10, 1), None, "Đang nhận nhiều việc"),
        2 => (Unavailability::Unavailable, day(2025, 3, 1), Some(day(2025, 6, 30)), "Đi công tác dài ngày"),
        _ => (Unavailability::NoNewWork, day(2026, 1, 1), Some(day(2027, 6, 30)), "Chủ trì đề tài cấp tỉnh"),
    };
    Period { id: new_id(), kind, from, to, note: Some(note.to_owned()) }
}

fn period_event(expert: Uuid, period: &Period) -> Event {
    let new = json!({ "kind": period.kind, "from": period.from, "to": period.to, "note": period.note });
    let values = json!({ "availability": [Value::Null, new] });
    Event::on("expert", expert).fields(["availability"]).values(values)
}
