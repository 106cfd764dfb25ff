//! What is kept of meetings. No SQL, no HTTP.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Whether somebody came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"member_id": "0190c0de-0000-7000-8000-000000000001", "present": true}))]
pub struct MeetingAttendance {
    /// Id of the seat.
    pub member_id: Uuid,
    /// Whether the person came.
    pub present: bool,
    /// A remark, such as who sent an excuse.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub note: Option<String>,
}

/// A vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"question": "Thông qua dự thảo báo cáo", "for": 4, "against": 1, "abstained": 0}))]
pub struct MeetingVote {
    /// What was voted on.
    #[schema(min_length = 1, max_length = 2000)]
    pub question: String,
    /// Votes for it.
    #[serde(rename = "for")]
    #[schema(maximum = 1000)]
    pub in_favour: u16,
    /// Votes against it.
    #[schema(maximum = 1000)]
    pub against: u16,
    /// Who was there and voted neither way.
    #[schema(maximum = 1000)]
    pub abstained: u16,
}

impl MeetingVote {
    /// How many voted.
    pub fn cast(&self) -> usize {
        usize::from(self.in_favour) + usize::from(self.against) + usize::from(self.abstained)
    }
}

/// The row of a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingRow {
    pub id: Uuid,
    pub version: i64,
    pub consultation_id: Uuid,
    /// Meetings of a consultation are numbered from 1.
    pub number: i32,
    pub held_on: NaiveDate,
    pub place: String,
    pub attendance: Vec<MeetingAttendance>,
    pub votes: Vec<MeetingVote>,
    pub minutes: Option<String>,
    pub signed_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}
