//! Consultations in lists, and the parts that the whole shares with them.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::consultations::calendar::Calendar;
use crate::consultations::clock::Clock;
use crate::consultations::model::FieldCode;
use crate::consultations::store::Listed;
use crate::consultations::words::{ConsultationKind, ConsultationOrigin, ConsultationState, ConsultationStep, Urgency};
use crate::db::Conn;
use crate::fields::store::{self as field_store, FieldRow};
use crate::kernel::problem::{Answer, Lang, Say};
use crate::organisations::store as organisation_store;
use crate::organisations::view::OrganisationRef;
use crate::say;

/// What a consultation waits for, and until when.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsultationClock {
    /// What for; none when nothing is waited for.
    pub step: Option<ConsultationStep>,
    /// Who is waited for: `union` or `asker`.
    #[schema(example = "union")]
    waits_for: Option<&'static str>,
    /// The day it is due; none while the clock stands still.
    due_on: Option<NaiveDate>,
    /// Working days that are left; with a minus, how many it is late. While the clock stands still, those that were left.
    days_left: Option<i64>,
    /// True when the day is over.
    pub overdue: bool,
    /// The day the report is due, once the request was accepted.
    report_due_on: Option<NaiveDate>,
}

impl ConsultationClock {
    /// On a day.
    pub fn of(clock: &Clock, calendar: &Calendar, today: NaiveDate) -> Self {
        Self {
            step: clock.step,
            waits_for: clock.step.map(|step| if step.is_the_askers() { "asker" } else { "union" }),
            due_on: clock.due_on,
            days_left: clock.days_left(calendar, today),
            overdue: clock.is_overdue(today),
            report_due_on: clock.report_due_on,
        }
    }
}

/// How sure the days are.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarNote {
    /// True when the days off of all years it was reckoned through are known and announced.
    complete: bool,
    /// Years whose days off are not known: only weekdays were counted there.
    unknown_years: Vec<i32>,
    /// Years whose days off are not announced yet.
    provisional_years: Vec<i32>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl CalendarNote {
    /// Of the years a clock was reckoned through.
    pub fn new(unknown_years: Vec<i32>, provisional_years: Vec<i32>, lang: Lang) -> Self {
        let list = |years: &[i32]| years.iter().map(i32::to_string).collect::<Vec<_>>().join(", ");
        let note = match (unknown_years.as_slice(), provisional_years.as_slice()) {
            ([], []) => None,
            ([], years) => {
                let years = list(years);
                Some(say!(
                    "Ngày nghỉ năm {years} chưa công bố chính thức.",
                    "The days off of {years} are not announced yet."
                ))
            }
            (years, _) => {
                let years = list(years);
                Some(say!(
                    "Chưa có lịch nghỉ năm {years}: chỉ trừ thứ bảy, chủ nhật.",
                    "The days off of {years} are not known: only Saturdays and Sundays are left out.",
                ))
            }
        };
        Self {
            complete: note.is_none(),
            unknown_years,
            provisional_years,
            note: note.map(|say: Say| lang.of(&say).to_owned()),
        }
    }
}

/// A field by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsultationField {
    /// Its scheme.
    #[schema(example = "BKHCN-2008")]
    scheme: String,
    /// Its code.
    #[schema(example = "404")]
    code: String,
    /// Its name.
    name: Option<String>,
}

/// Fields with their names.
pub fn named_fields(fields: &[FieldCode], names: &[FieldRow]) -> Vec<ConsultationField> {
    let name = |field: &FieldCode| {
        let row = names.iter().find(|row| row.scheme == field.scheme && row.code == field.code);
        row.map(|row| row.name_vi.clone())
    };
    let view = |field: &FieldCode| ConsultationField {
        scheme: field.scheme.clone(),
        code: field.code.clone(),
        name: name(field),
    };
    fields.iter().map(view).collect()
}

/// A consultation in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsultationCard {
    /// Its id.
    id: Uuid,
    /// Its number in the register, once accepted.
    #[schema(example = "TV-2026-0001")]
    register_number: Option<String>,
    /// What is asked for.
    kind: ConsultationKind,
    /// How it came about.
    origin: ConsultationOrigin,
    /// Where it stands.
    state: ConsultationState,
    /// Title.
    title: String,
    /// Who asks.
    asker: Option<OrganisationRef>,
    /// How soon it is needed.
    urgency: Urgency,
    /// Fields of science.
    fields: Vec<ConsultationField>,
    /// The planned day of the decision.
    decision_on: Option<NaiveDate>,
    /// What it waits for.
    clock: ConsultationClock,
    /// When it was entered.
    created_at: DateTime<Utc>,
}

/// The cards of a page.
pub async fn cards(
    conn: &mut Conn,
    rows: &[Listed],
    calendar: &Calendar,
    today: NaiveDate,
) -> Answer<HashMap<Uuid, ConsultationCard>> {
    let ids: Vec<Uuid> = rows.iter().map(|listed| listed.row.asker_id).collect();
    let bodies = organisation_store::bodies(conn, &ids).await?;
    let codes: Vec<&str> = rows.iter().flat_map(|listed| &listed.fields).map(|field| field.code.as_str()).collect();
    let names = field_store::with_ancestors(conn, &codes).await?;
    let card = |listed: &Listed| {
        let row = listed.row.clone();
        let clock = Clock {
            step: listed.step,
            due_on: listed.due_on(),
            left_when_stopped: listed.left_when_stopped,
            report_due_on: listed.report_due_on,
            ..Clock::default()
        };
        let card = ConsultationCard {
            id: row.id,
            register_number: row.register_number,
            kind: row.kind,
            origin: row.origin,
            state: row.state,
            title: row.title,
            asker: bodies.get(&row.asker_id).and_then(|body| OrganisationRef::at(body, today)),
            urgency: row.urgency,
            fields: named_fields(&listed.fields, &names),
            decision_on: row.decision_on,
            clock: ConsultationClock::of(&clock, calendar, today),
            created_at: row.created_at,
        };
        (row.id, card)
    };
    Ok(rows.iter().map(card).collect())
}
