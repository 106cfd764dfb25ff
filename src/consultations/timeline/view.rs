//! A timeline as it is shown, for one caller.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::items::{By, Eyes, Item, Person, items};
use super::spans::{Span, spans};
use super::store;
use super::words::{self, TimelineKind, TimelineLane};
use crate::access::actor::Role;
use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::consultations::clock::clock;
use crate::consultations::model::Case;
use crate::consultations::panel::model::is_approved;
use crate::consultations::rules::Reckoning;
use crate::consultations::store as consultation_store;
use crate::consultations::view::CalendarNote;
use crate::consultations::words::{ConsultationState, ConsultationStep, PanelSeat};
use crate::consultations::work::{reckoning, union_hands};
use crate::db::Conn;
use crate::kernel::document::DocumentReference;
use crate::kernel::problem::{Answer, Lang};

/// Most points of one answer; of more, the oldest are left out.
pub const MOST: usize = 2_000;

/// A lane of a timeline.
#[derive(Debug, Serialize, ToSchema)]
struct TimelineLaneName {
    /// Which.
    lane: TimelineLane,
    /// Its name.
    #[schema(example = "Liên hiệp hội")]
    title: String,
}

/// A time in one state.
#[derive(Debug, Serialize, ToSchema)]
struct TimelineSpan {
    /// The state.
    state: ConsultationState,
    /// Its name.
    #[schema(example = "Chuyên gia đang cho ý kiến")]
    title: String,
    /// Since when.
    from: DateTime<Utc>,
    /// Until when; none for where it stands. A state that ends it takes no time.
    to: Option<DateTime<Utc>>,
    /// Working days after the first day up to the last one, or up to today.
    #[schema(example = 10)]
    working_days: i64,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
struct TimelineActor {
    /// `asker`, `union`, `panel` or `system`.
    #[schema(example = "union")]
    side: &'static str,
    /// In which role, where that was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// Name of the account, for the Union.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// Somebody of the panel.
#[derive(Debug, Serialize, ToSchema)]
struct TimelineMember {
    /// Id of the seat, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    /// Id of the expert.
    expert_id: Uuid,
    /// Name without titles.
    #[schema(example = "Nguyễn Thị Minh Họa")]
    full_name: String,
    /// The kind of seat.
    #[serde(skip_serializing_if = "Option::is_none")]
    seat: Option<PanelSeat>,
}

/// A point of a timeline: something that happened, or is due.
#[derive(Debug, Serialize, ToSchema)]
struct TimelineItem {
    /// The same in every answer.
    #[schema(example = "due:report")]
    id: String,
    /// What it is.
    kind: TimelineKind,
    /// In whose lane it is drawn.
    lane: TimelineLane,
    /// The day it is drawn on.
    on: NaiveDate,
    /// When it happened; none for what is to come, and where only the day is known.
    at: Option<DateTime<Utc>>,
    /// The day it was due, or is.
    due_on: Option<NaiveDate>,
    /// Whether it happened.
    done: bool,
    /// Whether it happened after the day it was due on, or that day is over.
    late: bool,
    /// What it is, in words.
    #[schema(example = "Hạn gửi báo cáo")]
    title: String,
    /// Of a move: what was done; `create` for the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "accept")]
    verb: Option<&'static str>,
    /// The step that is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<ConsultationStep>,
    /// Which version of an opinion, which meeting, or which version of the conclusion.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<i32>,
    /// By whom; none for what is to come.
    by: Option<TimelineActor>,
    /// Whom of the panel it concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    member: Option<TimelineMember>,
    /// The document it was done by.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<DocumentReference>,
}

/// How many opinions there are.
#[derive(Debug, Serialize, ToSchema)]
struct TimelineOpinions {
    /// How many of those who sit handed one in.
    #[schema(example = 3)]
    handed_in: usize,
    /// How many sit.
    #[schema(example = 5)]
    of: usize,
}

/// What happened to a consultation and what is due.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsultationTimeline {
    /// The consultation.
    consultation_id: Uuid,
    /// Where it stands.
    state: ConsultationState,
    /// The day by which it is told what is late.
    today: NaiveDate,
    /// The lanes, from the top.
    lanes: Vec<TimelineLaneName>,
    /// How long it stood where, the first first.
    spans: Vec<TimelineSpan>,
    /// What happened and what is due, by day; what happened on a day before what is due on it.
    #[schema(max_items = 2000)]
    items: Vec<TimelineItem>,
    /// How many of the oldest points were left out; 0 unless there are more than 2,000.
    left_out: usize,
    /// How many opinions there are, once the panel was approved.
    opinions: Option<TimelineOpinions>,
    /// How sure the days are.
    calendar: CalendarNote,
}

/// With whose eyes a caller sees.
fn eyes(scope: &Scope) -> Eyes {
    match (scope.reach, scope.actor.role()) {
        (Reach::All, _) => Eyes::All,
        (_, Some(Role::Expert)) => Eyes::Expert(scope.actor.expert_id().unwrap_or_default()),
        _ => Eyes::Asker,
    }
}

/// The timeline of a consultation, for a caller.
///
/// # Errors
/// 503 when the database is away.
pub async fn timeline(conn: &mut Conn, scope: &Scope, case: &Case, lang: Lang) -> Answer<ConsultationTimeline> {
    let (on, _) = reckoning(conn).await?;
    let facts = store::facts(conn, case.id()).await?;
    let dues = store::member_dues(conn, case, &on).await?;
    let mut items = items(&on, (case, &facts), &dues, eyes(scope));
    let left_out = items.len().saturating_sub(MOST);
    items.drain(..left_out);
    let names = match union_hands(scope).officer {
        true => names(conn, &items).await?,
        false => HashMap::new(),
    };
    let shown = Shown { names, lang };
    let opinions = is_approved(case).then(|| facts.handed_in());
    Ok(ConsultationTimeline {
        consultation_id: case.id(),
        state: case.row.state,
        today: on.today,
        lanes: TimelineLane::ALL.into_iter().map(|lane| shown.lane(lane)).collect(),
        spans: spans(&on.calendar, &case.moves, on.today).iter().map(|span| shown.span(span)).collect(),
        items: items.into_iter().map(|item| shown.item(item)).collect(),
        left_out,
        opinions: opinions.map(|(handed_in, of)| TimelineOpinions { handed_in, of }),
        calendar: note(&on, case, lang),
    })
}

/// The names of the accounts that did something.
async fn names(conn: &mut Conn, items: &[Item]) -> Answer<HashMap<Uuid, String>> {
    let mut ids: Vec<Uuid> = items.iter().filter_map(|item| item.by.as_ref()?.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let people = consultation_store::people(conn, &ids).await?;
    Ok(people.into_iter().map(|(id, (name, _))| (id, name)).collect())
}

fn note(on: &Reckoning, case: &Case, lang: Lang) -> CalendarNote {
    let ticks = case.ticks();
    let clock = clock(&on.calendar, &on.limits, &case.row.course(&ticks));
    CalendarNote::new(clock.unknown_years, clock.provisional_years, lang)
}

/// What is looked up to show points.
struct Shown {
    names: HashMap<Uuid, String>,
    lang: Lang,
}

impl Shown {
    fn lane(&self, lane: TimelineLane) -> TimelineLaneName {
        TimelineLaneName { lane, title: self.lang.of(&lane.name()).to_owned() }
    }

    fn span(&self, span: &Span) -> TimelineSpan {
        let Span { state, from, to, working_days } = *span;
        TimelineSpan { state, title: self.lang.of(&words::state(state)).to_owned(), from, to, working_days }
    }

    fn actor(&self, by: By) -> TimelineActor {
        let name = by.id.and_then(|id| self.names.get(&id)).cloned();
        TimelineActor { side: by.side, role: by.role, name }
    }

    fn item(&self, item: Item) -> TimelineItem {
        let is_move = item.kind == TimelineKind::Move;
        let verb = is_move.then(|| item.verb.map_or("create", |verb| verb.as_str()));
        TimelineItem {
            id: item.key,
            kind: item.kind,
            lane: item.lane,
            on: item.on,
            at: item.at,
            due_on: item.due_on,
            done: item.done,
            late: item.late,
            title: self.lang.of(&item.title).to_owned(),
            verb,
            step: item.step,
            number: item.number,
            by: item.by.map(|by| self.actor(by)),
            member: item.person.map(member),
            document: item.document.map(Into::into),
        }
    }
}

fn member(person: Person) -> TimelineMember {
    let (id, seat) = person.seat.unzip();
    TimelineMember { id, expert_id: person.expert_id, full_name: person.full_name, seat }
}
