//! What a list of associations is filtered by, and how many there are of each: over associations as they stood on a day.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::store::Standing;
use super::words::{AssociationKind, AssociationScope, AssociationStatus, SpecialStatus};

/// A facet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssociationFacet {
    /// By field, each counting those under it.
    Field,
    /// By scope.
    Scope,
    /// By status.
    Status,
}

impl AssociationFacet {
    /// As written in a query and in its answer.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::Scope => "scope",
            Self::Status => "status",
        }
    }

    /// Reads [`AssociationFacet::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Field, Self::Scope, Self::Status].into_iter().find(|facet| facet.as_str() == text)
    }
}

/// What is asked for; an empty list is no condition.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Scheme and code, with a colon between: it or anything under it.
    pub fields: Vec<String>,
    /// Any of these.
    pub scopes: Vec<AssociationScope>,
    /// Any of these; without, whatever is there.
    pub statuses: Vec<AssociationStatus>,
    /// Any of these.
    pub kinds: Vec<AssociationKind>,
    /// This one.
    pub special: Option<SpecialStatus>,
    /// Whether it belongs to a Union.
    pub member: Option<bool>,
    /// In one of these provinces.
    pub provinces: Option<Vec<i32>>,
}

impl Filter {
    /// True without any condition.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
            && self.scopes.is_empty()
            && self.statuses.is_empty()
            && self.kinds.is_empty()
            && self.special.is_none()
            && self.member.is_none()
            && self.provinces.is_none()
    }

    /// True when it asks for one that is no more, too.
    pub fn wants_ended(&self) -> bool {
        self.statuses.iter().any(|status| status.is_over())
    }

    /// Whether an association is asked for; `without` leaves the condition of a facet out.
    pub fn fits(&self, row: &Standing, without: Option<AssociationFacet>) -> bool {
        let lies_under = |wanted: &String| row.fields.iter().any(|field| field.starts_with(wanted.as_str()));
        let field =
            without == Some(AssociationFacet::Field) || self.fields.is_empty() || self.fields.iter().any(lies_under);
        let scope = without == Some(AssociationFacet::Scope)
            || self.scopes.is_empty()
            || self.scopes.iter().any(|scope| scope.as_str() == row.scope);
        let over = AssociationStatus::parse(&row.state).is_some_and(AssociationStatus::is_over);
        let any_status = without == Some(AssociationFacet::Status) || self.statuses.is_empty();
        let status = if any_status {
            // without being asked for, what is no more is not there; the facet of statuses tells of it
            !over || without == Some(AssociationFacet::Status)
        } else {
            self.statuses.iter().any(|status| status.as_str() == row.state)
        };
        field
            && scope
            && status
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.as_str() == row.kind))
            && self.special.is_none_or(|special| row.special_status.as_deref() == Some(special.as_str()))
            && self.member.is_none_or(|member| row.member == member)
            && self.provinces.as_ref().is_none_or(|ids| row.province_id.is_some_and(|id| ids.contains(&id)))
    }
}

/// A value of a facet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AssociationFacetCount {
    /// The value.
    #[schema(example = "province")]
    pub value: String,
    /// Associations that have it and all that is asked for beside it.
    pub count: usize,
}

/// Facets by name.
pub type Facets = BTreeMap<&'static str, Vec<AssociationFacetCount>>;

/// Digits of the codes of fields, level by level.
const LEVELS: [usize; 4] = [1, 3, 5, 7];

/// The values a field gives: it and those above it.
fn with_above(field: &str) -> Vec<String> {
    let Some((scheme, code)) = field.split_once(':') else { return Vec::new() };
    LEVELS.iter().filter_map(|length| code.get(..*length)).map(|code| format!("{scheme}:{code}")).collect()
}

/// Counts a facet without its own condition; the most first.
pub fn count(rows: &[Standing], filter: &Filter, facet: AssociationFacet) -> Vec<AssociationFacetCount> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows.iter().filter(|row| filter.fits(row, Some(facet))) {
        let mut values = match facet {
            AssociationFacet::Field => row.fields.iter().flat_map(|field| with_above(field)).collect(),
            AssociationFacet::Scope => vec![row.scope.clone()],
            AssociationFacet::Status => vec![row.state.clone()],
        };
        values.sort_unstable();
        values.dedup();
        for value in values {
            *counts.entry(value).or_default() += 1;
        }
    }
    let mut counts: Vec<AssociationFacetCount> =
        counts.into_iter().map(|(value, count)| AssociationFacetCount { value, count }).collect();
    counts.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn row(scope: &str, state: &str, fields: &[&str]) -> Standing {
        Standing {
            id: Uuid::nil(),
            code: String::new(),
            name: String::new(),
            name_en: None,
            short_name: None,
            name_key: String::new(),
            province_id: Some(8),
            valid_from: None,
            valid_to: None,
            kind: "association".to_owned(),
            scope: scope.to_owned(),
            area: None,
            state: state.to_owned(),
            special_status: None,
            member: false,
            fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        }
    }

    fn rows() -> Vec<Standing> {
        vec![
            row("province", "active", &["A:401", "A:40401"]),
            row("province", "suspended", &["A:404"]),
            row("commune", "active", &["A:401"]),
            row("province", "dissolved", &["A:401"]),
        ]
    }

    #[test]
    fn a_field_takes_along_those_under_it_and_what_is_over_is_asked_for_by_name() {
        let fields =
            |fields: &[&str]| Filter { fields: fields.iter().map(|f| (*f).to_owned()).collect(), ..Filter::default() };
        for (filter, expected) in [
            (Filter::default(), vec![0, 1, 2]),
            (fields(&["A:404"]), vec![0, 1]),
            (fields(&["A:4"]), vec![0, 1, 2]),
            (fields(&["A:40401"]), vec![0]),
            (fields(&["B:4"]), vec![]),
            (Filter { scopes: vec![AssociationScope::Commune], ..Filter::default() }, vec![2]),
            (Filter { statuses: vec![AssociationStatus::Dissolved], ..Filter::default() }, vec![3]),
            (Filter { member: Some(true), ..Filter::default() }, vec![]),
            (Filter { provinces: Some(vec![8]), ..Filter::default() }, vec![0, 1, 2]),
        ] {
            let rows = rows();
            let seen: Vec<usize> = (0..rows.len()).filter(|at| filter.fits(&rows[*at], None)).collect();
            assert_eq!(seen, expected, "{filter:?}");
        }
    }

    #[test]
    fn a_facet_is_counted_without_its_own_condition() {
        let filter = Filter { scopes: vec![AssociationScope::Province], ..Filter::default() };
        let counts = |facet| -> Vec<String> {
            count(&rows(), &filter, facet).into_iter().map(|c| format!("{}={}", c.value, c.count)).collect()
        };
        assert_eq!(counts(AssociationFacet::Scope), ["province=2", "commune=1"]);
        assert_eq!(counts(AssociationFacet::Status), ["active=1", "dissolved=1", "suspended=1"]);
        assert_eq!(counts(AssociationFacet::Field), ["A:4=2", "A:404=2", "A:401=1", "A:40401=1"]);
    }
}
