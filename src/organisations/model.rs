//! What an organisation is, true in time, and the rules of its changes. No SQL, no HTTP.
//!
//! A body has one identity for life; what it is called, what it stands under and where it is are [`Version`]s, without gaps
//! or overlaps, from its first to its last day. A date is the first or last day on which something holds; an empty one is
//! not known (a beginning) or not reached (an end).

use std::collections::{BTreeSet, HashMap};

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::kernel::document::Document;
use crate::kernel::problem::{Answer, Code, Problem, Say};
use crate::say;

/// What an organisation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A department, committee or authority; Party and Front bodies too.
    Agency,
    /// A Union of Science and Technology Associations.
    Union,
    /// A member association.
    Association,
    /// A school, hospital, institute, company: where experts work.
    Institution,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Agency, Self::Union, Self::Association, Self::Institution];

    /// As written in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Union => "union",
            Self::Association => "association",
            Self::Institution => "institution",
        }
    }

    /// Reads [`Kind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// How a body goes on in others (Nghị định 126/2024/NĐ-CP names these forms for associations; agencies use the same).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuccessionKind {
    /// Đổi tên: the same body under another name.
    Renamed,
    /// Sáp nhập: it ends and becomes part of a body that lived before and lives on.
    MergedInto,
    /// Hợp nhất: it ends, with others, in a new body.
    Consolidated,
    /// Tách: a part of it becomes a new body, and it lives on.
    Split,
    /// Chia: it ends in several new bodies.
    Divided,
}

impl SuccessionKind {
    /// As written in JSON and in the database, which knows no `renamed`: that is a version of the same body.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Renamed => "renamed",
            Self::MergedInto => "merged_into",
            Self::Consolidated => "consolidated",
            Self::Split => "split",
            Self::Divided => "divided",
        }
    }

    /// Reads [`SuccessionKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Renamed, Self::MergedInto, Self::Consolidated, Self::Split, Self::Divided]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }

    /// True when the predecessor is no more afterwards.
    pub const fn ends_predecessor(self) -> bool {
        matches!(self, Self::MergedInto | Self::Consolidated | Self::Divided)
    }

    /// True when its successors come into being by it.
    pub const fn bears_successors(self) -> bool {
        matches!(self, Self::Consolidated | Self::Split | Self::Divided)
    }

    /// How many successors it has, and how to say so.
    fn successors(self) -> (std::ops::RangeInclusive<usize>, Say) {
        match self {
            Self::Renamed => (1..=1, say!("Đổi tên cần đúng một tên mới.", "A renaming takes exactly one new name.")),
            Self::MergedInto => (
                1..=1,
                say!(
                    "Sáp nhập cần đúng một tổ chức tiếp nhận đang có.",
                    "A merger takes exactly one body, one that exists."
                ),
            ),
            Self::Consolidated => {
                (1..=1, say!("Hợp nhất cần đúng một tổ chức mới.", "A consolidation takes exactly one new body."))
            }
            Self::Split => (
                1..=20,
                say!(
                    "Tách cần ít nhất một tổ chức mới (tối đa 20).",
                    "A split takes at least one new body (at most 20)."
                ),
            ),
            Self::Divided => (
                2..=20,
                say!(
                    "Chia cần ít nhất hai tổ chức mới (tối đa 20).",
                    "A division takes at least two new bodies (at most 20)."
                ),
            ),
        }
    }

    /// Checks how many successors are named.
    ///
    /// # Errors
    /// 422 at `/successors`.
    pub fn check_count(self, count: usize) -> Answer<()> {
        let (wanted, detail) = self.successors();
        if wanted.contains(&count) { Ok(()) } else { Err(Problem::field("/successors", "count", detail)) }
    }
}

/// From a first to a last day, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    /// The first day, where known.
    pub from: Option<NaiveDate>,
    /// The last day, where there is one.
    pub to: Option<NaiveDate>,
}

impl Period {
    /// True on its days.
    pub fn contains(self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// True when some day belongs to both.
    pub fn overlaps(self, other: Self) -> bool {
        let reaches = |a: Self, b: Self| a.from.zip(b.to).is_none_or(|(from, to)| from <= to);
        reaches(self, other) && reaches(other, self)
    }

    /// False when it ends before it starts.
    pub fn is_sound(self) -> bool {
        self.overlaps(self)
    }

    /// A day on which both hold, the latest that is known; only for periods that overlap.
    fn latest_common(self, other: Self) -> NaiveDate {
        [self.to, other.to].into_iter().flatten().min().unwrap_or(NaiveDate::MAX)
    }
}

/// What a body is called, what it stands under and where it is, for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// While it holds.
    pub period: Period,
    /// Full name in Vietnamese.
    pub name: String,
    /// In English.
    pub name_en: Option<String>,
    /// Abbreviation.
    pub short_name: Option<String>,
    /// The body it stands under.
    pub parent_id: Option<Uuid>,
    /// Where it is: the province as it was when this version began; `reference::places` follows mergers.
    pub province_id: Option<i32>,
    /// What brought it about.
    pub document: Option<Document>,
}

/// A name beside those of the versions, without dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherName {
    /// Borne once.
    Former(String),
    /// In use beside the official one.
    Other(String),
}

/// An organisation with its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Its id.
    pub id: Uuid,
    /// Its code in the register; the register numbers one without.
    pub code: Option<String>,
    /// How often it was changed.
    pub version: i64,
    /// What it is.
    pub kind: Kind,
    /// Where the entry comes from.
    pub source: String,
    /// Remarks.
    pub note: Option<String>,
    /// Names without dates.
    pub other_names: Vec<OtherName>,
    /// In the order of time; never empty.
    pub versions: Vec<Version>,
}

impl Body {
    /// From its first to its last day.
    pub fn period(&self) -> Period {
        Period {
            from: self.versions.first().and_then(|version| version.period.from),
            to: self.versions.last().and_then(|version| version.period.to),
        }
    }

    /// As it was on a day; `None` when it was not there.
    pub fn at(&self, day: NaiveDate) -> Option<&Version> {
        self.versions.iter().find(|version| version.period.contains(day))
    }

    /// As it was on a day or, for one that is no more, at last; `None` before it began.
    pub fn at_or_last(&self, day: NaiveDate) -> Option<&Version> {
        self.versions.iter().rfind(|version| version.period.from.is_none_or(|from| from <= day))
    }

    /// The version a correction of a day is meant for: of one that is no more the last, of one to come the first.
    pub fn nearest_mut(&mut self, day: NaiveDate) -> Option<&mut Version> {
        let at = self.versions.iter().rposition(|version| version.period.from.is_none_or(|from| from <= day));
        self.versions.get_mut(at.unwrap_or_default())
    }

    /// Changes something from a day on; what was before stays as it was.
    ///
    /// # Errors
    /// 409 when the body does not live then, or a change of that day or a later one is on record.
    pub fn change(
        &mut self,
        day: NaiveDate,
        document: Option<Document>,
        change: impl FnOnce(&mut Version),
    ) -> Answer<()> {
        self.must_live(day)?;
        let Some(last) = self.versions.last_mut() else { return Err(Problem::internal("a body without versions")) };
        if let Some(from) = last.period.from.filter(|from| *from >= day) {
            return Err(Problem::new(Code::Conflict).detail(say!(
                "Đã có thay đổi ghi từ ngày {from}; muốn sửa nó, dùng PATCH với as_of={from}.",
                "A change from {from} is already on record; to correct it, use PATCH with as_of={from}.",
            )));
        }
        let mut next = last.clone();
        last.period.to = Some(before(day));
        next.period.from = Some(day);
        next.document = document;
        change(&mut next);
        self.versions.push(next);
        Ok(())
    }

    /// Ends it: `day` is the first on which it is no more.
    ///
    /// # Errors
    /// As [`Body::change`].
    pub fn end(&mut self, day: NaiveDate) -> Answer<()> {
        self.must_live(before(day))?;
        let Some(last) = self.versions.last_mut() else { return Err(Problem::internal("a body without versions")) };
        if let Some(from) = last.period.from.filter(|from| *from >= day) {
            return Err(Problem::new(Code::Conflict).detail(say!(
                "Đã có thay đổi ghi từ ngày {from}, không thể kết thúc trước ngày đó.",
                "A change from {from} is on record; it can't end before that.",
            )));
        }
        last.period.to = Some(before(day));
        Ok(())
    }

    /// Takes back what was recorded to begin on a day, as if it had never been: the version before goes on. Returns whether
    /// anything was.
    ///
    /// # Errors
    /// 409 when a later change is on record, which must be taken back first.
    pub fn take_back(&mut self, day: NaiveDate, ended_by_succession: bool) -> Answer<bool> {
        if ended_by_succession {
            // what is succeeded ended for that reason alone
            self.versions.iter_mut().last().into_iter().for_each(|version| version.period.to = None);
        }
        let later = self.versions.iter().filter_map(|version| version.period.from).find(|from| *from > day);
        if let Some(later) = later {
            return Err(Problem::new(Code::Conflict)
                .detail(say!("Hãy rút thay đổi ngày {later} trước.", "Take back the change of {later} first.",)));
        }
        let begun = self.versions.len() > 1 && self.versions.last().is_some_and(|v| v.period.from == Some(day));
        if begun {
            let to = self.versions.pop().and_then(|version| version.period.to);
            self.versions.iter_mut().last().into_iter().for_each(|version| version.period.to = to);
        }
        Ok(begun || ended_by_succession)
    }

    /// Checks that it lives on a day.
    ///
    /// # Errors
    /// 409 when it ended before; 422 at `/effective_on` when it begins later.
    pub fn must_live(&self, day: NaiveDate) -> Answer<()> {
        let period = self.period();
        if let Some(to) = period.to.filter(|to| *to < day) {
            return Err(Problem::new(Code::Conflict)
                .detail(say!("Tổ chức này đã kết thúc ngày {to}.", "This organisation already ended on {to}.",)));
        }
        if let Some(from) = period.from.filter(|from| day < *from) {
            return Err(Problem::field(
                "/effective_on",
                "before_start",
                say!(
                    "Tổ chức này bắt đầu từ {from}; ngày hiệu lực phải sau ngày đó.",
                    "This organisation begins on {from}; it takes effect after that.",
                ),
            ));
        }
        Ok(())
    }

    /// Checks the body by itself.
    ///
    /// # Errors
    /// 422 at `/valid_to` when it ends before it starts.
    pub fn check(&self) -> Answer<()> {
        if self.versions.iter().all(|version| version.period.is_sound()) {
            return Ok(());
        }
        Err(Problem::field(
            "/valid_to",
            "end_before_start",
            say!(
                "Ngày kết thúc không được trước ngày bắt đầu (cũng như trước các thay đổi đã ghi).",
                "It can't end before it starts (nor before a change that is on record).",
            ),
        ))
    }
}

/// The day before.
pub fn before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}

/// The day after.
pub fn after(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

/// A succession as a rule sees it: `predecessor` goes on in `successor` from `effective_on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "as said above")]
pub struct Succession {
    pub predecessor: Uuid,
    pub successor: Uuid,
    pub kind: SuccessionKind,
    pub effective_on: NaiveDate,
}

/// Checks that a body can take the place of another from a day on. `at` is the pointer of the successor.
///
/// # Errors
/// 422 at the successor: it is the predecessor itself, ended before it would begin, has not begun, or is new where an old
/// one is asked for and the other way round.
pub fn check_successor(at: &str, succession: Succession, successor: Period, known: &[Succession]) -> Answer<()> {
    let Succession { predecessor, kind, effective_on, .. } = succession;
    let fault = |code, detail| Err(Problem::field(at, code, detail));
    if succession.successor == predecessor {
        return fault("cycle", say!("Một tổ chức không thể kế thừa chính mình.", "A body can't be its own successor."));
    }
    // what takes the place of others later must be there then
    let later = known.iter().find(|other| other.successor == predecessor && other.effective_on >= effective_on);
    if let Some(later) = later.filter(|_| kind.ends_predecessor()) {
        let day = later.effective_on;
        let code = if later.predecessor == succession.successor { "cycle" } else { "contradicts_succession" };
        return fault(
            code,
            say!(
                "Tổ chức này đã được ghi là kế thừa tổ chức khác từ {day}; hãy rút thay đổi đó trước.",
                "It is on record to succeed another body from {day}; take that back first.",
            ),
        );
    }
    if let Some(to) = successor.to.filter(|to| *to < effective_on) {
        return fault(
            "successor_ended",
            say!(
                "Tổ chức kế thừa đã kết thúc ngày {to}, trước ngày hiệu lực {effective_on}.",
                "The successor ended on {to}, before it would begin to succeed on {effective_on}.",
            ),
        );
    }
    if let Some(from) = successor.from.filter(|from| *from > effective_on) {
        return fault(
            "successor_not_begun",
            say!(
                "Tổ chức kế thừa đến {from} mới bắt đầu, sau ngày hiệu lực {effective_on}.",
                "The successor begins on {from} only, after {effective_on}.",
            ),
        );
    }
    match (kind.bears_successors(), successor.from == Some(effective_on)) {
        (true, false) => fault(
            "successor_not_new",
            say!(
                "Hợp nhất, tách, chia sinh ra tổ chức mới bắt đầu đúng ngày {effective_on}; nếu nhập vào tổ chức đã có, dùng `merged_into`.",
                "A consolidation, split or division bears a new body that begins on {effective_on}; to join one that existed before, use `merged_into`.",
            ),
        ),
        (false, true) => fault(
            "successor_is_new",
            say!(
                "Sáp nhập là vào tổ chức đã có trước; tổ chức này mới bắt đầu ngày {effective_on}: dùng `consolidated`.",
                "A merger is into a body that existed before; this one begins on {effective_on}: use `consolidated`.",
            ),
        ),
        _ => Ok(()),
    }
}

/// Checks that the dates of a body still fit the successions it is part of.
///
/// # Errors
/// 422 at `/valid_from` or `/valid_to`.
pub fn check_dates(body: &Body, known: &[Succession]) -> Answer<()> {
    let period = body.period();
    let broken = |succession: &&Succession| broken_end(period, body.id, **succession).is_some();
    let Some(succession) = known.iter().find(broken) else { return Ok(()) };
    let day = succession.effective_on;
    let pointer = broken_end(period, body.id, *succession).unwrap_or("/valid_to");
    let detail = if succession.successor == body.id {
        say!(
            "Tổ chức này kế thừa một tổ chức khác từ {day}: ngày tháng phải phù hợp, hoặc rút thay đổi đó trước.",
            "It succeeds another body from {day}: its dates must agree, or take that back first.",
        )
    } else {
        say!(
            "Tổ chức này được kế thừa từ {day}: ngày tháng phải phù hợp, hoặc rút thay đổi đó trước.",
            "It is succeeded from {day}: its dates must agree, or take that back first.",
        )
    };
    Err(Problem::field(pointer, "contradicts_succession", detail))
}

/// Which end of a period contradicts a succession of the body it belongs to.
fn broken_end(period: Period, body: Uuid, succession: Succession) -> Option<&'static str> {
    let Succession { kind, effective_on: day, .. } = succession;
    if succession.successor == body {
        let begins = match kind {
            SuccessionKind::MergedInto => period.from.is_none_or(|from| from < day),
            _ => period.from == Some(day),
        };
        let lives = period.to.is_none_or(|to| to >= day);
        return if begins { (!lives).then_some("/valid_to") } else { Some("/valid_from") };
    }
    if succession.predecessor != body {
        return None;
    }
    if period.from.is_some_and(|from| from >= day) {
        return Some("/valid_from");
    }
    let ends = if kind.ends_predecessor() { period.to == Some(before(day)) } else { period.contains(day) };
    (!ends).then_some("/valid_to")
}

/// A body that stands under another, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "as said above")]
pub struct Subordination {
    pub child: Uuid,
    pub parent: Uuid,
    pub period: Period,
}

/// What stands under what, of all times, and who holds the place of a parent that is no more.
#[derive(Debug, Default)]
pub struct Hierarchy {
    above: HashMap<Uuid, Vec<Subordination>>,
    heirs: HashMap<Uuid, Vec<(NaiveDate, Uuid)>>,
    /// The days on which something changes.
    days: BTreeSet<NaiveDate>,
}

impl Hierarchy {
    /// Of links and of heirs: who is no more, since when, who holds its place.
    pub fn new(
        links: impl IntoIterator<Item = Subordination>,
        heirs: impl IntoIterator<Item = (Uuid, NaiveDate, Uuid)>,
    ) -> Self {
        let mut hierarchy = Self::default();
        for link in links {
            hierarchy.days.insert(link.period.from.unwrap_or(NaiveDate::MIN));
            hierarchy.above.entry(link.child).or_default().push(link);
        }
        for (old, since, heir) in heirs {
            hierarchy.days.insert(since);
            hierarchy.heirs.entry(old).or_default().push((since, heir));
        }
        hierarchy
    }

    /// The body that holds a place on a day: itself, or the one it was last handed on to, when that is one.
    fn holder(&self, body: Uuid, day: NaiveDate) -> Uuid {
        let Some(heirs) = self.heirs.get(&body) else { return body };
        let by_then = || heirs.iter().filter(|(since, _)| *since <= day);
        let last = by_then().map(|(since, _)| *since).max();
        let mut last = by_then().filter(|(since, _)| Some(*since) == last);
        match (last.next(), last.next()) {
            (Some((_, heir)), None) => *heir,
            _ => body,
        }
    }

    /// True when a body stands under another on a day, directly or over others.
    pub fn stands_under(&self, body: Uuid, over: Uuid, day: NaiveDate) -> bool {
        let mut at = body;
        // no chain is longer than there are bodies with a parent, also one that already turns in a circle
        for _ in 0..=self.above.len() {
            let link = self.above.get(&at).and_then(|links| links.iter().find(|link| link.period.contains(day)));
            let Some(link) = link else { return false };
            if link.parent == over {
                return true;
            }
            at = self.holder(link.parent, day);
            if at == over {
                return true;
            }
        }
        false
    }

    /// True when on some day the child of a link stands under itself.
    pub fn has_cycle(&self, link: Subordination) -> bool {
        let begin = link.period.from.unwrap_or(NaiveDate::MIN);
        // between two of these days nothing changes
        let days = self.days.range(begin..).copied().chain([begin]).filter(|day| link.period.contains(*day));
        days.into_iter().any(|day| self.stands_under(link.child, link.child, day))
    }
}

/// Where a body is and what it stands under, for the rule on namesakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "as said above")]
pub struct Place {
    pub period: Period,
    pub province_id: Option<i32>,
    pub parent_id: Option<Uuid>,
}

/// True when two bodies of one name would live at one time in one place: the same province, as provinces merge, and not
/// under two different parents (every university has its own "Khoa Nông học").
pub fn are_namesakes(a: Place, b: Place, province_at: impl Fn(i32, NaiveDate) -> i32) -> bool {
    if !a.period.overlaps(b.period) || a.parent_id.zip(b.parent_id).is_some_and(|(a, b)| a != b) {
        return false;
    }
    let day = a.period.latest_common(b.period);
    let then = |province: Option<i32>| province.map(|id| province_at(id, day));
    then(a.province_id) == then(b.province_id)
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
