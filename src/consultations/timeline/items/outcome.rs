//! What is told of the conclusion and of what the asker makes of it.

use chrono::NaiveDate;

use super::{By, ConclusionFact, Eyes, Facts, Item, ReplyFact, letter};
use crate::consultations::timeline::words::{self, TimelineKind, TimelineLane};

/// All that happened; the reply was due on a day.
pub fn items(facts: &Facts, reply_due: Option<NaiveDate>, eyes: Eyes) -> Vec<Item> {
    let versions = facts.conclusions.iter().flat_map(|version| of_version(version, eyes));
    versions.chain(facts.replies.iter().map(|reply| of_reply(reply, reply_due))).collect()
}

/// A version: the Union sees how it came about, everybody else that it went out.
fn of_version(version: &ConclusionFact, eyes: Eyes) -> Vec<Item> {
    if eyes != Eyes::All && version.delivered_at.is_none() {
        return Vec::new();
    }
    let stages = [
        (TimelineKind::ConclusionDrafted, "drafted", Some(version.created_at).filter(|_| eyes == Eyes::All)),
        (TimelineKind::ConclusionSigned, "signed", version.signed_at),
        (TimelineKind::ConclusionDelivered, "delivered", version.delivered_at),
    ];
    let stages = stages.into_iter().filter_map(|(kind, what, at)| {
        let key = format!("conclusion:{}:{what}", version.id);
        let title = words::conclusion(kind, version.number);
        let item = Item::at(key, (kind, TimelineLane::Union), at?, title);
        let report = version.report.as_ref().filter(|_| kind != TimelineKind::ConclusionDrafted);
        let (number, by) = (Some(version.number), Some(By::side("union")));
        Some(Item { number, by, document: letter(report), ..item })
    });
    stages.collect()
}

/// A reply; only that to the first version has a day.
fn of_reply(reply: &ReplyFact, due: Option<NaiveDate>) -> Item {
    let title = words::replied(reply.adopted, reply.partly, reply.not);
    let item = Item::at(format!("reply:{}", reply.id), (TimelineKind::Replied, TimelineLane::Asker), reply.at, title);
    let by = By::new(reply.actor_role.as_deref(), reply.actor_id);
    let (number, document) = (Some(reply.number), letter(Some(&reply.document)));
    Item { number, by: Some(by), document, ..item }.against(due.filter(|_| reply.number == 1))
}
