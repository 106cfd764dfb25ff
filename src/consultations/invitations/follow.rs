//! What time brings about: reminders, and silence after which the next in line is asked.
//!
//! Whatever runs it, and however often: a reminder is a row that exists once, and a seat is passed on under the lock of its consultation.
//! After a standstill all that became due in between is made up for, each once.

use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;

use super::dates::{Asked, By, dues};
use super::due::{Due, Reminder, due, reminder};
use super::line::{is_anybody_next, pass_on};
use super::store;
use crate::access::permit::Scope;
use crate::audit::event::{Event, Recorder};
use crate::consultations::clock::{self, Hand};
use crate::consultations::model::Case;
use crate::consultations::panel::{MemberRow, store as panel_store};
use crate::consultations::rules::Reckoning;
use crate::consultations::settings::Days;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::consultations::words::{ConsultationState, ConsultationStep, PanelMemberState, ReminderKind};
use crate::consultations::work;
use crate::db::{Conn, Db, attempt, give_way};
use crate::experts::store as expert_store;
use crate::kernel::clock::date_in_vietnam;
use crate::kernel::problem::{Answer, Code};
use crate::kernel::sealed::Sealer;

/// The audit event of reminders: what sends mail reads it.
pub const REMIND: &str = "consultations.remind";
/// The audit event of somebody who did not answer in time.
const SILENT: &str = "consultations.invitation_silent";

/// Does what is due on a day; in how many consultations something was done. Each in a transaction of its own: one that fails, or that
/// somebody holds, keeps no other from its turn and has it the next time.
///
/// # Errors
/// 503 when the database is away; the first fault, when all others had their turn.
pub async fn follow(db: &Db, sealer: &Sealer, today: NaiveDate) -> Answer<usize> {
    let waiting = db.transaction(async |tx| {
        give_way(tx).await?;
        store::waiting(tx, today).await
    });
    let waiting = waiting.await?;
    let (mut done, mut fault) = (0, None);
    for id in waiting {
        match follow_one(db, sealer, id, today).await {
            Ok(true) => done += 1,
            Ok(false) => {}
            Err(problem) => fault = fault.or(Some(problem)),
        }
    }
    fault.map_or(Ok(done), Err)
}

async fn follow_one(db: &Db, sealer: &Sealer, id: Uuid, today: NaiveDate) -> Answer<bool> {
    let is_due = db.transaction(async |tx| {
        give_way(tx).await?;
        is_due(tx, id, today).await
    });
    if !is_due.await? {
        return Ok(false);
    }
    let recorder = Recorder::system(sealer.clone(), REMIND);
    db.transaction(async |tx| {
        give_way(tx).await?;
        expert_store::keep_merges_out(tx).await?;
        consultation_store::hold(tx, id).await?;
        // what is due is looked at again: another instance may have come first
        let (case, tasks) = tasks(tx, id, today).await?;
        let Some(case) = case else { return Ok(false) };
        let Done { events, passed } = act(tx, &case, tasks).await?;
        let done = !events.is_empty();
        if passed {
            panel_store::touch(tx, id).await?;
        }
        if done {
            recorder.record(tx, events).await?;
        }
        Ok(done)
    })
    .await
}

/// Whether anything is to be done, looked at before anything is locked.
async fn is_due(conn: &mut Conn, id: Uuid, today: NaiveDate) -> Answer<bool> {
    let (Some(case), tasks) = tasks(conn, id, today).await? else { return Ok(false) };
    for task in tasks {
        if task.is_open(conn, &case).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Something that is due: about somebody of the panel, or about the asker's reply.
struct Task {
    member: Option<MemberRow>,
    due: Due,
}

impl Task {
    /// Whether anything of it is left to do: a reminder that was not kept, or somebody who is silent and can be followed.
    async fn is_open(&self, conn: &mut Conn, case: &Case) -> Answer<bool> {
        let whom = (case.id(), self.member.as_ref().map(|row| row.id));
        if !store::is_reminded(conn, whom, self.due.reminder).await? {
            return Ok(true);
        }
        match self.member.as_ref().filter(|_| self.due.silent) {
            Some(row) => is_anybody_next(conn, case, row).await,
            None => Ok(false),
        }
    }
}

/// What is due in a consultation; without it, when it is gone.
async fn tasks(conn: &mut Conn, id: Uuid, today: NaiveDate) -> Answer<(Option<Case>, Vec<Task>)> {
    let case = match consultation_store::find(conn, Seen::by(&Scope::SYSTEM, today), id).await {
        Ok(case) => case,
        Err(problem) if problem.code() == Code::NotFound => return Ok((None, Vec::new())),
        Err(problem) => return Err(problem),
    };
    let (on, _) = work::reckoning(conn).await?;
    let on = Reckoning { today, ..on };
    let rows = panel_store::members(conn, id).await?;
    let tasks = match case.row.state {
        ConsultationState::InReview => of_members(&on, &case, rows),
        ConsultationState::Delivered | ConsultationState::Responded => of_asker(&on, &case).into_iter().collect(),
        _ => Vec::new(),
    };
    Ok((Some(case), tasks))
}

fn of_members(on: &Reckoning, case: &Case, rows: Vec<MemberRow>) -> Vec<Task> {
    let ticks = case.ticks();
    let course = case.row.course(&ticks);
    let by = By { calendar: &on.calendar, limits: &on.limits, course: &course };
    let days = (on.limits.on(Days::Remind, on.today), on.today);
    let task = |row: MemberRow| {
        let asked = Asked::of(&row).filter(|_| row.sits())?;
        let due = due(&on.calendar, &row, &dues(&by, &asked), days)?;
        Some(Task { member: Some(row), due })
    };
    rows.into_iter().filter_map(task).collect()
}

fn of_asker(on: &Reckoning, case: &Case) -> Option<Task> {
    let ticks = case.ticks();
    let clock = clock::clock(&on.calendar, &on.limits, &case.row.course(&ticks));
    let due = clock.due_on.filter(|_| clock.step == Some(ConsultationStep::Reply))?;
    let delivered = case.moves.iter().rfind(|row| row.to_state == ConsultationState::Delivered)?;
    let begun = case.row.asked_anew_on.unwrap_or_else(|| date_in_vietnam(delivered.at));
    let kinds = (ReminderKind::ReplySoon, ReminderKind::ReplyLate);
    let days = (on.limits.on(Days::Remind, on.today), on.today);
    let reminder = reminder(&on.calendar, (begun, Hand::Due(due)), kinds, days)?;
    Some(Task { member: None, due: Due { reminder, silent: false } })
}

/// What was done.
struct Done {
    events: Vec<Event>,
    /// Whether a seat was passed on: the panel is another one then.
    passed: bool,
}

/// Reminds, and passes on what nobody answered; the events of what was new.
async fn act(tx: &mut Conn, case: &Case, tasks: Vec<Task>) -> Answer<Done> {
    let (mut events, mut reminded) = (Vec::new(), Vec::new());
    for Task { member, due } in tasks {
        let whom = member.as_ref().map(|row| row.id);
        if store::remind(tx, (case.id(), whom), due.reminder).await? {
            let (kind, on): Reminder = due.reminder;
            let expert = member.as_ref().map(|row| row.expert_id);
            reminded.push(json!({ "kind": kind, "due_on": on, "member": whom, "expert": expert }));
        }
        if let Some(row) = member.filter(|_| due.silent) {
            let passed = attempt(tx, async |tx| silence(tx, case, &row).await).await?;
            events.extend(passed.into_iter().flatten());
        }
    }
    let passed = !events.is_empty();
    if !reminded.is_empty() {
        let event = Event::on("consultation", case.id()).action(REMIND).fields(["reminders"]);
        events.push(event.values(json!({ "reminders": reminded })));
    }
    Ok(Done { events, passed })
}

/// Takes it that somebody says nothing, if anybody is there to be asked instead: without, a late answer is better than none.
async fn silence(tx: &mut Conn, case: &Case, row: &MemberRow) -> Answer<Option<Vec<Event>>> {
    store::answered(tx, row.id, (PanelMemberState::Silent, None), (None, None)).await?;
    let Some(invited) = pass_on(tx, case, row).await? else { return Ok(None) };
    let values = json!({ "member": row.id, "expert": row.expert_id });
    let silent = Event::on("consultation", case.id()).action(SILENT).fields(["panel"]).values(values);
    Ok(Some(vec![silent, invited]))
}
