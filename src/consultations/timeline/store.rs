//! SQL of timelines: what is kept beside the moves, in one statement whoever asks.

use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::items::{Facts, MemberDue};
use crate::consultations::invitations::{Schedule, schedules};
use crate::consultations::model::Case;
use crate::consultations::panel::store as panel_store;
use crate::consultations::rules::Reckoning;
use crate::db::Conn;
use crate::kernel::problem::{Answer, Problem};

#[derive(QueryableByName)]
struct Json {
    #[diesel(sql_type = Text)]
    json: String,
}

/// Until when those of the panel answer and deliver.
///
/// # Errors
/// 503 when the database is away.
pub async fn member_dues(conn: &mut Conn, case: &Case, on: &Reckoning) -> Answer<Vec<MemberDue>> {
    let rows = panel_store::members(conn, case.id()).await?;
    let due = |(member_id, schedule): (Uuid, Schedule)| MemberDue {
        member_id,
        answer_by: schedule.answer_by,
        deliver_by: schedule.deliver_by,
    };
    Ok(schedules(on, case, &rows).into_iter().map(due).collect())
}

/// Who was asked to sit: a seat that nobody offered is told to nobody.
const MEMBERS: &str = "SELECT coalesce(json_agg(json_build_object(
        'id', m.id, 'expert_id', m.expert_id, 'full_name', e.full_name, 'seat', m.seat, 'rank', m.rank,
        'state', m.state, 'asked_at', m.asked_at, 'answered_at', m.answered_at,
        'declined', m.decline_code IS NOT NULL, 'answer_document', m.answer_document, 'replaces', m.replaces,
        'agreed_at', greatest(m.agreed_answer_at, m.agreed_deliver_at), 'agreed_deliver_by', m.agreed_deliver_by, 'ended_at', m.ended_at)
        ORDER BY m.asked_at, m.created_at, m.id), '[]')
   FROM panel_members m JOIN experts e ON e.id = m.expert_id
  WHERE m.consultation_id = $1 AND m.asked_at IS NOT NULL";

/// Every version of an opinion that was handed in.
const OPINIONS: &str = "SELECT coalesce(json_agg(json_build_object(
        'member_id', o.member_id, 'number', r.number, 'at', r.at, 'actor_id', r.actor_id, 'actor_role', r.actor_role)
        ORDER BY r.at, r.id), '[]')
   FROM opinions o JOIN opinion_revisions r ON r.opinion_id = o.id WHERE o.consultation_id = $1";

const REMINDERS: &str = "SELECT coalesce(json_agg(json_build_object(
        'id', r.id, 'member_id', r.member_id, 'kind', r.kind, 'due_on', r.due_on, 'at', r.at) ORDER BY r.at, r.id), '[]')
   FROM consultation_reminders r WHERE r.consultation_id = $1";

const MEETINGS: &str = "SELECT coalesce(json_agg(json_build_object(
        'id', p.id, 'number', p.number, 'held_on', p.held_on, 'signed_at', p.signed_at) ORDER BY p.number), '[]')
   FROM panel_meetings p WHERE p.consultation_id = $1";

const CONCLUSIONS: &str = "SELECT coalesce(json_agg(json_build_object(
        'id', k.id, 'number', k.number, 'report', k.report, 'created_at', k.created_at, 'signed_at', k.signed_at,
        'delivered_at', k.delivered_at) ORDER BY k.number), '[]')
   FROM conclusions k WHERE k.consultation_id = $1";

/// What was said at one time by one letter is one reply.
const REPLIES: &str = "SELECT coalesce(json_agg(said ORDER BY said.at, said.number, said.id), '[]') FROM (
    SELECT min(r.id::text) AS id, k.number, r.at, r.document, min(r.asked_anew_on) AS asked_anew_on, r.actor_id, r.actor_role,
           count(*) FILTER (WHERE r.outcome = 'adopted') AS adopted,
           count(*) FILTER (WHERE r.outcome = 'partly_adopted') AS partly,
           count(*) FILTER (WHERE r.outcome = 'not_adopted') AS \"not\"
      FROM recommendation_replies r JOIN conclusions k ON k.id = r.conclusion_id
     WHERE r.consultation_id = $1 GROUP BY k.number, r.at, r.document, r.actor_id, r.actor_role) said";

/// What was said and decided of conflicts of interest, and what came up by itself.
const CONFLICTS: &str = "SELECT coalesce(json_agg(told ORDER BY told.at, told.id), '[]') FROM (
    SELECT d.id, d.expert_id, e.full_name, d.outcome, d.at, d.actor_id, d.actor_role
      FROM conflict_decisions d JOIN experts e ON e.id = d.expert_id WHERE d.consultation_id = $1
    UNION ALL
    SELECT f.id, f.expert_id, e.full_name, NULL, f.found_at, NULL, NULL
      FROM panel_findings f JOIN experts e ON e.id = f.expert_id WHERE f.consultation_id = $1 AND f.raised) told";

/// All that is kept beside the moves of a consultation.
///
/// # Errors
/// 503 when the database is away.
pub async fn facts(conn: &mut Conn, consultation: Uuid) -> Answer<Facts> {
    let sql = format!(
        "SELECT json_build_object(
            'members', ({MEMBERS}), 'opinions', ({OPINIONS}), 'reminders', ({REMINDERS}), 'meetings', ({MEETINGS}),
            'conclusions', ({CONCLUSIONS}), 'replies', ({REPLIES}), 'conflicts', ({CONFLICTS}),
            'decision', (SELECT c.decision_document FROM consultations c WHERE c.id = $1))::text AS json"
    );
    let row: Json = diesel::sql_query(sql).bind::<SqlUuid, _>(consultation).get_result(conn).await?;
    serde_json::from_str(&row.json).map_err(Problem::internal)
}
