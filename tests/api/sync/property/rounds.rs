//! What happens in a round, at random: what is done here, what the source sends, and when its plan is applied.

use proptest::prelude::*;
use serde_json::{Value, json};

/// Records of the source.
pub const RECORDS: usize = 8;
pub const MEMBERS: [&str; 8] =
    ["position", "unit", "specialties", "biography", "email", "workplace", "degree", "publications"];
/// How the conflicts of a round are decided before it is applied.
const TAKES: [Option<&str>; 3] = [None, Some("theirs"), Some("ours")];

#[derive(Debug, Clone)]
pub enum Act {
    /// A member is edited here.
    Edit(usize, usize, usize),
    /// A member changes at the source.
    Say(usize, usize, usize),
    /// The people of two records are one.
    Merge(usize, usize),
    /// The last merge was none.
    Undo,
    /// The file leaves a record out.
    Miss(usize),
    /// The source takes a record out.
    Withdraw(usize),
}

/// When the plan of a round is applied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    AtOnce,
    /// After what is done here before the next file, whose plan comes behind it.
    BeforeNext,
    /// When the next file was applied already.
    AfterNext,
}

#[derive(Debug, Clone)]
pub struct Round {
    pub acts: Vec<Act>,
    pub is_snapshot: bool,
    pub take: Option<&'static str>,
    pub when: When,
}

pub fn round() -> impl Strategy<Value = Round> {
    let (one, member, value) = (0..RECORDS, 0..MEMBERS.len(), 0_usize..4);
    let act = prop_oneof![
        5 => (one.clone(), member.clone(), value.clone()).prop_map(|(one, member, value)| Act::Edit(one, member, value)),
        6 => (one.clone(), member, value).prop_map(|(one, member, value)| Act::Say(one, member, value)),
        2 => (one.clone(), one.clone()).prop_map(|(one, other)| Act::Merge(one, other)),
        1 => Just(Act::Undo),
        2 => one.clone().prop_map(Act::Miss),
        3 => one.prop_map(Act::Withdraw),
    ];
    let when = prop_oneof![2 => Just(When::AtOnce), 1 => Just(When::BeforeNext), 3 => Just(When::AfterNext)];
    (prop::collection::vec(act, 0..11), any::<bool>(), 0..TAKES.len(), when)
        .prop_map(|(acts, is_snapshot, take, when)| Round { acts, is_snapshot, take: TAKES[take], when })
}

pub fn value(record: usize, member: usize, value: usize) -> Value {
    match (MEMBERS[member], ["", "Một", "Hai", "Ba"][value]) {
        (_, "") => Value::Null,
        ("specialties", text) => json!([text]),
        ("email", text) => json!(format!("{record}{}@chuyengia.example", text.len())),
        ("degree", text) => json!(if text == "Ba" { "TSKH" } else { "TS" }),
        ("publications", text) => json!([{ "title": format!("Bài {text}"), "year": 2020 }]),
        (_, text) => json!(text),
    }
}
