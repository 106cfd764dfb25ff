//! What is asked of a panel, and what the solver is told of it.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::MOST_MEMBERS;
use crate::consultations::model::FieldCode;
use crate::consultations::reader::Reader;
use crate::consultations::words::PanelSeat;
use crate::panels::solver::clash::Relaxation;
use crate::panels::solver::panel::{Order, Rule, SeatKind};
use crate::say;

/// Most fields that must be covered.
pub const MOST_FIELDS: usize = 20;
/// Most people who are named.
const MOST_NAMED: usize = 100;
/// Most alternates of each kind of seat that are told, and how many are without a word.
const ALTERNATES: (u32, u32) = (20, 3);
/// Most requests at work that a rule may speak of.
const MOST_LOAD: u32 = 1_000;

/// How many seats of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = PanelSeatCounts)]
pub struct Seats {
    /// Chủ tịch: one.
    #[schema(minimum = 1, maximum = 1)]
    pub chair: u32,
    /// Thư ký: one at least.
    #[schema(minimum = 1, maximum = 51)]
    pub secretary: u32,
    /// Ủy viên phản biện.
    #[schema(maximum = 51)]
    pub reviewer: u32,
    /// Ủy viên.
    #[schema(maximum = 51)]
    pub member: u32,
}

impl Default for Seats {
    fn default() -> Self {
        Self { chair: 1, secretary: 1, reviewer: 0, member: 0 }
    }
}

impl Seats {
    /// Those of a panel of so many at least: a chair, a secretary, two reviewers where there is room for a member, too.
    pub const fn usual(fewest: u32) -> Self {
        let size = if fewest.is_multiple_of(2) { fewest + 1 } else { fewest };
        let size = if size < 3 { 3 } else { size };
        let reviewer = if size >= 5 { 2 } else { 1 };
        Self { chair: 1, secretary: 1, reviewer, member: size - 2 - reviewer }
    }

    /// Seats in all.
    pub fn size(self) -> usize {
        self.counts().iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// In the order of [`SeatKind::ALL`].
    fn counts(self) -> [usize; 4] {
        [self.chair, self.secretary, self.reviewer, self.member]
            .map(|count| usize::try_from(count).unwrap_or(usize::MAX))
    }
}

/// A field that must be covered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PanelFieldRule)]
pub struct Cover {
    /// Code of the field; those under it count.
    #[schema(example = "404")]
    pub field: String,
    /// By so many at least.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 51, default = 1)]
    pub least: u32,
}

const fn one() -> u32 {
    1
}

/// The least degree for a kind of seat, by its code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = PanelDegreeRules)]
pub struct Degrees {
    /// Of the chair.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "TS")]
    pub chair: Option<String>,
    /// Of the secretary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secretary: Option<String>,
    /// Of a reviewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<String>,
    /// Of a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
}

impl Degrees {
    /// That of a kind of seat.
    pub fn of_mut(&mut self, seat: PanelSeat) -> &mut Option<String> {
        match seat {
            PanelSeat::Chair => &mut self.chair,
            PanelSeat::Secretary => &mut self.secretary,
            PanelSeat::Reviewer => &mut self.reviewer,
            PanelSeat::Member => &mut self.member,
        }
    }
}

/// What is asked of a panel. Nothing of it is required: without a word it is a panel of the usual size, with the fields of the request
/// covered as far as anybody covers them, and no more than a third from one employer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({
    "seats": {"chair": 1, "secretary": 1, "reviewer": 2, "member": 1}, "fields": [{"field": "404", "least": 2}],
    "least_outside_province": 1, "most_per_employer": 1, "least_degree": {"chair": "TS"}, "exclude": ["CG-000007"]
}))]
pub struct PanelOrder {
    /// Seats, an odd number of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seats: Option<Seats>,
    /// Fields that must be covered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20)]
    pub fields: Option<Vec<Cover>>,
    /// At least so many from outside the province or the country.
    #[schema(maximum = 51)]
    pub least_outside_province: u32,
    /// At least so many who don't work at who asks, nor under it.
    #[schema(maximum = 51)]
    pub least_outside_asker: u32,
    /// At most so many of one employer, and never more than a third of the panel.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 51)]
    pub most_per_employer: Option<u32>,
    /// More than a third may be of one employer. Each of these then has a conflict of interest that a leader must waive before the
    /// panel is approved.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_unbalanced: bool,
    /// The least degree for a kind of seat.
    pub least_degree: Degrees,
    /// At most so many requests at work, this one included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1000)]
    pub most_load: Option<u32>,
    /// Who sits in any case, by id or code.
    #[schema(max_items = 100)]
    pub include: Vec<String>,
    /// Who does not sit, by id or code.
    #[schema(max_items = 100)]
    pub exclude: Vec<String>,
    /// How many alternates of each kind of seat are wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 20, default = 3)]
    pub alternates: Option<u32>,
}

impl PanelOrder {
    /// How many alternates are wanted.
    pub fn alternates(&self) -> usize {
        usize::try_from(self.alternates.unwrap_or(ALTERNATES.1)).unwrap_or_default()
    }

    /// Ranges, and that the number of seats is odd.
    pub fn check(&self, reader: &mut Reader, at: &str) {
        let mut range = |pointer: &str, number: Option<u32>, least: u32, most: u32| {
            if number.is_some_and(|number| !(least..=most).contains(&number)) {
                let detail = say!("Từ {least} đến {most}.", "From {least} to {most}.");
                reader.fault(&format!("{at}{pointer}"), "out_of_range", detail);
            }
        };
        let most = u32::try_from(MOST_MEMBERS).unwrap_or(u32::MAX);
        let seats = self.seats.unwrap_or_default();
        // without these no panel is approved
        range("/seats/chair", Some(seats.chair), 1, 1);
        range("/seats/secretary", Some(seats.secretary), 1, most);
        range("/seats/reviewer", Some(seats.reviewer), 0, most);
        range("/seats/member", Some(seats.member), 0, most);
        range("/least_outside_province", Some(self.least_outside_province), 0, most);
        range("/least_outside_asker", Some(self.least_outside_asker), 0, most);
        range("/most_per_employer", self.most_per_employer, 1, most);
        range("/most_load", self.most_load, 1, MOST_LOAD);
        range("/alternates", self.alternates, 0, ALTERNATES.0);
        for (index, cover) in self.fields.iter().flatten().enumerate() {
            range(&format!("/fields/{index}/least"), Some(cover.least), 1, most);
        }
        let lists = [
            ("/fields", self.fields.as_ref().map_or(0, Vec::len), MOST_FIELDS),
            ("/include", self.include.len(), MOST_NAMED),
            ("/exclude", self.exclude.len(), MOST_NAMED),
        ];
        for (pointer, count, most) in lists {
            if count > most {
                reader.fault(
                    &format!("{at}{pointer}"),
                    "too_many",
                    say!("Tối đa {most} mục.", "At most {most} items."),
                );
            }
        }
        let size: u64 = [seats.chair, seats.secretary, seats.reviewer, seats.member].map(u64::from).iter().sum();
        if size > u64::from(most) {
            reader.fault(&format!("{at}/seats"), "too_many", say!("Tối đa {most} ghế.", "At most {most} seats."));
        } else if self.seats.is_some() && size.is_multiple_of(2) {
            let other = if size < u64::from(most) { size + 1 } else { size - 1 };
            let detail = say!(
                "Số ghế là {size}, phải là số lẻ: ví dụ {other}.",
                "There are {size} seats, an odd number is needed: such as {other}."
            );
            reader.fault(&format!("{at}/seats"), "even", detail);
        }
    }
}

/// What an order names, looked up.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// Who must sit, in the order of the form.
    pub include: Vec<Uuid>,
    /// Who must not, in the order of the form.
    pub exclude: Vec<Uuid>,
    /// The fields, in the order of the form.
    pub fields: Vec<FieldCode>,
    /// The rank among degrees of each kind of seat that has one.
    pub degrees: BTreeMap<PanelSeat, u8>,
    /// Fewest members of a panel of the request's kind.
    pub fewest: usize,
}

/// The kind of seat the solver knows.
pub const fn kind_of(seat: PanelSeat) -> SeatKind {
    match seat {
        PanelSeat::Chair => SeatKind::Chair,
        PanelSeat::Secretary => SeatKind::Secretary,
        PanelSeat::Reviewer => SeatKind::Reviewer,
        PanelSeat::Member => SeatKind::Member,
    }
}

/// The kind of seat of the API.
pub const fn seat_of(kind: SeatKind) -> PanelSeat {
    match kind {
        SeatKind::Chair => PanelSeat::Chair,
        SeatKind::Secretary => PanelSeat::Secretary,
        SeatKind::Reviewer => PanelSeat::Reviewer,
        SeatKind::Member => PanelSeat::Member,
    }
}

/// An order as the solver reads it. People are named by their places among the candidates; who is not among them and must not sit
/// does not anyhow.
pub fn order(form: &PanelOrder, named: &Named, places: &HashMap<Uuid, usize>) -> Order {
    let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let mut rules = vec![Rule::Odd];
    if named.fewest > 0 {
        rules.push(Rule::Size { least: named.fewest, most: MOST_MEMBERS });
    }
    let covers = form.fields.iter().flatten().zip(0_u32..);
    rules.extend(covers.map(|(cover, field)| Rule::Field { field, least: size(cover.least) }));
    if form.least_outside_province > 0 {
        rules.push(Rule::OutsideProvince { least: size(form.least_outside_province) });
    }
    if form.least_outside_asker > 0 {
        rules.push(Rule::OutsideAsker { least: size(form.least_outside_asker) });
    }
    rules.extend(form.most_per_employer.map(|most| Rule::PerEmployer { most: size(most) }));
    rules.extend(Some(Rule::Balance).filter(|_| !form.allow_unbalanced));
    rules.extend(named.degrees.iter().map(|(seat, rank)| Rule::LeastDegree { seat: kind_of(*seat), rank: *rank }));
    rules.extend(form.most_load.map(|most| Rule::MostLoad { most }));
    let of = |ids: &[Uuid]| -> HashSet<usize> { ids.iter().filter_map(|id| places.get(id).copied()).collect() };
    let mut include: Vec<usize> = of(&named.include).into_iter().collect();
    let mut exclude: Vec<usize> = of(&named.exclude).into_iter().collect();
    include.sort_unstable();
    exclude.sort_unstable();
    rules.extend(include.into_iter().map(|candidate| Rule::Include { candidate }));
    rules.extend(exclude.into_iter().map(|candidate| Rule::Exclude { candidate }));
    Order { seats: form.seats.unwrap_or_default().counts(), rules }
}

/// The place of a rule in the form.
pub fn pointer(rule: Rule, named: &Named, ids: &[Uuid]) -> String {
    let index = |list: &[Uuid], candidate: usize| {
        ids.get(candidate).and_then(|id| list.iter().position(|other| other == id)).unwrap_or_default()
    };
    match rule {
        Rule::Odd | Rule::Size { .. } => "/seats".to_owned(),
        Rule::Field { field, .. } => format!("/fields/{field}"),
        Rule::OutsideProvince { .. } => "/least_outside_province".to_owned(),
        Rule::OutsideAsker { .. } => "/least_outside_asker".to_owned(),
        Rule::PerEmployer { .. } => "/most_per_employer".to_owned(),
        Rule::Balance => "/allow_unbalanced".to_owned(),
        Rule::LeastDegree { seat, .. } => format!("/least_degree/{}", seat_of(seat).as_str()),
        Rule::MostLoad { .. } => "/most_load".to_owned(),
        Rule::Include { candidate } => format!("/include/{}", index(&named.include, candidate)),
        Rule::Exclude { candidate } => format!("/exclude/{}", index(&named.exclude, candidate)),
    }
}

/// The order with a relaxation applied: what can be sent instead. `degree` gives the code of a degree of a rank.
pub fn relaxed(
    form: &PanelOrder,
    named: &Named,
    ids: &[Uuid],
    relaxation: &Relaxation,
    degree: impl Fn(u8) -> Option<String>,
) -> PanelOrder {
    let mut form = form.clone();
    let mut seats = form.seats.unwrap_or_default();
    seats.member = u32::try_from(i64::from(seats.member) + relaxation.members).unwrap_or_default();
    form.seats = Some(seats);
    let (mut gone, mut unnamed) = (HashSet::new(), HashSet::new());
    for weakened in &relaxation.rules {
        match (weakened.rule, weakened.to) {
            (Rule::Field { field, .. }, None) => {
                gone.insert(usize::try_from(field).unwrap_or(usize::MAX));
            }
            (Rule::Include { candidate } | Rule::Exclude { candidate }, _) => {
                unnamed.extend(ids.get(candidate).copied());
            }
            (rule, to) => weaken(&mut form, rule, to, &degree),
        }
    }
    let covers = form.fields.unwrap_or_default().into_iter().enumerate();
    form.fields = Some(covers.filter(|(index, _)| !gone.contains(index)).map(|(_, cover)| cover).collect());
    let without = |keys: Vec<String>, list: &[Uuid]| -> Vec<String> {
        keys.into_iter().zip(list).filter(|(_, id)| !unnamed.contains(*id)).map(|(key, _)| key).collect()
    };
    form.include = without(form.include, &named.include);
    form.exclude = without(form.exclude, &named.exclude);
    form
}

/// Writes what became of a rule into the form.
fn weaken(form: &mut PanelOrder, rule: Rule, to: Option<Rule>, degree: &impl Fn(u8) -> Option<String>) {
    let whole = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    match (rule, to) {
        (Rule::Field { field, .. }, Some(Rule::Field { least, .. })) => {
            let index = usize::try_from(field).unwrap_or(usize::MAX);
            if let Some(cover) = form.fields.as_mut().and_then(|covers| covers.get_mut(index)) {
                cover.least = whole(least);
            }
        }
        (Rule::OutsideProvince { .. }, Some(Rule::OutsideProvince { least })) => {
            form.least_outside_province = whole(least);
        }
        (Rule::OutsideProvince { .. }, _) => form.least_outside_province = 0,
        (Rule::OutsideAsker { .. }, Some(Rule::OutsideAsker { least })) => form.least_outside_asker = whole(least),
        (Rule::OutsideAsker { .. }, _) => form.least_outside_asker = 0,
        (Rule::PerEmployer { .. }, Some(Rule::PerEmployer { most })) => form.most_per_employer = Some(whole(most)),
        (Rule::PerEmployer { .. }, _) => form.most_per_employer = None,
        (Rule::Balance, to) => {
            form.allow_unbalanced = true;
            if let Some(Rule::PerEmployer { most }) = to {
                let most = whole(most);
                form.most_per_employer = Some(form.most_per_employer.map_or(most, |already| already.min(most)));
            }
        }
        (Rule::LeastDegree { seat, .. }, Some(Rule::LeastDegree { rank, .. })) => {
            *form.least_degree.of_mut(seat_of(seat)) = degree(rank);
        }
        (Rule::LeastDegree { seat, .. }, _) => *form.least_degree.of_mut(seat_of(seat)) = None,
        (Rule::MostLoad { .. }, Some(Rule::MostLoad { most })) => form.most_load = Some(most),
        (Rule::MostLoad { .. }, _) => form.most_load = None,
        (Rule::Field { .. } | Rule::Include { .. } | Rule::Exclude { .. } | Rule::Odd | Rule::Size { .. }, _) => {}
    }
}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
