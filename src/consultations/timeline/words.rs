//! What a timeline is made of, and what it says, in both languages.

use serde::Serialize;
use utoipa::ToSchema;

use crate::consultations::panel::seat;
use crate::consultations::state::Verb;
use crate::consultations::words::{ConsultationState, ConsultationStep, PanelSeat, ReminderKind};
use crate::kernel::problem::Say;
use crate::say;

/// What a point of a timeline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineKind {
    /// A verb was done.
    Move,
    /// Somebody was asked to sit.
    Invited,
    /// Somebody in line was asked in the place of another.
    SteppedIn,
    /// Somebody said yes.
    InvitationAccepted,
    /// Somebody said no.
    InvitationDeclined,
    /// Somebody said nothing in time.
    InvitationSilent,
    /// Somebody left because of a conflict of interest.
    MemberRecused,
    /// Somebody was let go or replaced.
    MemberReleased,
    /// Other days than the usual ones were agreed with somebody.
    DatesAgreed,
    /// Somebody was reminded.
    Reminder,
    /// A conflict of interest came up.
    ConflictFound,
    /// Somebody declared one.
    ConflictDeclared,
    /// A leader waived one.
    ConflictWaived,
    /// An opinion was handed in, or a new version of it.
    OpinionSubmitted,
    /// The panel met.
    MeetingHeld,
    /// The minutes of a meeting were signed.
    MinutesSigned,
    /// A version of the conclusion was begun.
    ConclusionDrafted,
    /// It was signed.
    ConclusionSigned,
    /// It went out.
    ConclusionDelivered,
    /// The asker said what it makes of recommendations.
    Replied,
    /// The authority decides.
    Decision,
    /// A step of the consultation is due.
    StepDue,
    /// Somebody's answer to the invitation is due.
    AnswerDue,
    /// Somebody's opinion is due.
    DeliverDue,
    /// A suspended consultation is expected to go on.
    ResumeDue,
}

/// In whose lane something is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineLane {
    /// Who asks and decides.
    Asker,
    /// The Union.
    Union,
    /// The experts of the panel.
    Panel,
}

impl TimelineLane {
    /// Every one, from the top.
    pub const ALL: [Self; 3] = [Self::Asker, Self::Union, Self::Panel];

    /// Its name.
    pub fn name(self) -> Say {
        match self {
            Self::Asker => say!("Cơ quan đề nghị", "Asker"),
            Self::Union => say!("Liên hiệp hội", "Union"),
            Self::Panel => say!("Hội đồng, tổ chuyên gia", "Panel"),
        }
    }
}

/// A state.
pub fn state(state: ConsultationState) -> Say {
    match state {
        ConsultationState::Draft => say!("Dự thảo", "Draft"),
        ConsultationState::Submitted => say!("Đã gửi đề nghị", "Submitted"),
        ConsultationState::NeedsCompletion => say!("Yêu cầu bổ sung hồ sơ", "Returned for completion"),
        ConsultationState::Declined => say!("Từ chối tiếp nhận", "Declined"),
        ConsultationState::Accepted => say!("Đã tiếp nhận", "Accepted"),
        ConsultationState::PanelForming => say!("Thành lập hội đồng, tổ chuyên gia", "Panel being formed"),
        ConsultationState::InReview => say!("Chuyên gia đang cho ý kiến", "Under review"),
        ConsultationState::Concluding => {
            say!("Tổng hợp, dự thảo và trình ký kết luận", "Conclusion being drafted")
        }
        ConsultationState::Delivered => say!("Đã gửi báo cáo", "Report delivered"),
        ConsultationState::Responded => say!("Đã có phản hồi", "Asker replied"),
        ConsultationState::Closed => say!("Hoàn tất, lưu hồ sơ", "Closed"),
        ConsultationState::Suspended => say!("Tạm dừng", "Suspended"),
        ConsultationState::Withdrawn => say!("Rút đề nghị", "Withdrawn"),
        ConsultationState::Cancelled => say!("Hủy", "Cancelled"),
    }
}

/// A move; none is the beginning. `again` where what was missing is sent in.
pub fn moved(verb: Option<Verb>, again: bool) -> Say {
    let Some(verb) = verb else { return say!("Lập hồ sơ", "Entered") };
    match verb {
        Verb::Submit if again => say!("Gửi hồ sơ bổ sung", "What was missing sent in"),
        Verb::Submit => say!("Gửi đề nghị", "Sent in"),
        Verb::RequestCompletion => say!("Yêu cầu bổ sung hồ sơ", "Returned for completion"),
        Verb::Accept => say!("Tiếp nhận đề nghị", "Accepted"),
        Verb::Decline => say!("Từ chối tiếp nhận", "Declined"),
        Verb::FormPanel => say!("Bắt đầu thành lập hội đồng", "Panel begun"),
        Verb::ApprovePanel => say!("Phê duyệt hội đồng", "Panel approved"),
        Verb::Conclude => say!("Bắt đầu tổng hợp kết luận", "Conclusion begun"),
        Verb::ReopenReview => say!("Lấy ý kiến lại", "Opinions asked for once more"),
        Verb::Deliver => say!("Gửi báo cáo", "Report delivered"),
        Verb::Respond => say!("Cơ quan đề nghị trả lời báo cáo", "Asker replied to the report"),
        Verb::Close => say!("Kết thúc, lưu hồ sơ", "Closed"),
        Verb::Reschedule => say!("Thống nhất lại thời hạn", "Rescheduled"),
        Verb::Suspend => say!("Tạm dừng", "Suspended"),
        Verb::Resume => say!("Tiếp tục", "Resumed"),
        Verb::Withdraw => say!("Rút đề nghị", "Withdrawn"),
        Verb::Cancel => say!("Hủy", "Cancelled"),
    }
}

/// A step that is due.
pub fn due(step: ConsultationStep) -> Say {
    match step {
        ConsultationStep::Decide => say!("Hạn trả lời tiếp nhận hay từ chối", "The Union's answer is due"),
        ConsultationStep::Complete => say!("Hạn bổ sung hồ sơ", "The missing items are due"),
        ConsultationStep::Opinions => say!("Hạn các chuyên gia nộp ý kiến", "The experts' opinions are due"),
        ConsultationStep::Report => say!("Hạn gửi báo cáo", "The report is due"),
        ConsultationStep::Reply => say!("Hạn cơ quan trả lời báo cáo", "The asker's reply is due"),
    }
}

/// Somebody is asked to sit; with whom they step in for.
pub fn invited(name: &str, kind: PanelSeat, replaced: Option<&str>) -> Say {
    let Say { vi, en } = seat(kind);
    match replaced {
        None => say!("Mời {name} làm {vi}", "{name} is invited as {en}"),
        Some(other) => {
            say!("Mời {name} (dự bị) làm {vi} thay {other}", "{name} is invited as {en} in place of {other}")
        }
    }
}

/// What became of somebody of the panel.
pub fn of_member(kind: TimelineKind, name: &str) -> Say {
    match kind {
        TimelineKind::InvitationAccepted => say!("{name} nhận lời", "{name} accepts"),
        TimelineKind::InvitationDeclined => say!("{name} từ chối lời mời", "{name} declines"),
        TimelineKind::InvitationSilent => say!("{name} không trả lời lời mời", "{name} does not answer"),
        TimelineKind::MemberRecused => say!("{name} rút khỏi hội đồng vì xung đột lợi ích", "{name} is recused"),
        TimelineKind::MemberReleased => say!("{name} thôi tham gia hội đồng", "{name} is released"),
        TimelineKind::DatesAgreed => say!("Thống nhất thời hạn với {name}", "Dates agreed with {name}"),
        TimelineKind::ConflictFound => {
            say!("Phát hiện xung đột lợi ích của {name}", "A conflict of interest of {name} came up")
        }
        TimelineKind::ConflictDeclared => {
            say!("{name} kê khai xung đột lợi ích", "A conflict of interest of {name} is declared")
        }
        TimelineKind::ConflictWaived => {
            say!("Lãnh đạo chấp thuận để {name} tham gia", "A conflict of interest of {name} is waived")
        }
        TimelineKind::AnswerDue => say!("Hạn {name} trả lời lời mời", "The answer of {name} is due"),
        TimelineKind::DeliverDue => say!("Hạn {name} nộp ý kiến", "The opinion of {name} is due"),
        _ => say!("{name}", "{name}"),
    }
}

/// An opinion that was handed in.
pub fn opinion(name: &str, revision: i32) -> Say {
    if revision > 1 {
        return say!("{name} nộp ý kiến sửa đổi (lần {revision})", "{name} hands in version {revision} of the opinion");
    }
    say!("{name} nộp ý kiến", "{name} hands in the opinion")
}

/// A reminder; of nobody of the panel, the asker was reminded.
pub fn reminded(of: ReminderKind, name: &str) -> Say {
    match of {
        ReminderKind::AnswerSoon => {
            say!("Nhắc {name} sắp đến hạn trả lời", "{name} is reminded that the answer is due soon")
        }
        ReminderKind::AnswerLate => {
            say!("Nhắc {name} đã quá hạn trả lời", "{name} is reminded that the answer is late")
        }
        ReminderKind::DeliverSoon => {
            say!("Nhắc {name} sắp đến hạn nộp ý kiến", "{name} is reminded that the opinion is due soon")
        }
        ReminderKind::DeliverLate => {
            say!("Nhắc {name} đã quá hạn nộp ý kiến", "{name} is reminded that the opinion is late")
        }
        ReminderKind::ReplySoon => {
            say!("Nhắc cơ quan sắp đến hạn trả lời báo cáo", "The asker is reminded that the reply is due soon")
        }
        ReminderKind::ReplyLate => {
            say!("Nhắc cơ quan đã quá hạn trả lời báo cáo", "The asker is reminded that the reply is late")
        }
    }
}

/// A meeting, or its minutes.
pub fn meeting(kind: TimelineKind, number: i32) -> Say {
    match kind {
        TimelineKind::MinutesSigned => {
            say!("Ký biên bản họp hội đồng lần {number}", "Minutes of meeting {number} signed")
        }
        _ => say!("Họp hội đồng lần {number}", "Meeting {number} of the panel"),
    }
}

/// A version of the conclusion.
pub fn conclusion(kind: TimelineKind, number: i32) -> Say {
    let what = if number > 1 {
        say!("kết luận đính chính (bản {number})", "Corrected conclusion (version {number})")
    } else {
        say!("kết luận", "Conclusion")
    };
    let Say { vi, en } = what;
    match kind {
        TimelineKind::ConclusionSigned => say!("Ký {vi}", "{en} signed"),
        TimelineKind::ConclusionDelivered => say!("Gửi {vi}", "{en} delivered"),
        _ => say!("Dự thảo {vi}", "{en} drafted"),
    }
}

/// What the asker makes of recommendations: how many it adopts, adopts partly, and does not.
pub fn replied(adopted: i64, partly: i64, not: i64) -> Say {
    let all = adopted + partly + not;
    say!(
        "Trả lời {all} kiến nghị: tiếp thu {adopted}, một phần {partly}, không tiếp thu {not}",
        "Reply to {all} recommendations: {adopted} adopted, {partly} partly, {not} not",
    )
}

/// The decision, made or planned.
pub fn decision(made: bool) -> Say {
    if made {
        say!("Cấp có thẩm quyền quyết định", "The authority decided")
    } else {
        say!("Dự kiến cấp có thẩm quyền quyết định", "The authority means to decide")
    }
}

/// The day a suspended one is expected to go on.
pub fn resume() -> Say {
    say!("Dự kiến tiếp tục", "Expected to go on")
}
