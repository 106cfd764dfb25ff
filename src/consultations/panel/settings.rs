//! The numbers panels are held against: dated settings, and what holds without them.

use chrono::NaiveDate;

use crate::consultations::words::ConsultationKind;
use crate::db::Conn;
use crate::kernel::problem::Answer;
use crate::reference::store;

/// Years for which work at a body counts after it ended.
pub const WORK_YEARS: (&str, u32) = ("conflict_work_years", 5);
/// Years for which publications and projects with a drafter count.
pub const SHARED_YEARS: (&str, u32) = ("conflict_shared_years", 5);

/// The setting of the fewest members of a panel, and what holds without it: three review, five are a council.
pub const fn fewest(kind: ConsultationKind) -> (&'static str, u32) {
    match kind {
        ConsultationKind::CriticalReview => ("panel_min_critical_review", 3),
        ConsultationKind::Consultation => ("panel_min_consultation", 5),
        ConsultationKind::SocialAssessment => ("panel_min_social_assessment", 5),
    }
}

/// Most that any of these settings may say.
pub const MOST: u64 = 100;

/// What a setting says on a day.
///
/// # Errors
/// 503 when the database is away.
pub async fn number(conn: &mut Conn, (name, otherwise): (&str, u32), day: NaiveDate) -> Answer<u32> {
    let set = store::setting(conn, name, day).await?.and_then(|value| value.as_u64());
    Ok(set.filter(|number| *number <= MOST).and_then(|number| u32::try_from(number).ok()).unwrap_or(otherwise))
}
