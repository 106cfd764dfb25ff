//! What the verbs `deliver`, `respond` and `close` have to do with the conclusion.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::adoption::{Reply, read_replies, rows};
use super::drafting::reckoned;
use super::forms::ReplyForm;
use super::model::{ConclusionRow, ReplyRow, last_delivered};
use super::recommendations::{asked_anew_on, open};
use super::signing::outdated;
use super::store;
use crate::access::permit::Scope;
use crate::consultations::model::{Case, Letter};
use crate::consultations::opinions::heard;
use crate::consultations::reader::Reader;
use crate::consultations::state::Verb;
use crate::consultations::words::ConsultationState;
use crate::db::Conn;
use crate::kernel::clock::now;
use crate::kernel::document_number::DocumentNumber;
use crate::kernel::problem::Answer;
use crate::say;

/// What a verb takes from the conclusion, and writes to it.
#[derive(Debug, Default)]
pub struct Concluded {
    delivered: Option<ConclusionRow>,
    replied: Option<Replied>,
}

/// Replies to the version that went out last, and the day a correction asked them anew, if one did.
#[derive(Debug)]
struct Replied {
    to: ConclusionRow,
    replies: Vec<Reply>,
    asked_anew_on: Option<NaiveDate>,
}

impl Concluded {
    /// Reads what a verb needs, fault by fault.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn read(
        tx: &mut Conn,
        reader: &mut Reader,
        (case, verb): (&Case, Verb),
        (document, replies, has_reason): (Option<&Letter>, &[ReplyForm], bool),
    ) -> Answer<Self> {
        if !matches!(verb, Verb::Deliver | Verb::Respond | Verb::Close) {
            return Ok(Self::default());
        }
        let versions = store::versions(tx, case.id()).await?;
        match verb {
            Verb::Deliver => deliver(tx, reader, case, (versions, document)).await,
            Verb::Respond => Ok(respond(reader, &versions, replies)),
            _ => {
                let replies = store::replies(tx, case.id()).await?;
                check_closed(reader, (case, has_reason), &versions, &replies);
                Ok(Self::default())
            }
        }
    }

    /// The document the verb is done by: of the report itself.
    pub fn document(&self) -> Option<&Letter> {
        self.delivered.as_ref().and_then(|row| row.report.as_ref()).map(|report| &report.letter)
    }

    /// Keeps that the report went out, or what the asker said; `version` is that of the consultation from now on.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn write(self, tx: &mut Conn, scope: &Scope, (document, version): (Option<&Letter>, i64)) -> Answer<()> {
        if let Some(row) = self.delivered {
            let row = ConclusionRow { delivered_at: Some(now()), updated_at: now(), version, ..row };
            store::put(tx, &row).await?;
        }
        if let Some((Replied { to, replies, asked_anew_on }, document)) = self.replied.zip(document) {
            // one letter replies to all, so all of it was due on one day
            store::add_replies(tx, &rows(&to, (replies, |_| asked_anew_on), document, scope)).await?;
        }
        Ok(())
    }
}

/// The report that goes out: signed, of the opinions that count now, and the one that is named, if one is.
async fn deliver(
    tx: &mut Conn,
    reader: &mut Reader,
    case: &Case,
    (versions, document): (Vec<ConclusionRow>, Option<&Letter>),
) -> Answer<Concluded> {
    let Some(row) = versions.into_iter().next_back().filter(|row| row.signed_at.is_some()) else {
        let detail = say!(
            "Cần kết luận đã ký: lập (POST …/conclusion), hoàn thiện (PUT), lãnh đạo ký (`sign`).",
            "A signed conclusion is needed: draft it (POST …/conclusion), write it (PUT), and a leader signs it (`sign`).",
        );
        reader.fault("/conclusion", "required", detail);
        return Ok(Concluded::default());
    };
    let (members, tally) = reckoned(&heard(tx, case).await?);
    if !row.content.is_of(&members, tally) {
        reader.fault("/conclusion", "outdated", outdated());
    }
    if let Some((named, report)) = document.zip(row.report.as_ref()) {
        let key = |number: &str| DocumentNumber::read(number).key();
        let number = &report.letter.number;
        if key(&named.number) != key(number) {
            let detail = say!("Báo cáo đã ký số {number}.", "The report was signed with the number {number}.");
            reader.fault("/document/number", "another_document", detail);
        }
        if named.date.is_some() && named.date != report.letter.date {
            let detail = say!("Báo cáo đã ký với ngày khác.", "The report was signed with another date.");
            reader.fault("/document/date", "another_document", detail);
        }
    }
    Ok(Concluded { delivered: Some(row), replied: None })
}

/// A reply to each recommendation of the last version that went out; a report from before there were conclusions has none.
fn respond(reader: &mut Reader, versions: &[ConclusionRow], replies: &[ReplyForm]) -> Concluded {
    let last = last_delivered(versions).cloned();
    let live: HashSet<i32> = last.iter().flat_map(|row| row.content.live()).map(|one| one.number).collect();
    let read = read_replies(reader, &live, replies, true);
    let asked_anew_on = asked_anew_on(versions, &[]);
    Concluded { delivered: None, replied: last.map(|to| Replied { to, replies: read, asked_anew_on }) }
}

/// Nothing is archived while a correction of it is written, nor, without a word, while the asker owes replies to one.
fn check_closed(
    reader: &mut Reader,
    (case, has_reason): (&Case, bool),
    versions: &[ConclusionRow],
    replies: &[ReplyRow],
) {
    let left = last_delivered(versions).map_or(0, |last| open(last, versions, replies).len());
    if case.row.state == ConsultationState::Responded && left > 0 && !has_reason {
        let detail = say!(
            "Còn {left} kiến nghị sau đính chính chưa được trả lời: chờ, hoặc nêu lý do (`reason`) không chờ nữa.",
            "{left} recommendations of a correction wait for a reply: wait for it, or say why not (`reason`).",
        );
        reader.fault("/replies", "open", detail);
    }

    if versions.last().is_some_and(|row| row.delivered_at.is_none()) {
        let detail = say!(
            "Còn bản đính chính chưa ký: ký hoặc xóa trước.",
            "A correction is being written: sign or drop it first.",
        );
        reader.fault("/conclusion", "open_draft", detail);
    }
}
