//! What the panel said so far, and what is missing before it is concluded.

use std::collections::HashSet;

use uuid::Uuid;

use super::model::Heard;
use super::{rules, store};
use crate::consultations::model::Case;
use crate::consultations::panel::model::Lack;
use crate::consultations::panel::settings::{fewest, number};
use crate::consultations::panel::store as panel_store;
use crate::consultations::words::ConflictOutcome;
use crate::db::Conn;
use crate::experts::vocabulary::Vocabulary;
use crate::kernel::clock::today;
use crate::kernel::problem::Answer;

/// What each of those who sit handed in last, in the order of the panel; an opinion that is being revised counts as it was handed in.
///
/// # Errors
/// 503 when the database is away.
pub async fn heard(conn: &mut Conn, case: &Case) -> Answer<Vec<Heard>> {
    let rows = store::handed_in(conn, case.id()).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.expert_id).collect();
    let standings = panel_store::standings(conn, case, &ids).await?;
    let vocabulary = Vocabulary::read(conn).await?;
    let one = |row: store::HandedIn| {
        let outcome = standings.get(&row.expert_id).map_or(ConflictOutcome::Open, |standing| standing.outcome);
        Heard {
            member_id: row.member_id,
            expert_id: row.expert_id,
            seat: row.seat,
            title: vocabulary.printed_title(row.academic_rank.as_deref(), row.degree.as_deref()),
            full_name: row.full_name,
            workplace: row.workplace,
            assessment: row.content.assessment,
            answers: row.content.answers,
            body: row.content.body,
            revision: row.number,
            submitted_at: row.at,
            counts: rules::counts(row.state, outcome),
        }
    };
    Ok(rows.into_iter().map(one).collect())
}

/// What opinions lack before it is concluded; who said nothing is waived by a reason.
///
/// # Errors
/// 503 when the database is away.
pub async fn lacks(conn: &mut Conn, case: &Case, is_waived: bool) -> Answer<Vec<Lack>> {
    let heard = heard(conn, case).await?;
    let said: HashSet<Uuid> = heard.iter().map(|one| one.member_id).collect();
    let rows = panel_store::members(conn, case.id()).await?;
    let silent: Vec<Uuid> =
        rows.iter().filter(|row| row.sits() && !said.contains(&row.id)).map(|row| row.expert_id).collect();
    let mut names: Vec<String> =
        panel_store::who(conn, &silent, &[]).await?.into_iter().map(|who| who.full_name).collect();
    names.sort_unstable();
    let fewest = number(conn, fewest(case.row.kind), today()).await?;
    let counting = heard.iter().filter(|one| one.counts).count();
    Ok(rules::lacks(counting, &names, usize::try_from(fewest).unwrap_or_default(), is_waived))
}
