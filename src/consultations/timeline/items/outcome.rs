//! What is told of the conclusion and of what the asker makes of it.

use chrono::NaiveDate;

use super::{By, ConclusionFact, Eyes, Facts, Item, ReplyFact, letter};
use crate::consultations::clock::reply_due;
use crate::consultations::rules::Reckoning;
use crate::consultations::timeline::words::{self, TimelineKind, TimelineLane};

/// All that happened; the reply to the report was due on a day.
pub fn items(by: &Reckoning, facts: &Facts, reply_due: Option<NaiveDate>, eyes: Eyes) -> Vec<Item> {
    let versions = facts.conclusions.iter().flat_map(|version| of_version(version, eyes));
    versions.chain(facts.replies.iter().map(|reply| of_reply(by, reply, reply_due))).collect()
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

/// A reply: to what a correction asked anew, or to the report.
fn of_reply(on: &Reckoning, reply: &ReplyFact, to_report: Option<NaiveDate>) -> Item {
    let anew = reply.asked_anew_on.map(|day| reply_due(&on.calendar, &on.limits, day));
    let title = words::replied(reply.adopted, reply.partly, reply.not);
    let item = Item::at(format!("reply:{}", reply.id), (TimelineKind::Replied, TimelineLane::Asker), reply.at, title);
    let by = By::new(reply.actor_role.as_deref(), reply.actor_id);
    let (number, document) = (Some(reply.number), letter(Some(&reply.document)));
    Item { number, by: Some(by), document, ..item }.against(anew.or(to_report))
}
