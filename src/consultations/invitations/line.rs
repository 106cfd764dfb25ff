//! Who is asked: those who sit when a panel is approved, and the next in line when a seat becomes free.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};
use uuid::Uuid;

use super::store;
use super::view::schedules;
use crate::audit::event::Event;
use crate::consultations::model::Case;
use crate::consultations::panel::model::takes_opinions;
use crate::consultations::panel::store::{self as panel_store, Who};
use crate::consultations::panel::{MemberRow, may_sit, note_known};
use crate::consultations::rules::Reckoning;
use crate::consultations::words::PanelMemberState;
use crate::db::{Conn, attempt};
use crate::kernel::problem::Answer;

/// The audit event of people who are asked: what sends mail reads it.
const INVITE: &str = "consultations.invite";

fn event<'r>(consultation: Uuid, rows: impl IntoIterator<Item = &'r MemberRow>, replaces: Option<Uuid>) -> Event {
    let told = |row: &MemberRow| json!({ "member": row.id, "expert": row.expert_id, "seat": row.seat });
    let asked: Vec<Value> = rows.into_iter().map(told).collect();
    let values = json!({ "asked": asked, "replaces": replaces });
    Event::on("consultation", consultation).action(INVITE).fields(["panel"]).values(values)
}

/// Asks those who sit and were not asked yet; the event of it, where there is anybody.
///
/// # Errors
/// 503 when the database is away.
pub async fn invite(tx: &mut Conn, consultation: Uuid) -> Answer<Option<Event>> {
    let asked = store::invite(tx, consultation).await?;
    Ok((!asked.is_empty()).then(|| event(consultation, &asked, None)))
}

/// Ends the invitations nobody answered: it is concluded. Who let the day pass was silent.
///
/// # Errors
/// 503 when the database is away.
pub async fn close(tx: &mut Conn, case: &Case, on: &Reckoning) -> Answer<()> {
    let rows = panel_store::members(tx, case.id()).await?;
    let schedules = schedules(on, case, &rows);
    for row in rows.iter().filter(|row| row.sits() && row.state == PanelMemberState::Invited) {
        let late = schedules.get(&row.id).is_some_and(|schedule| schedule.late);
        if late {
            store::answered(tx, row.id, (PanelMemberState::Silent, None), (None, None)).await?;
        } else {
            let ended = (PanelMemberState::Released.as_str(), "concluded");
            panel_store::end(tx, &[row.id], ended, true).await?;
        }
    }
    Ok(())
}

/// Whether anybody is in line for the seat of somebody, and could sit.
///
/// # Errors
/// 503 when the database is away.
pub async fn is_anybody_next(conn: &mut Conn, case: &Case, row: &MemberRow) -> Answer<bool> {
    let ids: Vec<Uuid> = in_line(conn, case, row).await?.iter().map(|next| next.expert_id).collect();
    let standings = panel_store::standings_alone(conn, case, &ids).await?;
    Ok(standings.values().any(|standing| may_sit(standing.outcome)))
}

/// Passes a seat on that became free while opinions are given: the first in line for that kind of seat who can be asked steps in, in the
/// caller's transaction. None where nobody can.
///
/// # Errors
/// 503 when the database is away.
pub async fn pass_on(tx: &mut Conn, case: &Case, gone: &MemberRow) -> Answer<Option<Event>> {
    if gone.rank > 0 || !takes_opinions(case) {
        return Ok(None);
    }
    for next in in_line(tx, case, gone).await? {
        if let Some(event) = attempt(tx, async |tx| step_in(tx, case, &next, gone.id).await).await? {
            return Ok(Some(event));
        }
    }
    Ok(None)
}

/// Seats and asks somebody, if they count then: with them on the panel more than a third of one employer is a conflict, too.
async fn step_in(tx: &mut Conn, case: &Case, next: &MemberRow, gone: Uuid) -> Answer<Option<Event>> {
    store::step_in(tx, next, gone).await?;
    let standing = panel_store::standings(tx, case, &[next.expert_id]).await?.remove(&next.expert_id);
    let Some(standing) = standing.filter(|standing| may_sit(standing.outcome)) else { return Ok(None) };
    note_known(tx, case, next.expert_id, &standing.findings).await?;
    Ok(Some(event(case.id(), [next], Some(gone))))
}

/// Who is in line for the seat of somebody and can be asked: active, not on the panel already, and nobody who left it.
async fn in_line(conn: &mut Conn, case: &Case, gone: &MemberRow) -> Answer<Vec<MemberRow>> {
    let rows = panel_store::members(conn, case.id()).await?;
    let left = |row: &&MemberRow| {
        use PanelMemberState::{Declined, Recused, Silent};
        row.sits() || (row.rank == 0 && matches!(row.state, Declined | Silent | Recused))
    };
    let out: HashSet<Uuid> = rows.iter().filter(left).map(|row| row.expert_id).collect();
    let is_next = |row: &MemberRow| row.is_alternate() && row.seat == gone.seat && !out.contains(&row.expert_id);
    let mut line: Vec<MemberRow> = rows.into_iter().filter(is_next).collect();
    line.sort_by_key(|row| row.rank);
    let ids: Vec<Uuid> = line.iter().map(|row| row.expert_id).collect();
    let who: HashMap<Uuid, Who> =
        panel_store::who(conn, &ids, &[]).await?.into_iter().map(|who| (who.id, who)).collect();
    line.retain(|row| who.get(&row.expert_id).is_some_and(|who| who.status == "active"));
    Ok(line)
}
