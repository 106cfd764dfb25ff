//! The closed lists of words of this slice, as written in JSON and in the database.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// Every one, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As written in JSON and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

words! {
    /// What is asked of the Union.
    ConsultationKind {
        /// Tư vấn: advice while something is prepared.
        Consultation = "consultation",
        /// Phản biện: a review of a draft before it is decided.
        CriticalReview = "critical_review",
        /// Giám định xã hội: an assessment while it is carried out, or after.
        SocialAssessment = "social_assessment",
    }
}

impl ConsultationKind {
    /// The letters before its register numbers.
    pub const fn series(self) -> &'static str {
        match self {
            Self::Consultation => "TV",
            Self::CriticalReview => "PB",
            Self::SocialAssessment => "GD",
        }
    }
}

words! {
    /// How it came about.
    ConsultationOrigin {
        /// Đặt hàng: an agency asks for it.
        Ordered = "ordered",
        /// Giao nhiệm vụ: the People's Committee, the People's Council or the Party's committee assigns it.
        Assigned = "assigned",
        /// Tự đề xuất: the Union begins it; who would have asked is the addressee.
        SelfInitiated = "self_initiated",
    }
}

words! {
    /// What it is about.
    ConsultationObject {
        /// Đề án.
        Scheme = "scheme",
        /// Dự án.
        Project = "project",
        /// Quy hoạch.
        Plan = "plan",
        /// Chính sách.
        Policy = "policy",
        /// Dự thảo văn bản.
        DraftDocument = "draft_document",
    }
}

words! {
    /// Where a consultation stands.
    ConsultationState {
        /// Dự thảo.
        Draft = "draft",
        /// Đã gửi đề nghị.
        Submitted = "submitted",
        /// Yêu cầu bổ sung hồ sơ.
        NeedsCompletion = "needs_completion",
        /// Từ chối tiếp nhận.
        Declined = "declined",
        /// Đã tiếp nhận.
        Accepted = "accepted",
        /// Thành lập hội đồng, tổ chuyên gia.
        PanelForming = "panel_forming",
        /// Chuyên gia đang cho ý kiến.
        InReview = "in_review",
        /// Tổng hợp, dự thảo và trình ký kết luận.
        Concluding = "concluding",
        /// Đã gửi báo cáo.
        Delivered = "delivered",
        /// Đã có phản hồi.
        Responded = "responded",
        /// Hoàn tất, lưu hồ sơ.
        Closed = "closed",
        /// Tạm dừng: no time runs, and it goes on where it was.
        Suspended = "suspended",
        /// Rút đề nghị: by who asked.
        Withdrawn = "withdrawn",
        /// Hủy: by the Union.
        Cancelled = "cancelled",
    }
}

impl ConsultationState {
    /// True when nothing more happens.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Declined | Self::Closed | Self::Withdrawn | Self::Cancelled)
    }
}

words! {
    /// How soon it is needed.
    Urgency {
        /// Thường.
        Normal = "normal",
        /// Khẩn.
        Urgent = "urgent",
    }
}

words! {
    /// Why the Union declines a request.
    DeclineReason {
        /// Ngoài phạm vi.
        OutOfScope = "out_of_scope",
        /// Không đủ chuyên gia phù hợp.
        NoSuitableExperts = "no_suitable_experts",
        /// Không đủ thời gian.
        TooLittleTime = "too_little_time",
        /// Xung đột lợi ích.
        ConflictOfInterest = "conflict_of_interest",
        /// Bí mật nhà nước.
        StateSecret = "state_secret",
        /// Trùng với đề nghị khác.
        Duplicate = "duplicate",
    }
}

words! {
    /// Who is proposed to pay.
    FundingSource {
        /// Ngân sách tỉnh.
        ProvincialBudget = "provincial_budget",
        /// Kinh phí sự nghiệp khoa học.
        ScienceBudget = "science_budget",
        /// Cơ quan đặt hàng.
        Asker = "asker",
        /// Kinh phí của Liên hiệp hội.
        Union = "union",
        /// Tài trợ.
        Sponsor = "sponsor",
    }
}

words! {
    /// What an attachment is.
    AttachmentKind {
        /// Hồ sơ đề án, dự án, dự thảo được lấy ý kiến.
        Scheme = "scheme",
        /// Bản quét công văn.
        Letter = "letter",
        /// Tài liệu khác.
        Other = "other",
    }
}

words! {
    /// Who reads a file.
    AttachmentVisibility {
        /// The asker and the Union.
        Shared = "shared",
        /// The Union alone.
        Internal = "internal",
    }
}

words! {
    /// What a consultation waits for.
    ConsultationStep {
        /// The Union accepts, declines or asks for more.
        Decide = "decide",
        /// The asker completes the file.
        Complete = "complete",
        /// The experts give their opinions.
        Opinions = "opinions",
        /// The Union's report goes out.
        Report = "report",
        /// The asker says what it takes up, and why not the rest.
        Reply = "reply",
    }
}

impl ConsultationStep {
    /// True when the asker is the one who is waited for.
    pub const fn is_the_askers(self) -> bool {
        matches!(self, Self::Complete | Self::Reply)
    }
}

words! {
    /// What somebody does on a panel.
    PanelSeat {
        /// Chủ tịch.
        Chair = "chair",
        /// Thư ký.
        Secretary = "secretary",
        /// Ủy viên phản biện.
        Reviewer = "reviewer",
        /// Ủy viên.
        Member = "member",
    }
}

words! {
    /// How somebody stands to a panel.
    PanelMemberState {
        /// Chosen by the Union.
        Chosen = "chosen",
        /// Asked to take part.
        Invited = "invited",
        /// Said yes.
        Accepted = "accepted",
        /// Said no.
        Declined = "declined",
        /// Said nothing in time.
        Silent = "silent",
        /// Left because of a conflict of interest.
        Recused = "recused",
        /// Let go by the Union, or replaced.
        Released = "released",
    }
}

impl PanelMemberState {
    /// Whether the person has the seat now.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Chosen | Self::Invited | Self::Accepted)
    }
}

words! {
    /// Why somebody does not take part.
    DeclineCode {
        /// Has no time now.
        Busy = "busy",
        /// Has a conflict of interest.
        Conflict = "conflict",
        /// Knows too little of it.
        NotMyField = "not_my_field",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// What somebody is reminded of.
    ReminderKind {
        /// An answer to an invitation is due soon.
        AnswerSoon = "answer_soon",
        /// It did not come in time.
        AnswerLate = "answer_late",
        /// An opinion is due soon.
        DeliverSoon = "deliver_soon",
        /// It did not come in time.
        DeliverLate = "deliver_late",
        /// The asker's reply is due soon.
        ReplySoon = "reply_soon",
        /// It did not come in time.
        ReplyLate = "reply_late",
    }
}

words! {
    /// What an expert says to a scheme.
    OpinionAssessment {
        /// Agrees with it.
        Agree = "agree",
        /// Agrees, if it is changed.
        AgreeWithChanges = "agree_with_changes",
        /// Disagrees.
        Disagree = "disagree",
    }
}

words! {
    /// Where an opinion stands.
    OpinionState {
        /// Is written.
        Draft = "draft",
        /// Was handed in.
        Submitted = "submitted",
    }
}

words! {
    /// What the asker makes of a recommendation.
    RecommendationOutcome {
        /// Tiếp thu.
        Adopted = "adopted",
        /// Tiếp thu một phần.
        PartlyAdopted = "partly_adopted",
        /// Không tiếp thu.
        NotAdopted = "not_adopted",
    }
}

words! {
    /// How somebody stands to a consultation as to conflicts of interest.
    ConflictOutcome {
        /// Nothing was found and nothing declared.
        None = "none",
        /// Something was found, and nobody decided on it yet.
        Open = "open",
        /// The person declared a conflict, and nobody decided on it yet.
        Declared = "declared",
        /// A leader let the person take part all the same.
        Waived = "waived",
        /// The person does not take part.
        Recused = "recused",
    }
}

words! {
    /// What makes a conflict of interest.
    ConflictKind {
        /// Works at who asks or decides, or at a body above or under it.
        WorksAt = "works_at",
        /// Worked there within the years that count.
        WorkedAt = "worked_at",
        /// Drafted what is judged.
        Drafter = "drafter",
        /// Has the name of a drafter of whom no record is known.
        NamedAsDrafter = "named_as_drafter",
        /// Works at a body that drafted it.
        WorksForDrafter = "works_for_drafter",
        /// Published with a drafter within the years that count.
        SharedPublication = "shared_publication",
        /// Took part in a project with a drafter within the years that count.
        SharedProject = "shared_project",
        /// Officer of an association that asks, decides, drafted it or stands above or under who does.
        AssociationOfficer = "association_officer",
        /// More than a third of the panel is of one employer, theirs.
        Balance = "balance",
        /// Said so.
        Declared = "declared",
    }
}

words! {
    /// How much a conflict weighs.
    ConflictSeverity {
        /// Works there now, drafted it, or said so.
        High = "high",
        /// Anything else.
        Medium = "medium",
        /// By a name alone: to be found out.
        Low = "low",
    }
}

words! {
    /// Which part a body has in a consultation.
    ConflictSide {
        /// It asks.
        Asker = "asker",
        /// It decides.
        Authority = "authority",
        /// It drafted what is judged.
        Drafter = "drafter",
    }
}

words! {
    /// How a body stands to the one that has a part in a consultation.
    ConflictTie {
        /// It is that one, or one holds the place of the other.
        Same = "same",
        /// It stands above it.
        Above = "above",
        /// It stands under it.
        Below = "below",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_written_as_serde_writes_it() {
        macro_rules! check {
            ($($name:ident),+) => {$(
                assert!(!$name::ALL.is_empty());
                for word in $name::ALL {
                    assert_eq!(serde_json::to_value(word).unwrap(), word.as_str());
                }
            )+};
        }
        check!(
            ConsultationKind,
            ConsultationOrigin,
            ConsultationObject,
            ConsultationState,
            Urgency,
            DeclineReason,
            FundingSource,
            AttachmentKind,
            AttachmentVisibility,
            ConsultationStep,
            OpinionAssessment,
            OpinionState
        );
        assert_eq!(ConsultationState::ALL.iter().filter(|state| state.is_over()).count(), 4);
    }
}
