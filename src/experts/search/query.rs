//! What a search is asked, and what of it names rows of the bank: codes become conditions, or a 400 that says what to do.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::super::model::Residency;
use super::super::store::{self, Codes, Condition, Facet, Filters};
use super::super::vocabulary::HOME_PROVINCE;
use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::db::{Conn, Reader};
use crate::fields::coded;
use crate::kernel::clock::{day_begins, today};
use crate::kernel::page::Limit;
use crate::kernel::problem::{Answer, Code, Problem, Say};
use crate::reference::places::Places;
use crate::reference::store as reference_store;
use crate::say;

/// How a list of experts is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Best hits first; the default with `q`.
    Relevance,
    /// Given name, then family and middle names, in Vietnamese order; the default without `q`.
    Name,
    /// Latest change first.
    UpdatedAt,
    /// The better qualified first: by academic rank, then by degree, then by name.
    Degree,
}

/// The parameters of a search.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExpertQuery {
    /// Words in any order, over names, specialties, fields, workplace, unit, position, biography and titles of publications;
    /// with or without accents. All must be found, each at the start of a word; words in quotes must stand together in that
    /// order. Accents that are typed put exact spellings first. When fewer than three people are found, words that are one
    /// slip of the finger away do as well, and such items say `"match": "fuzzy"`.
    #[param(example = "lam nghiep", max_length = 200)]
    pub q: Option<String>,
    /// Code of a field, its descendants included; repeat it for one field or another. A scheme may stand before it:
    /// `BKHCN-2008:404`.
    #[param(example = json!(["404"]))]
    pub field: Vec<String>,
    /// Code of a group of fields: who works in one of its fields, or chose the group.
    pub field_group: Vec<String>,
    /// Code of a degree (học vị); see `GET /api/v1/academic-titles`.
    #[param(example = json!(["TS"]))]
    pub degree: Vec<String>,
    /// This degree or a higher one.
    #[param(example = "ThS")]
    pub min_degree: Option<String>,
    /// Code of an academic rank (học hàm).
    #[param(example = json!(["PGS"]))]
    pub academic_rank: Vec<String>,
    /// Workplace: id or code of an organisation of the register. Bodies under it count as well, and those whose place it took.
    pub organisation: Vec<String>,
    /// Name or code of a province of today; who was entered with one that became part of it counts as well.
    #[param(example = json!(["Tuyên Quang"]))]
    pub province: Vec<String>,
    /// Where the person works, seen from the home province.
    pub residency: Vec<Residency>,
    /// Two-letter code of a language.
    #[param(example = json!(["en"]))]
    pub language: Vec<String>,
    /// Id or code of an association: its members of today.
    pub association: Vec<String>,
    /// State of the record; for the Union and the auditor.
    pub status: Vec<String>,
    /// A day on which the person is neither away nor without room for new work; for the Union and the auditor.
    #[param(example = "2026-12-01")]
    pub available_on: Option<NaiveDate>,
    /// Changed since this time, or this day in Viet Nam; for the Union and the auditor.
    #[param(example = "2026-01-31T00:00:00Z")]
    pub updated_since: Option<String>,
    /// Order; `relevance` with `q`, else `name`. `updated_at` is for the Union and the auditor.
    #[param(inline)]
    pub sort: Option<Sort>,
    /// What to count for the same search, each without its own filter, separated by commas: `field` (by the second level),
    /// `field_group`, `degree`, `academic_rank`, `province`, `residency`, `language`, `organisation`; and `status`, for the
    /// Union and the auditor. At most 50 values each, the most frequent first.
    #[param(example = json!(["field,degree"]))]
    pub facets: Vec<String>,
    /// Count all that are found.
    pub count: bool,
    /// Show in each item where the words stand.
    pub highlight: bool,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    pub limit: Limit,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Most values of one parameter.
const MOST: usize = 50;

fn bad(pointer: &str, code: &'static str, detail: Say) -> Problem {
    Problem::new(Code::InvalidQuery).and_field(pointer, code, detail)
}

fn unknown(pointer: &str, text: &str, see: &str) -> Problem {
    let text: String = text.chars().take(40).collect();
    bad(pointer, "unknown_code", say!("Không có `{text}`; xem {see}.", "There is no `{text}`; see {see}."))
}

impl ExpertQuery {
    /// Refuses what this caller may not ask: whoever may not see the bank's own data may not ask for it either.
    ///
    /// # Errors
    /// 400 `not_allowed` at the parameter.
    pub fn check_rights(&self, scope: &Scope) -> Answer<()> {
        if scope.reach == Reach::All {
            return Ok(());
        }
        let asked = [
            ("/sort", self.sort == Some(Sort::UpdatedAt)),
            ("/status", !self.status.is_empty()),
            ("/available_on", self.available_on.is_some()),
            ("/updated_since", self.updated_since.is_some()),
            ("/facets", self.facet_names().any(|name| name == Facet::Status.as_str())),
        ];
        match asked.into_iter().find(|(_, is_asked)| *is_asked) {
            None => Ok(()),
            Some((pointer, _)) => Err(bad(
                pointer,
                "not_allowed",
                say!(
                    "Chỉ Liên hiệp hội lọc, sắp xếp hoặc đếm theo dữ liệu này.",
                    "Only the Union filters, sorts or counts by this.",
                ),
            )),
        }
    }

    fn facet_names(&self) -> impl Iterator<Item = &str> {
        self.facets.iter().flat_map(|names| names.split(',')).map(str::trim).filter(|name| !name.is_empty())
    }

    /// The facets asked for, each once.
    ///
    /// # Errors
    /// 400 at `/facets` for another name.
    pub fn facets(&self) -> Answer<Vec<Facet>> {
        let mut facets: Vec<Facet> = Vec::new();
        for name in self.facet_names() {
            let facet = Facet::ALL.into_iter().find(|facet| facet.as_str() == name).ok_or_else(|| {
                let all = Facet::ALL.map(Facet::as_str).join(", ");
                let name: String = name.chars().take(40).collect();
                bad(
                    "/facets",
                    "unknown_value",
                    say!("`{name}` không đếm được; dùng: {all}.", "`{name}` can't be counted; use: {all}."),
                )
            })?;
            if !facets.contains(&facet) {
                facets.push(facet);
            }
        }
        Ok(facets)
    }

    fn check_numbers(&self) -> Answer<()> {
        let counts = [
            ("/field", self.field.len()),
            ("/field_group", self.field_group.len()),
            ("/degree", self.degree.len()),
            ("/academic_rank", self.academic_rank.len()),
            ("/organisation", self.organisation.len()),
            ("/province", self.province.len()),
            ("/residency", self.residency.len()),
            ("/language", self.language.len()),
            ("/association", self.association.len()),
            ("/status", self.status.len()),
            ("/facets", self.facets.len()),
        ];
        match counts.into_iter().find(|(_, count)| *count > MOST) {
            None => Ok(()),
            Some((pointer, _)) => {
                Err(bad(pointer, "too_many", say!("Tối đa {MOST} giá trị.", "At most {MOST} values.")))
            }
        }
    }

    /// True when an index has the answer: a list in one of the orders, of all or of those in some fields.
    pub fn is_plain(&self) -> bool {
        let others = [
            &self.field_group,
            &self.degree,
            &self.academic_rank,
            &self.organisation,
            &self.province,
            &self.language,
            &self.association,
            &self.status,
            &self.facets,
        ];
        let options = self.min_degree.is_some() || self.available_on.is_some() || self.updated_since.is_some();
        let in_one_scheme = self.field.iter().all(|text| !text.contains(':'));
        in_one_scheme
            && others.iter().all(|values| values.is_empty())
            && self.residency.is_empty()
            && !options
            && !self.count
    }

    /// The filters of a plain list.
    ///
    /// # Errors
    /// As [`ExpertQuery::resolve`].
    pub async fn resolve_plain(&self, conn: &Reader) -> Answer<Filters> {
        self.check_numbers()?;
        let mut filters = Filters::default();
        if !self.field.is_empty() {
            filters.add(Some(Facet::Field), Condition::Fields(fields(conn, &self.field).await?));
        }
        Ok(filters)
    }

    /// The filters as conditions, and the rows of the home province where they or the facets ask for it.
    ///
    /// # Errors
    /// 400 at the parameter that names what is not there; 503 when the database is away.
    pub async fn resolve(&self, conn: &mut Conn, facets: &[Facet]) -> Answer<(Filters, Vec<i32>)> {
        self.check_numbers()?;
        let mut filters = Filters::default();
        if !self.field.is_empty() {
            filters.add(Some(Facet::Field), Condition::Fields(fields(conn, &self.field).await?));
        }
        if !self.field_group.is_empty() {
            let codes = groups(conn, &self.field_group).await?;
            filters.add(Some(Facet::FieldGroup), Condition::Groups(codes, self.field_group.clone()));
        }
        self.titles(conn, &mut filters).await?;
        if !self.organisation.is_empty() {
            let ids = organisations(conn, "/organisation", &self.organisation).await?;
            let ids = store::with_subordinates(conn, &ids, today()).await?;
            filters.add(Some(Facet::Organisation), Condition::Organisations(ids));
        }
        if !self.association.is_empty() {
            let ids = organisations(conn, "/association", &self.association).await?;
            filters.add(None, Condition::Associations(ids, today()));
        }
        let home = self.places(conn, facets, &mut filters).await?;
        if !self.language.is_empty() {
            filters.add(Some(Facet::Language), Condition::Languages(languages(&self.language)?));
        }
        self.own_data(&mut filters)?;
        Ok((filters, home))
    }

    async fn titles(&self, conn: &mut Conn, filters: &mut Filters) -> Answer<()> {
        if self.degree.is_empty() && self.min_degree.is_none() && self.academic_rank.is_empty() {
            return Ok(());
        }
        let rows = reference_store::titles(conn).await?;
        let title = |pointer: &str, kind: &str, code: &str| {
            // as it is printed, too: ThS for THS
            let is_meant = |text: &str| text.eq_ignore_ascii_case(code);
            let row = rows.iter().find(|row| row.kind == kind && (is_meant(&row.code) || is_meant(&row.abbreviation)));
            row.ok_or_else(|| unknown(pointer, code, "GET /api/v1/academic-titles"))
        };
        let codes = |pointer: &str, kind: &str, asked: &[String]| -> Answer<Vec<String>> {
            asked.iter().map(|code| title(pointer, kind, code).map(|row| row.code.clone())).collect()
        };
        let degrees = codes("/degree", "degree", &self.degree)?;
        let ranks = codes("/academic_rank", "academic_rank", &self.academic_rank)?;
        if !degrees.is_empty() {
            filters.add(Some(Facet::Degree), Condition::Degrees(degrees));
        }
        if let Some(code) = &self.min_degree {
            let least = title("/min_degree", "degree", code)?.rank;
            let enough = rows.iter().filter(|row| row.kind == "degree" && row.rank >= least);
            filters.add(Some(Facet::Degree), Condition::Degrees(enough.map(|row| row.code.clone()).collect()));
        }
        if !ranks.is_empty() {
            filters.add(Some(Facet::AcademicRank), Condition::Ranks(ranks));
        }
        Ok(())
    }

    async fn places(&self, conn: &mut Conn, facets: &[Facet], filters: &mut Filters) -> Answer<Vec<i32>> {
        let asks_residency = !self.residency.is_empty() || facets.contains(&Facet::Residency);
        if self.province.is_empty() && !asks_residency {
            return Ok(Vec::new());
        }
        let (places, day) = (Places::read(conn).await?, today());
        if !self.province.is_empty() {
            let mut ids = Vec::new();
            for text in &self.province {
                let named = places.named(Some(text), day, "/province", Code::InvalidQuery)?;
                let id = named.ok_or_else(|| unknown("/province", text, "GET /api/v1/provinces"))?;
                ids.extend(places.all_that_are(id, day));
            }
            filters.add(Some(Facet::Province), Condition::Provinces(ids));
        }
        if !asks_residency {
            return Ok(Vec::new());
        }
        let code = reference_store::setting(conn, HOME_PROVINCE, day).await?;
        let home = code.as_ref().and_then(Value::as_str).and_then(|code| places.on(code, day));
        let home = home.map(|id| places.all_that_are(id, day)).ok_or_else(|| {
            bad(
                if self.residency.is_empty() { "/facets" } else { "/residency" },
                "no_home_province",
                say!(
                    "Chưa đặt tỉnh nhà (`home_province`); hãy lọc theo `province`.",
                    "The home province (`home_province`) is not set; filter by `province`.",
                ),
            )
        })?;
        if !self.residency.is_empty() {
            filters.add(Some(Facet::Residency), Condition::Residencies(home.clone(), self.residency.clone()));
        }
        Ok(home)
    }

    /// Filters by what only the Union sees.
    fn own_data(&self, filters: &mut Filters) -> Answer<()> {
        const STATES: [&str; 7] = ["nominated", "invited", "consented", "active", "paused", "left", "deceased"];
        if let Some(state) = self.status.iter().find(|state| !STATES.contains(&state.as_str())) {
            let (all, state) = (STATES.join(", "), state.chars().take(40).collect::<String>());
            return Err(bad(
                "/status",
                "unknown_value",
                say!("`{state}` không phải trạng thái; dùng: {all}.", "`{state}` is no state; use: {all}."),
            ));
        }
        if !self.status.is_empty() {
            filters.add(Some(Facet::Status), Condition::Statuses(self.status.clone()));
        }
        if let Some(day) = self.available_on {
            if !(1..=9999).contains(&day.year()) {
                return Err(bad(
                    "/available_on",
                    "invalid_value",
                    say!("Cần một ngày thuộc năm 1 đến 9999.", "A day of the years 1 to 9999 is needed."),
                ));
            }
            filters.add(None, Condition::Available(day));
        }
        if let Some(text) = &self.updated_since {
            filters.add(None, Condition::UpdatedSince(since(text)?));
        }
        Ok(())
    }
}

/// A time, or the beginning of a day in Viet Nam.
fn since(text: &str) -> Answer<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    let time = time.filter(|time| (1..=9999).contains(&time.year()));
    time.or_else(|| text.parse().ok().and_then(day_begins)).ok_or_else(|| {
        bad(
            "/updated_since",
            "invalid_value",
            say!("Cần thời điểm RFC 3339 hoặc ngày YYYY-MM-DD.", "An RFC 3339 time or a day as YYYY-MM-DD is needed.",),
        )
    })
}

fn languages(codes: &[String]) -> Answer<Vec<String>> {
    let known = |code: &String| code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic());
    match codes.iter().find(|code| !known(code)) {
        None => Ok(codes.iter().map(|code| code.to_ascii_lowercase()).collect()),
        Some(code) => Err(unknown("/language", code, "ISO 639-1")),
    }
}

/// Codes by scheme, each with its descendants.
async fn fields(conn: &Reader, asked: &[String]) -> Answer<Vec<Codes>> {
    let pairs: Vec<(&str, &str)> = asked.iter().map(|text| coded(text)).collect();
    let known = store::with_descendants(conn, &pairs).await?;
    let is_known = |(_, (scheme, code)): &(&String, &(&str, &str))| {
        known.iter().any(|(of, codes)| of == scheme && codes.iter().any(|known| known == code))
    };
    match asked.iter().zip(&pairs).find(|pair| !is_known(pair)) {
        Some((text, _)) => Err(unknown("/field", text, "GET /api/v1/fields")),
        None => Ok(known),
    }
}

async fn groups(conn: &mut Conn, asked: &[String]) -> Answer<Vec<Codes>> {
    let known = store::known_groups(conn, asked).await?;
    if let Some(code) = asked.iter().find(|code| !known.contains(code)) {
        return Err(unknown("/field_group", code, "GET /api/v1/field-groups"));
    }
    let roots = store::group_fields(conn, asked).await?;
    let pairs: Vec<(&str, &str)> = roots.iter().map(|(scheme, code)| (scheme.as_str(), code.as_str())).collect();
    store::with_descendants(conn, &pairs).await
}

async fn organisations(conn: &mut Conn, pointer: &str, keys: &[String]) -> Answer<Vec<Uuid>> {
    let known = store::organisation_ids(conn, keys).await?;
    let ids = keys.iter().map(|key| {
        let id = known.iter().find(|(id, code)| code == key || key.parse() == Ok(*id)).map(|(id, _)| *id);
        id.ok_or_else(|| unknown(pointer, key, "GET /api/v1/organisations"))
    });
    ids.collect()
}
