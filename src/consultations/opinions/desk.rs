//! Whose opinion it is, and whether it may be written now: what every change of one has in common.

use uuid::Uuid;

use super::model::OpinionRow;
use super::rules::{Act, acts};
use super::store;
use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::consultations::model::Case;
use crate::consultations::panel::model::MemberRow;
use crate::consultations::panel::store as panel_store;
use crate::consultations::words::{ConsultationState, PanelMemberState};
use crate::consultations::work::{self, Locked};
use crate::db::Conn;
use crate::experts::store as expert_store;
use crate::kernel::precondition::IfMatch;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

/// A seat of a panel that exists for a caller: for one of the panel their own alone, as long as they have it.
///
/// # Errors
/// 404 for any other, and for a place in line.
pub async fn seat(conn: &mut Conn, scope: &Scope, case: &Case, member: Uuid) -> Answer<MemberRow> {
    let own = scope.actor.expert_id();
    let is_shown = |row: &MemberRow| {
        row.id == member && row.rank == 0 && (scope.reach == Reach::All || (row.sits() && Some(row.expert_id) == own))
    };
    let rows = panel_store::members(conn, case.id()).await?;
    rows.into_iter().find(is_shown).ok_or_else(|| Problem::new(Code::NotFound))
}

/// Whether somebody with a seat writes now: they accepted, and the experts are at work.
pub fn is_at_work(case: &Case, seat: &MemberRow) -> bool {
    case.row.state == ConsultationState::InReview && seat.sits() && seat.state == PanelMemberState::Accepted
}

/// An opinion that is being changed, its consultation locked.
pub struct Desk {
    pub locked: Locked,
    pub seat: MemberRow,
    /// As it was, where one was written.
    pub row: Option<OpinionRow>,
    /// Whether the Union's office does it for the person.
    pub by_office: bool,
}

/// Finds and locks the opinion of a seat for something that is to be done with it, of the version the caller says (0 where there is
/// none yet).
///
/// # Errors
/// 404; 428, 412; 409 when that can't be done now.
pub async fn open(
    tx: &mut Conn,
    scope: &Scope,
    (id, member): (Uuid, Uuid),
    if_match: Option<&IfMatch>,
    act: Act,
) -> Answer<Desk> {
    expert_store::keep_merges_out(tx).await?;
    let locked = work::lock(tx, scope, id, None).await?;
    let seat = seat(tx, scope, &locked.case, member).await?;
    let row = store::find(tx, member).await?;
    if let Some(if_match) = if_match {
        if_match.check(row.as_ref().map_or(0, |row| row.version))?;
    }
    check_time(&locked.case, &seat)?;
    check_act(row.as_ref(), act)?;
    Ok(Desk { locked, seat, row, by_office: scope.reach == Reach::All })
}

fn check_time(case: &Case, seat: &MemberRow) -> Answer<()> {
    if is_at_work(case, seat) {
        return Ok(());
    }
    let (state, stands) = (case.row.state.as_str(), seat.state.as_str());
    let detail = match case.row.state {
        ConsultationState::InReview if seat.sits() => say!(
            "Chưa nhận lời mời (`{stands}`): nhận lời (`accept`) rồi mới cho ý kiến.",
            "The invitation is not accepted yet (`{stands}`): an opinion is given after `accept`."
        ),
        ConsultationState::InReview => say!(
            "Người này không còn giữ ghế (`{stands}`); ý kiến không sửa được nữa.",
            "This person has the seat no more (`{stands}`): the opinion can't be changed any more."
        ),
        _ => say!(
            "Ý kiến được viết khi hồ sơ ở trạng thái `in_review`; hiện là `{state}`.",
            "Opinions are written while the state is `in_review`; it is `{state}`."
        ),
    };
    Err(Problem::new(Code::Conflict).detail(detail))
}

fn check_act(row: Option<&OpinionRow>, act: Act) -> Answer<()> {
    let state = row.map(|row| row.state);
    let possible = acts(state);
    if possible.contains(&act) {
        return Ok(());
    }
    let list = possible.iter().map(|act| act.as_str()).collect::<Vec<_>>().join(", ");
    let act = act.as_str();
    let detail = match state {
        Some(state) => {
            let now = state.as_str();
            say!(
                "Ý kiến đang ở trạng thái `{now}`, không thể `{act}`; bạn có thể: {list}.",
                "The opinion is `{now}`: `{act}` is not possible. What you may do now: {list}."
            )
        }
        None => say!(
            "Chưa có ý kiến nào được viết, không thể `{act}`; bạn có thể: {list}.",
            "Nobody has written an opinion here yet: `{act}` is not possible. What you may do now: {list}."
        ),
    };
    Err(Problem::new(Code::Conflict).detail(detail))
}
