//! The answer of a write: the expert as it is now, and what of the form was put right.

use actix_web::HttpRequest;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::Expert;
use crate::http::envelope::lang;
use crate::kernel::form::{Normalised, Repair};
use crate::kernel::precondition::written_as;
use crate::kernel::problem::Answer;

/// An expert's profile after a write.
#[derive(Debug, Serialize, ToSchema)]
pub struct WrittenExpert {
    /// The profile.
    #[serde(flatten)]
    expert: Expert,
    /// What was put right in the form, where there was no doubt what was meant; left out when nothing was. An answer that is
    /// repeated for an `Idempotency-Key` does not say it again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    normalised: Vec<Normalised>,
}

/// Answers a write. The `ETag` is that of a read: what was put right is no part of the profile.
///
/// # Errors
/// None in practice: the answer is made of strings and numbers.
pub(super) fn answer(
    req: &HttpRequest,
    created_at: Option<&str>,
    version: i64,
    expert: Expert,
    repairs: &[Repair],
) -> Answer {
    let normalised = repairs.iter().map(|repair| repair.document(lang(req))).collect();
    let answer = WrittenExpert { expert, normalised };
    written_as(created_at, version, &answer.expert, &answer)
}
