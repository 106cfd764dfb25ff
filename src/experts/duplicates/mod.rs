//! Records that may be of one person: how alike two are, and who in the bank may be somebody.
//!
//! For other slices: make a [`Person`] of each checked record ([`Person::of`]), at most some hundreds a call, and ask [`like`].
//! Evidence is for the Union; everybody else is told no more than that somebody has to look.

pub mod compare;
pub(super) mod guard;
pub(crate) mod list;
pub mod pairs;
pub mod person;

pub use compare::{Evidence, EvidenceKind, LIKELY, Likeness, POSSIBLE, compare};
pub use person::Person;

use std::collections::BTreeSet;

use uuid::Uuid;

use super::store;
use crate::db::Conn;
use crate::kernel::problem::Answer;
use crate::kernel::sealed::Sealer;

/// Somebody in the bank who may be the person asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The expert.
    pub id: Uuid,
    /// Code for people.
    pub code: String,
    /// Name without titles.
    pub full_name: String,
    /// How alike they are; from [`LIKELY`] on they are taken for one person, and when it is `certain` nobody needs to look.
    pub likeness: Likeness,
}

/// Who in the bank may be each of these people, the most alike first, everybody from [`POSSIBLE`] on: two statements, however
/// many people. Pairs that somebody said are two people are left out: for who is in the bank (`id`) the remembered ones, for
/// others those in `distinct`.
///
/// # Errors
/// 503 when the database is away.
pub async fn like(conn: &mut Conn, sealer: &Sealer, people: &[Person]) -> Answer<Vec<Vec<Candidate>>> {
    let met = store::meet(conn, people).await?;
    let ids: Vec<Uuid> = met.iter().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let known = if ids.is_empty() { Default::default() } else { store::stored_people(conn, sealer, &ids).await? };
    let mut found = Vec::with_capacity(people.len());
    for (person, ids) in people.iter().zip(met) {
        let mut candidates: Vec<Candidate> = ids
            .iter()
            .filter_map(|id| {
                let stored = known.get(id)?;
                let likeness = compare(person, &stored.person)?;
                Some(Candidate { id: *id, code: stored.code.clone(), full_name: stored.full_name.clone(), likeness })
            })
            .collect();
        candidates.sort_by(|one, two| two.likeness.score.total_cmp(&one.likeness.score).then(one.id.cmp(&two.id)));
        found.push(candidates);
    }
    Ok(found)
}

#[cfg(test)]
mod truth_tests;
