//! What the solver says of a panel, in both languages: rules, why somebody sits, what clashes, what helps.

use std::collections::HashMap;

use uuid::Uuid;

use super::order::{PanelOrder, seat_of};
use crate::consultations::words::PanelSeat;
use crate::kernel::problem::Say;
use crate::panels::solver::clash::{Relaxation, Weakened};
use crate::panels::solver::panel::{Reason, Rule};
use crate::say;

/// What rules name.
#[derive(Debug, Default)]
pub struct Glossary {
    /// The fields of the order, in its order: code and name.
    pub fields: Vec<String>,
    /// Names of degrees by their place among the ranks of degrees.
    pub degrees: HashMap<u8, String>,
    /// Candidates by place.
    pub ids: Vec<Uuid>,
    /// Their names, as far as a rule may name them.
    pub names: HashMap<Uuid, String>,
}

/// A kind of seat.
pub fn seat(seat: PanelSeat) -> Say {
    match seat {
        PanelSeat::Chair => say!("chủ tịch", "chair"),
        PanelSeat::Secretary => say!("thư ký", "secretary"),
        PanelSeat::Reviewer => say!("ủy viên phản biện", "reviewer"),
        PanelSeat::Member => say!("ủy viên", "member"),
    }
}

impl Glossary {
    fn field(&self, index: u32) -> String {
        let known = usize::try_from(index).ok().and_then(|index| self.fields.get(index)).cloned();
        known.unwrap_or_else(|| index.to_string())
    }

    fn person(&self, place: usize) -> String {
        let name = self.ids.get(place).and_then(|id| self.names.get(id)).cloned();
        name.unwrap_or_default()
    }

    /// A rule.
    pub fn rule(&self, rule: Rule) -> Say {
        match rule {
            Rule::Odd => say!("số thành viên là số lẻ", "an odd number of members"),
            Rule::Size { least, most } => {
                say!("từ {least} đến {most} thành viên", "from {least} to {most} members")
            }
            Rule::Field { field, least } => {
                let field = self.field(field);
                say!("ít nhất {least} người thuộc lĩnh vực {field}", "at least {least} in the field {field}")
            }
            Rule::OutsideProvince { least } => {
                say!("ít nhất {least} người ngoài tỉnh", "at least {least} from outside the province")
            }
            Rule::OutsideAsker { least } => {
                say!("ít nhất {least} người ngoài cơ quan đề nghị", "at least {least} who don't work at who asks")
            }
            Rule::PerEmployer { most } => {
                say!("nhiều nhất {most} người cùng một nơi công tác", "at most {most} of one employer")
            }
            Rule::Balance => {
                say!("không quá một phần ba cùng một nơi công tác", "no more than a third of one employer")
            }
            Rule::LeastDegree { seat: kind, rank } => {
                let (seat, nobody) = (seat(seat_of(kind)), rank.to_string());
                let degree = self.degrees.get(&rank).unwrap_or(&nobody);
                let (vi, en) = (seat.vi, seat.en);
                say!("{vi} có học vị từ {degree} trở lên", "{en} with a degree of at least {degree}")
            }
            Rule::MostLoad { most } => say!(
                "mỗi người không quá {most} việc cùng lúc, kể cả việc này",
                "nobody with more than {most} requests at work, this one included"
            ),
            Rule::Include { candidate } => {
                let name = self.person(candidate);
                say!("có {name}", "{name} sits")
            }
            Rule::Exclude { candidate } => {
                let name = self.person(candidate);
                say!("không có {name}", "{name} does not sit")
            }
        }
    }

    /// Why somebody sits.
    pub fn reason(&self, reason: Reason) -> Say {
        match reason {
            Reason::Needed(Rule::Include { .. }) => say!("Được yêu cầu có mặt.", "Asked for by name."),
            Reason::Needed(rule) => {
                let rule = self.rule(rule);
                let (vi, en) = (rule.vi, rule.en);
                say!("Cần để giữ quy định: {vi}.", "Needed for the rule: {en}.")
            }
            Reason::BestForSeat => say!(
                "Điểm cao nhất cho ghế này trong số những người giữ đúng mọi quy định.",
                "The highest score for this seat among all who keep the rules."
            ),
            Reason::BestTogether => say!(
                "Có người điểm cao hơn cho riêng ghế này, nhưng cả hội đồng như vậy mới đạt tổng điểm cao nhất.",
                "Somebody else scores higher for this seat alone; the panel as a whole scores highest so."
            ),
        }
    }

    /// A rule that is weakened.
    pub fn weakened(&self, weakened: &Weakened) -> Say {
        let rule = self.rule(weakened.rule);
        let (vi, en) = (rule.vi, rule.en);
        match weakened.to {
            Some(to) if weakened.rule == Rule::Balance => {
                let to = self.rule(to);
                let (to_vi, to_en) = (to.vi, to.en);
                say!(
                    "thay “{vi}” bằng “{to_vi}” (mỗi người trong số đó cần lãnh đạo chấp thuận)",
                    "“{to_en}” instead of “{en}” (each of them then needs a leader's waiver)"
                )
            }
            Some(to) => {
                let to = self.rule(to);
                let (to_vi, to_en) = (to.vi, to.en);
                say!("thay “{vi}” bằng “{to_vi}”", "“{to_en}” instead of “{en}”")
            }
            None => say!("bỏ “{vi}”", "without “{en}”"),
        }
    }
}

/// Members more or fewer.
pub fn members(relaxation: &Relaxation) -> Option<Say> {
    let count = relaxation.members.unsigned_abs();
    match relaxation.members {
        0 => None,
        1.. => Some(say!("thêm {count} ủy viên", "{count} members more")),
        _ => Some(say!("bớt {count} ủy viên", "{count} members fewer")),
    }
}

/// That there are more seats than people, where no rule is to blame.
pub fn too_few(form: &PanelOrder, people: usize) -> Say {
    let seats = form.seats.unwrap_or_default();
    let size = seats.chair + seats.secretary + seats.reviewer + seats.member;
    say!(
        "Cần {size} người, chỉ có {people} người đủ điều kiện và không có xung đột.",
        "{size} people are needed, and {people} can be asked and have no conflict."
    )
}
