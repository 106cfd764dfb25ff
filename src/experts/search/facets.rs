//! Facets as callers see them: values with their names.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::store::{self, Count, Facet};
use crate::db::Conn;
use crate::fields::store as field_store;
use crate::kernel::clock::today;
use crate::kernel::problem::Answer;
use crate::organisations;
use crate::organisations::view::OrganisationRef;
use crate::reference::places::Places;
use crate::reference::store as reference_store;

/// Most values shown.
const MOST: usize = 50;

/// The values of a facet, the most frequent first.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct FacetView {
    /// The values.
    values: Vec<FacetValue>,
    /// True when there are more than are shown.
    more: bool,
}

/// A value of a facet.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FacetValue {
    /// As the filter takes it.
    #[schema(example = "BKHCN-2008:404")]
    value: String,
    /// Its name.
    #[schema(example = "Lâm nghiệp")]
    label: String,
    /// How many of the people found have it.
    #[schema(example = 41)]
    count: i64,
}

/// The total, and the facets that were asked for.
pub async fn view(
    conn: &mut Conn,
    asked: &[Facet],
    counts: Vec<Count>,
) -> Answer<(Option<i64>, BTreeMap<&'static str, FacetView>)> {
    let mut total = None;
    let mut by_facet: HashMap<String, Vec<(String, i64)>> = HashMap::new();
    for Count { facet, value, people } in counts {
        if facet.is_empty() {
            total = Some(people);
        } else {
            by_facet.entry(facet).or_default().push((value, people));
        }
    }
    let mut views = BTreeMap::new();
    for facet in asked {
        let counts = by_facet.remove(facet.as_str()).unwrap_or_default();
        views.insert(facet.as_str(), cut(named(conn, *facet, counts).await?));
    }
    Ok((total, views))
}

fn cut(mut values: Vec<FacetValue>) -> FacetView {
    values.sort_by(|one, two| (two.count, &one.value).cmp(&(one.count, &two.value)));
    let more = values.len() > MOST;
    values.truncate(MOST);
    FacetView { values, more }
}

async fn named(conn: &mut Conn, facet: Facet, counts: Vec<(String, i64)>) -> Answer<Vec<FacetValue>> {
    let counts = if facet == Facet::Province { of_today(conn, counts).await? } else { counts };
    let labels = labels(conn, facet, &counts).await?;
    let named = |(value, count): (String, i64)| {
        let label = labels.get(&value).cloned().unwrap_or_else(|| value.clone());
        FacetValue { label, value, count }
    };
    Ok(counts.into_iter().map(named).collect())
}

/// Provinces by code, those that were merged added to what they are today.
async fn of_today(conn: &mut Conn, counts: Vec<(String, i64)>) -> Answer<Vec<(String, i64)>> {
    let (places, day) = (Places::read(conn).await?, today());
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for (id, count) in counts {
        let row = id.parse().ok().and_then(|id: i32| places.row(places.at(id, day)));
        if let Some(row) = row {
            *sums.entry(row.code.clone()).or_default() += count;
        }
    }
    Ok(sums.into_iter().collect())
}

async fn labels(conn: &mut Conn, facet: Facet, counts: &[(String, i64)]) -> Answer<HashMap<String, String>> {
    let fixed = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    Ok(match facet {
        Facet::Field => {
            let codes: Vec<&str> = counts.iter().filter_map(|(value, _)| Some(value.split_once(':')?.1)).collect();
            let rows = field_store::with_ancestors(conn, &codes).await?;
            rows.into_iter().map(|row| (format!("{}:{}", row.scheme, row.code), row.name_vi)).collect()
        }
        Facet::FieldGroup => store::group_names(conn).await?.into_iter().collect(),
        Facet::Degree | Facet::AcademicRank => {
            reference_store::titles(conn).await?.into_iter().map(|row| (row.code, row.name_vi)).collect()
        }
        Facet::Province => {
            let (places, day) = (Places::read(conn).await?, today());
            let living = places.rows().filter(|(_, row)| row.lives_on(day));
            living.map(|(_, row)| (row.code.clone(), row.name.clone())).collect()
        }
        Facet::Organisation => {
            let ids: Vec<Uuid> = counts.iter().filter_map(|(value, _)| value.parse().ok()).collect();
            let bodies = organisations::store::bodies(conn, &ids).await?;
            let named = bodies.values().filter_map(|body| OrganisationRef::at(body, today()));
            named.map(|body| (body.id.to_string(), body.name)).collect()
        }
        Facet::Residency => {
            fixed(&[("in_province", "Trong tỉnh"), ("out_of_province", "Ngoài tỉnh"), ("abroad", "Nước ngoài")])
        }
        Facet::Language => fixed(&LANGUAGES),
        Facet::Status => fixed(&[
            ("nominated", "Được đề cử"),
            ("invited", "Đã mời"),
            ("consented", "Đã đồng ý"),
            ("active", "Đang hoạt động"),
            ("paused", "Tạm dừng"),
            ("left", "Đã rời"),
            ("deceased", "Đã mất"),
        ]),
    })
}

/// Languages that experts here know; others are called by their code.
const LANGUAGES: [(&str, &str); 16] = [
    ("vi", "Tiếng Việt"),
    ("en", "Tiếng Anh"),
    ("fr", "Tiếng Pháp"),
    ("ru", "Tiếng Nga"),
    ("zh", "Tiếng Trung"),
    ("ja", "Tiếng Nhật"),
    ("ko", "Tiếng Hàn"),
    ("de", "Tiếng Đức"),
    ("es", "Tiếng Tây Ban Nha"),
    ("it", "Tiếng Ý"),
    ("pt", "Tiếng Bồ Đào Nha"),
    ("lo", "Tiếng Lào"),
    ("km", "Tiếng Khmer"),
    ("th", "Tiếng Thái Lan"),
    ("pl", "Tiếng Ba Lan"),
    ("cs", "Tiếng Séc"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifty_values_are_shown_the_most_frequent_first() {
        let value = |n: i64| FacetValue { value: format!("{n:02}"), label: String::new(), count: n / 2 };
        let view = cut((0..51).map(value).collect());
        let first: Vec<&str> = view.values.iter().take(3).map(|value| value.value.as_str()).collect();
        assert_eq!((first, view.values.len(), view.more), (vec!["50", "48", "49"], 50, true));
        assert!(!cut((0..50).map(value).collect()).more);
    }
}
