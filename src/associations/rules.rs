//! The rules of terms, officers, states and memberships: values in, a fault out. No SQL, no HTTP.

use chrono::{Datelike, Months, NaiveDate};

use super::model::{ExtensionRow, OfficerRow, Registry, StateRow, TermRow, UnionRow};
use super::settings::{EXTENSION_MONTHS, Rules, TERM_EXTENSIONS, TERM_YEARS};
use super::status::{self, Verb};
use super::words::{AssociationStatus, OfficerPosition};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::organisations::model::{Period, before};
use crate::say;

/// Checks that a period ends after it starts.
///
/// # Errors
/// 422 at the end.
pub fn check_order(pointer: &str, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Answer<()> {
    if from.zip(to).is_none_or(|(from, to)| from <= to) {
        return Ok(());
    }
    Err(Problem::field(
        pointer,
        "end_before_start",
        say!("Ngày kết thúc không được trước ngày bắt đầu.", "It can't end before it starts."),
    ))
}

/// Checks that something begins while the association is there.
///
/// # Errors
/// 422 at the pointer.
pub fn check_life(pointer: &str, life: Period, day: NaiveDate) -> Answer<()> {
    if life.contains(day) {
        return Ok(());
    }
    Err(Problem::field(
        pointer,
        "out_of_life",
        say!("Ngày {day} hội không tồn tại.", "The association is not there on {day}."),
    ))
}

fn months_later(day: NaiveDate, months: i64) -> Option<NaiveDate> {
    day.checked_add_months(Months::new(u32::try_from(months).unwrap_or_default()))
}

/// The last day of so many years: the day before the anniversary, or 28 February where that year has no such day.
fn last_day(from: NaiveDate, years: i64) -> Option<NaiveDate> {
    let anniversary = months_later(from, years * 12)?;
    Some(if anniversary.day() == from.day() { before(anniversary) } else { anniversary })
}

/// A term that ends on a day within its extension, with the extensions that are left and those that are not: shortened to
/// that day, or gone where nothing is left of them.
pub fn shortened(
    term: &TermRow,
    end: NaiveDate,
    known: &[ExtensionRow],
) -> (TermRow, Vec<ExtensionRow>, Vec<ExtensionRow>) {
    let extended_to = Some(end).filter(|end| *end > term.valid_to);
    let own = known.iter().filter(|row| row.term_id == term.id);
    let mut reached = term.valid_to;
    let (mut left, mut gone) = (Vec::new(), Vec::new());
    for row in own {
        if reached < end {
            reached = row.until.min(end);
            left.push(ExtensionRow { until: reached, ..row.clone() });
        } else {
            gone.push(row.clone());
        }
    }
    (TermRow { extended_to, ..term.clone() }, left, gone)
}

/// Checks that nothing that is kept of an association lies before its first day, when that is corrected.
///
/// # Errors
/// 422 at `/valid_from` with what begins first.
pub fn check_beginning(registry: &Registry, from: NaiveDate) -> Answer<()> {
    // the first state begins with the association, and must not be over by then
    let state = registry.states.first();
    let state_ends = state.and_then(|row| row.valid_to.into_iter().chain(row.until).min());
    let days = [
        (say!("nhiệm kỳ", "term"), registry.terms.first().map(|row| row.valid_from)),
        (say!("đại hội", "congress"), registry.congresses.first().map(|row| row.held_from)),
        (say!("chức vụ", "post"), registry.officers.first().map(|row| row.valid_from)),
        (say!("điều lệ", "charter"), registry.charters.first().map(|row| row.valid_from)),
        (say!("hội viên Liên hiệp hội", "membership"), registry.unions.iter().filter_map(|row| row.valid_from).min()),
        (say!("hội đặc thù", "special status"), registry.special_statuses.first().map(|row| row.valid_from)),
        (say!("trạng thái", "state"), state_ends),
    ];
    let early = days.into_iter().find_map(|(what, day)| Some((what, day.filter(|day| *day < from)?)));
    let Some((what, day)) = early else { return Ok(()) };
    let (vi, en) = (what.vi, what.en);
    Err(Problem::field(
        "/valid_from",
        "out_of_life",
        say!("Đã ghi {vi} ngày {day}, trước ngày đó.", "A {en} of {day} is on record: it lies before that."),
    ))
}

/// Checks a term by itself and beside the others.
///
/// # Errors
/// 422: an end before the start, longer than allowed on its first day, a number that is taken, days that another has.
pub fn check_term(new: &TermRow, others: &[TermRow], rules: &Rules) -> Answer<()> {
    check_order("/to", Some(new.valid_from), Some(new.valid_to))?;
    let years = rules.number(TERM_YEARS, new.valid_from);
    if last_day(new.valid_from, years).is_some_and(|last| new.valid_to > last) {
        return Err(Problem::field(
            "/to",
            "term_too_long",
            say!("Nhiệm kỳ dài hơn {years} năm.", "The term is longer than {years} years."),
        ));
    }
    let mut others = others.iter().filter(|other| other.id != new.id);
    if others.clone().any(|other| other.number == new.number) {
        let number = new.number;
        return Err(Problem::field(
            "/number",
            "number_taken",
            say!("Nhiệm kỳ thứ {number} đã có.", "Term {number} is on record already."),
        ));
    }
    let Some(other) = others.find(|other| other.period().overlaps(new.period())) else { return Ok(()) };
    let (number, from, to) = (other.number, other.valid_from, other.end());
    Err(Problem::field(
        "/from",
        "term_overlap",
        say!(
            "Trùng thời gian với nhiệm kỳ {number} (từ {from} đến {to}).",
            "It shares days with term {number} ({from} to {to}).",
        ),
    ))
}

/// Checks the extension of a term.
///
/// # Errors
/// 422: not later than its end, extended as often as allowed, days that the next term has.
pub fn check_extension(
    term: &TermRow,
    until: NaiveDate,
    known: &[ExtensionRow],
    others: &[TermRow],
    rules: &Rules,
) -> Answer<()> {
    let end = term.end();
    if until <= end {
        return Err(Problem::field(
            "/until",
            "end_before_start",
            say!("Nhiệm kỳ đã kéo dài đến {end}; gia hạn phải đến sau ngày đó.", "The term lasts to {end} already."),
        ));
    }
    let allowed = rules.number(TERM_EXTENSIONS, end);
    let times = i64::try_from(known.iter().filter(|row| row.term_id == term.id).count()).unwrap_or(i64::MAX);
    if times >= allowed {
        return Err(Problem::field(
            "/until",
            "extended_already",
            say!(
                "Nhiệm kỳ này đã được gia hạn {times} lần; được phép {allowed} lần.",
                "The term was extended {times} times; {allowed} is allowed.",
            ),
        ));
    }
    let months = rules.number(EXTENSION_MONTHS, term.valid_to);
    if months_later(term.valid_to, months).is_some_and(|last| until > last) {
        let regular = term.valid_to;
        return Err(Problem::field(
            "/until",
            "extension_too_long",
            say!(
                "Gia hạn quá {months} tháng kể từ ngày {regular}.",
                "The term would last more than {months} months after {regular}.",
            ),
        ));
    }
    let longer = Period { from: Some(term.valid_from), to: Some(until) };
    let overlaps = |other: &&TermRow| other.id != term.id && other.period().overlaps(longer);
    let Some(other) = others.iter().find(overlaps) else { return Ok(()) };
    let (number, from) = (other.number, other.valid_from);
    Err(Problem::field(
        "/until",
        "term_overlap",
        say!("Nhiệm kỳ {number} bắt đầu từ {from}.", "Term {number} begins on {from}."),
    ))
}

/// Checks an officer beside the term and the others.
///
/// # Errors
/// 422: an end before the start, days outside of the term, two presidents at once, one post twice.
pub fn check_officer(new: &OfficerRow, term: Option<&TermRow>, others: &[OfficerRow]) -> Answer<()> {
    check_order("/to", Some(new.valid_from), new.valid_to)?;
    if let Some(term) = term {
        let (from, to) = (term.valid_from, term.end());
        if new.valid_from < from || new.valid_to.is_none_or(|end| end > to) {
            let pointer = if new.valid_from < from { "/from" } else { "/to" };
            return Err(Problem::field(
                pointer,
                "outside_term",
                say!("Nhiệm kỳ từ {from} đến {to}.", "The term lasts from {from} to {to}."),
            ));
        }
    }
    let shares = |other: &&OfficerRow| other.id != new.id && other.period().overlaps(new.period());
    let mut others = others.iter().filter(shares).filter(|other| other.position == new.position);
    if new.position == OfficerPosition::President {
        let Some(other) = others.next() else { return Ok(()) };
        let (name, from) = (&other.full_name, other.valid_from);
        return Err(Problem::field(
            "/position",
            "two_presidents",
            say!(
                "Cùng lúc chỉ có một chủ tịch: {name} là chủ tịch từ {from}.",
                "There is one president at a time: {name} is president since {from}.",
            ),
        ));
    }
    if others.any(|other| other.name_key == new.name_key) {
        return Err(Problem::field(
            "/position",
            "post_held_already",
            say!("Người này đang giữ chức vụ đó.", "This person holds that post already."),
        ));
    }
    Ok(())
}

/// Checks a membership in a Union beside the others.
///
/// # Errors
/// 422 at `/from` when it shares days with another in the same Union.
pub fn check_union(new: &UnionRow, others: &[UnionRow]) -> Answer<()> {
    check_order("/effective_on", new.valid_from, new.valid_to)?;
    let shares = |other: &&UnionRow| {
        other.id != new.id && other.union_id == new.union_id && other.period().overlaps(new.period())
    };
    let Some(other) = others.iter().find(shares) else { return Ok(()) };
    let from = other.valid_from.map_or_else(|| "–".to_owned(), |day| day.to_string());
    Err(Problem::field(
        "/effective_on",
        "overlap",
        say!("Đã là hội viên của Liên hiệp hội từ {from}.", "It belongs to the Union already, since {from}."),
    ))
}

/// What ends with an association, as it is then.
#[derive(Debug, Default)]
pub struct Ended {
    /// Its term.
    pub terms: Vec<TermRow>,
    /// What is left of extensions.
    pub extensions: Vec<ExtensionRow>,
    /// Extensions of which nothing is left.
    pub gone: Vec<ExtensionRow>,
    /// The posts held to its end.
    pub officers: Vec<OfficerRow>,
    /// The memberships in Unions that lasted to its end.
    pub unions: Vec<UnionRow>,
}

/// What would outlast an association that is no more after a day.
///
/// # Errors
/// 422 at `/effective_on` for what begins after that day: it would never have been.
pub fn ended(registry: &Registry, last: NaiveDate) -> Answer<Ended> {
    let begins = registry.terms.iter().map(|row| row.valid_from);
    let begins = begins.chain(registry.officers.iter().map(|row| row.valid_from));
    let begins = begins.chain(registry.unions.iter().filter_map(|row| row.valid_from));
    if let Some(later) = begins.filter(|from| *from > last).min() {
        let detail = say!(
            "Đã ghi nhiệm kỳ, chức vụ hoặc hội viên từ {later}; hãy sửa trước.",
            "A term, post or membership from {later} is on record; correct it first.",
        );
        return Err(Problem::field("/effective_on", "out_of_life", detail));
    }
    let mut ended = Ended::default();
    for term in registry.terms.iter().filter(|term| term.end() > last) {
        let term = TermRow { valid_to: term.valid_to.min(last), ..term.clone() };
        let (term, left, gone) = shortened(&term, last, &registry.extensions);
        ended.terms.push(term);
        ended.extensions.extend(left);
        ended.gone.extend(gone);
    }
    let outlasts = |to: Option<NaiveDate>| to.is_none_or(|to| to > last);
    let officers = registry.officers.iter().filter(|row| outlasts(row.valid_to)).cloned();
    ended.officers = officers.map(|row| OfficerRow { valid_to: Some(last), ..row }).collect();
    let unions = registry.unions.iter().filter(|row| outlasts(row.valid_to)).cloned();
    ended.unions = unions.map(|row| UnionRow { valid_to: Some(last), ..row }).collect();
    Ok(ended)
}

/// Where a verb leads from how an association stands on a day.
///
/// # Errors
/// 409 that lists what is possible.
pub fn check_step(from: AssociationStatus, verb: Verb) -> Answer<AssociationStatus> {
    status::step(from, verb).ok_or_else(|| {
        let possible: Vec<&str> = status::possible(from).map(Verb::as_str).collect();
        let list = if possible.is_empty() { "–".to_owned() } else { possible.join(", ") };
        let (from, verb) = (from.as_str(), verb.as_str());
        Problem::new(Code::Conflict).detail(say!(
            "Trạng thái là `{from}`, không thể `{verb}`; có thể: {list}.",
            "The state is `{from}`: `{verb}` is not possible. Possible: {list}.",
        ))
    })
}

/// The states of an association when it stands otherwise from a day on: what was before ends the day before.
///
/// # Errors
/// 409 when a state of that day or a later one is on record.
pub fn next_state(registry: &Registry, life: Period, new: StateRow) -> Answer<Vec<StateRow>> {
    let day = new.valid_from.unwrap_or_default();
    if let Some(later) = registry.states.iter().filter_map(|row| row.valid_from).find(|from| *from >= day) {
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Đã ghi trạng thái từ ngày {later}; ngày hiệu lực phải sau ngày đó.",
            "A state from {later} is on record; it takes effect after that.",
        )));
    }
    let mut changed: Vec<StateRow> = registry.states.iter().filter(|row| row.valid_to.is_none()).cloned().collect();
    if registry.states.is_empty() && life.from.is_none_or(|from| from < day) {
        let implied = StateRow {
            id: crate::kernel::id::new_id(),
            state: AssociationStatus::Active,
            valid_from: life.from,
            valid_to: None,
            until: None,
            document: None,
            reason: None,
            organisation_id: new.organisation_id,
        };
        changed.push(implied);
    }
    changed.iter_mut().for_each(|row| row.valid_to = Some(before(day)));
    changed.push(new);
    Ok(changed)
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
