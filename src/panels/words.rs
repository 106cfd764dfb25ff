//! What the solver says is wrong, in both languages.

use super::solver::matrix::{Fault, FaultKind, MAX_PAIRS, MAX_SCORE};
use super::solver::relax::{Change, Infeasible, Shortage, Way};
use crate::kernel::problem::{Code, FieldError, Problem, Say};
use crate::say;

/// A question that does not hold together.
pub fn faults(faults: &[Fault]) -> Problem {
    let errors = faults.iter().map(|fault| {
        let (code, detail) = fault_words(&fault.kind);
        FieldError::new(fault.pointer(), code, detail)
    });
    Problem::fields(errors.collect()).unwrap_or_else(|| Problem::new(Code::Invalid))
}

fn fault_words(kind: &FaultKind) -> (&'static str, Say) {
    match *kind {
        FaultKind::Length { wanted, found } => (
            "wrong_length",
            say!(
                "Có {found} phần tử, cần {wanted}.",
                "{found} instead of {wanted}: lists and rows must be equally long."
            ),
        ),
        FaultKind::Empty => {
            ("required", say!("Cần ít nhất một yêu cầu và một chuyên gia.", "At least one request and one expert."))
        }
        FaultKind::TooLarge { pairs } => (
            "too_large",
            say!(
                "{pairs} cặp yêu cầu và chuyên gia; nhiều nhất {MAX_PAIRS}.",
                "{pairs} pairs of request and expert; at most {MAX_PAIRS}."
            ),
        ),
        FaultKind::Score => (
            "invalid_value",
            say!("Điểm là số hữu hạn từ 0 đến {MAX_SCORE:e}.", "A score is a finite number from 0 to {MAX_SCORE:e}."),
        ),
        FaultKind::Negative => ("invalid_value", say!("Không được nhỏ hơn 0.", "Must not be below 0.")),
        FaultKind::DemandAboveExperts { experts } => (
            "too_large",
            say!("Nhiều hơn số chuyên gia: chỉ có {experts}.", "More experts than the {experts} there are."),
        ),
        FaultKind::MinAboveMax { max } => {
            ("invalid_value", say!("Lớn hơn `load_max` ({max}).", "Above the expert's `load_max` ({max})."))
        }
        FaultKind::MinAboveRequests { requests } => (
            "too_large",
            say!("Nhiều hơn số yêu cầu: chỉ có {requests}.", "More requests than the {requests} there are."),
        ),
        FaultKind::Index { below } => (
            "unknown_index",
            say!(
                "Không có chỉ số này; đánh số từ 0, nhỏ hơn {below}.",
                "There is none; indices go from 0 to below {below}."
            ),
        ),
    }
}

/// A question that no assignment answers: who lacks whom, and what helps.
pub fn infeasible(infeasible: &Infeasible) -> Problem {
    let (pointer, shortage) = shortage_words(&infeasible.shortage);
    let ways: Vec<Say> = infeasible.ways.iter().map(way_words).collect();
    let vi = ways.iter().map(|way| way.vi.as_str()).collect::<Vec<_>>().join("; hoặc: ");
    let en = ways.iter().map(|way| way.en.as_str()).collect::<Vec<_>>().join("; or: ");
    let (lacks_vi, lacks_en) = (shortage.vi, shortage.en);
    Problem::field(pointer, "infeasible", say!("{lacks_vi} Có thể: {vi}.", "{lacks_en} What helps: {en}."))
}

fn shortage_words(shortage: &Shortage) -> (String, Say) {
    match shortage {
        Shortage::Experts { request, requests, experts, wanted, available } => {
            let (requests, experts) = (list(requests), list(experts));
            let said = if experts.is_empty() {
                say!(
                    "Yêu cầu {request} cần {wanted} chuyên gia, chỉ {available} người được phép.",
                    "Request {request} wants {wanted} experts, and only {available} may sit on it."
                )
            } else {
                say!(
                    "Yêu cầu {request} thiếu chuyên gia: các yêu cầu {requests} cần {wanted} chỗ, chỉ lấp được {available}, \
                     vì chuyên gia {experts} đã nhận đủ.",
                    "Request {request} lacks experts: the requests {requests} want {wanted} seats and only {available} can be \
                     filled, as the experts {experts} have all they take."
                )
            };
            (format!("/demand/{request}"), said)
        }
        Shortage::Requests { experts, wanted, available } => {
            let first = experts.first().copied().unwrap_or(0);
            let experts = list(experts);
            let said = say!(
                "Chuyên gia {experts} phải nhận ít nhất {wanted} yêu cầu, chỉ có {available} chỗ cho họ.",
                "The experts {experts} must get {wanted} requests, and only {available} seats are there for them."
            );
            (format!("/load_min/{first}"), said)
        }
    }
}

fn way_words(way: &Way) -> Say {
    let changes: Vec<Say> = way.changes.iter().map(change_words).collect();
    let shown = changes.iter().take(10);
    let mut vi = shown.clone().map(|change| change.vi.as_str()).collect::<Vec<_>>().join(", ");
    let mut en = shown.map(|change| change.en.as_str()).collect::<Vec<_>>().join(", ");
    let (more, size) = (changes.len().saturating_sub(10), way.size);
    if more > 0 {
        vi += &format!(" và {more} thay đổi nữa, tổng cộng {size}");
        en += &format!(" and {more} more changes, {size} in all");
    }
    Say { vi, en }
}

fn change_words(change: &Change) -> Say {
    match *change {
        Change::RaiseLoad { expert, by } => {
            say!("chuyên gia {expert} nhận thêm {by} (`load_max`)", "expert {expert} takes {by} more (`load_max`)")
        }
        Change::LowerDemand { request, by } => {
            say!("yêu cầu {request} bớt {by} người (`demand`)", "request {request} wants {by} fewer (`demand`)")
        }
        Change::LowerMinimum { expert, by } => {
            say!(
                "chuyên gia {expert} phải nhận ít hơn {by} (`load_min`)",
                "expert {expert} must get {by} fewer (`load_min`)"
            )
        }
    }
}

/// The first twenty, and how many more.
fn list(indices: &[usize]) -> String {
    let shown: Vec<String> = indices.iter().take(20).map(ToString::to_string).collect();
    let more = indices.len().saturating_sub(20);
    if more > 0 { format!("{} (+{more})", shown.join(", ")) } else { shown.join(", ") }
}
