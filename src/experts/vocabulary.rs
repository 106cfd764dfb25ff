//! The words a profile may use: titles, provinces, fields, as they are in the database now.

mod kept;

pub use kept::{VERSION, Vocabularies};

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::model::{ExpertField, Residency};
use crate::db::Conn;
use crate::fields::store::{self as field_store, FieldRow, GroupRow};
use crate::fields::{DEFAULT_SCHEME, UNION_GROUPS};
use crate::kernel::clock::today;
use crate::kernel::name::{TitleKind, TitleLexicon, TitleRow};
use crate::kernel::problem::Answer;
use crate::kernel::text::fold;
use crate::organisations::store as organisation_store;
use crate::reference::places::province_key;
use crate::reference::province_heirs;
use crate::reference::store::{self as reference_store, ProvinceRow};

/// The setting that holds the code of the Union's province.
pub const HOME_PROVINCE: &str = "home_province";

/// What it takes to show experts.
#[derive(Debug, Default, Deserialize)]
struct Words {
    titles: Option<Vec<reference_store::TitleRow>>,
    provinces: Option<Vec<(i32, ProvinceRow)>>,
    /// Code of the Union's province.
    home: Option<String>,
    fields: Option<Vec<FieldRow>>,
    groups: Option<Vec<GroupRow>>,
}

/// Looks words up; built once for a request or a whole load.
#[derive(Debug, Default)]
pub struct Vocabulary {
    titles: Vec<reference_store::TitleRow>,
    /// Their places, in order.
    titles_by_key: HashMap<String, Vec<usize>>,
    lexicon: TitleLexicon,
    provinces: Vec<(i32, ProvinceRow)>,
    living_provinces: HashMap<String, i32>,
    fields: HashMap<(String, String), FieldRow>,
    groups: Vec<GroupRow>,
    home_province: Option<i32>,
    organisations: HashSet<Uuid>,
}

/// What spellings of a title have in common.
fn title_key(text: &str) -> String {
    fold(text).replace(' ', "").replace('y', "i")
}

impl Vocabulary {
    /// Reads it.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn read(conn: &mut Conn) -> Answer<Self> {
        let titles = reference_store::titles(conn).await?;
        let provinces = reference_store::provinces(conn).await?;
        let fields = field_store::all(conn).await?;
        let organisations = organisation_store::ids(conn).await?.into_iter().collect();
        Ok(Self { organisations, ..Self::new(titles, provinces, fields).with_union(conn).await? })
    }

    /// Adds what the Union itself laid down: its province and its groups of fields.
    async fn with_union(self, conn: &mut Conn) -> Answer<Self> {
        let home = reference_store::setting(conn, HOME_PROVINCE, today()).await?;
        let home_province = home.as_ref().and_then(Value::as_str).and_then(|code| self.province(code));
        Ok(Self { home_province, groups: field_store::groups(conn).await?, ..self })
    }

    fn of_words(words: Words) -> Self {
        let (titles, provinces) = (words.titles.unwrap_or_default(), words.provinces.unwrap_or_default());
        let built = Self::new(titles, provinces, words.fields.unwrap_or_default());
        let home_province = words.home.as_deref().and_then(|code| built.province(code));
        Self { home_province, groups: words.groups.unwrap_or_default(), ..built }
    }

    /// Builds it from rows.
    pub fn new(
        titles: Vec<reference_store::TitleRow>,
        provinces: Vec<(i32, ProvinceRow)>,
        fields: Vec<FieldRow>,
    ) -> Self {
        let lexicon = TitleLexicon::new(titles.iter().map(|row| TitleRow {
            kind: if row.kind == "degree" { TitleKind::Degree } else { TitleKind::AcademicRank },
            code: &row.code,
            name: &row.name_vi,
            abbreviation: &row.abbreviation,
            rank: i32::from(row.rank),
        }));
        let mut titles_by_key: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, row) in titles.iter().enumerate() {
            for word in [&row.code, &row.abbreviation, &row.name_vi] {
                titles_by_key.entry(title_key(word)).or_default().push(place);
            }
        }
        let day = today();
        let living = provinces.iter().filter(|(_, row)| row.lives_on(day));
        Self {
            living_provinces: living
                .flat_map(|(id, row)| [(row.name_key.clone(), *id), (row.code.clone(), *id)])
                .collect(),
            provinces,
            fields: fields.into_iter().map(|row| ((row.scheme.clone(), row.code.clone()), row)).collect(),
            titles,
            titles_by_key,
            lexicon,
            groups: Vec::new(),
            home_province: None,
            organisations: HashSet::new(),
        }
    }

    /// True when the register has this organisation.
    pub fn has_organisation(&self, id: Uuid) -> bool {
        self.organisations.contains(&id)
    }

    /// Splits titles off names.
    pub const fn lexicon(&self) -> &TitleLexicon {
        &self.lexicon
    }

    /// A title of a kind (`academic_rank` or `degree`) by code, abbreviation or name, however it is spelled.
    pub fn title(&self, kind: &str, text: &str) -> Option<&reference_store::TitleRow> {
        let places = self.titles_by_key.get(&title_key(text))?;
        places.iter().filter_map(|place| self.titles.get(*place)).find(|row| row.kind == kind)
    }

    /// A title by code.
    pub fn title_by_code(&self, code: &str) -> Option<&reference_store::TitleRow> {
        self.titles.iter().find(|row| row.code == code)
    }

    /// The codes of a kind, to name in an error.
    pub fn title_codes(&self, kind: &str) -> String {
        let codes: Vec<&str> = self.titles.iter().filter(|row| row.kind == kind).map(|row| row.code.as_str()).collect();
        codes.join(", ")
    }

    /// A province of today by name or code: `Tuyên Quang`, `tinh tuyen quang`, `TP. Hồ Chí Minh`, `08`.
    pub fn province(&self, text: &str) -> Option<i32> {
        self.living_provinces.get(&province_key(text)).copied()
    }

    /// A province of the past by name or code, and the one of today it belongs to; none where that is not certain.
    pub fn former_province(&self, text: &str) -> Option<(&ProvinceRow, &ProvinceRow)> {
        let (key, day) = (province_key(text), today());
        let former = self.provinces.iter().filter(|(_, row)| row.valid_to.is_some_and(|end| end < day));
        let named = former.filter(|(_, row)| row.name_key == key || row.code == key);
        let heirs: Vec<(&ProvinceRow, i32)> =
            named.map(|(id, row)| (row, province_heirs::at(&self.provinces, *id, day))).collect();
        let &(row, heir) = heirs.iter().max_by_key(|(row, _)| row.valid_to)?;
        let is_certain = heirs.iter().all(|(_, other)| *other == heir);
        self.province_row(heir).filter(|today| is_certain && today.lives_on(day)).map(|today| (row, today))
    }

    /// A province row.
    pub fn province_row(&self, id: i32) -> Option<&ProvinceRow> {
        self.provinces.iter().find(|(other, _)| *other == id).map(|(_, row)| row)
    }

    /// Of values of members, that of the province as its name: records keep the number of its row, which tells people nothing.
    pub fn name_province(&self, member: &str, value: &mut Value) {
        let id = value.as_i64().filter(|_| member == "province").and_then(|id| i32::try_from(id).ok());
        if let Some(row) = id.and_then(|id| self.province_row(id)) {
            *value = Value::String(row.name.clone());
        }
    }

    /// Where somebody works who is in this province, or in this country when that is not Viet Nam, seen from the Union's
    /// province of today.
    pub fn residency(&self, province: Option<i32>, country: Option<&str>) -> Option<Residency> {
        if country.is_some() {
            return Some(Residency::Abroad);
        }
        let today = province_heirs::at(&self.provinces, province?, today());
        Some(if today == self.home_province? { Residency::InProvince } else { Residency::OutOfProvince })
    }

    /// A group of fields by code.
    pub fn group(&self, code: &str) -> Option<&GroupRow> {
        self.groups.iter().find(|group| group.code == code)
    }

    /// The Union's groups of an expert: those that take one of the fields along, and those chosen besides.
    pub fn groups_of(&self, fields: &[ExpertField], chosen: &[String]) -> Vec<&GroupRow> {
        let takes = |group: &GroupRow, field: &ExpertField| group.takes(&field.scheme, &field.code);
        let belongs = |group: &&GroupRow| {
            let follows = group.scheme == UNION_GROUPS && fields.iter().any(|field| takes(group, field));
            follows || chosen.contains(&group.code)
        };
        self.groups.iter().filter(belongs).collect()
    }

    /// A field; a bare code belongs to [`DEFAULT_SCHEME`].
    pub fn field(&self, scheme: Option<&str>, code: &str) -> Option<&FieldRow> {
        self.fields.get(&(scheme.unwrap_or(DEFAULT_SCHEME).to_owned(), code.to_owned()))
    }

    /// The fields of a scheme, in no order.
    pub fn fields_in<'v>(&'v self, scheme: &str) -> impl Iterator<Item = &'v FieldRow> + use<'v> {
        let scheme = scheme.to_owned();
        self.fields.values().filter(move |row| row.scheme == scheme)
    }

    /// The groups of fields.
    pub fn groups(&self) -> &[GroupRow] {
        &self.groups
    }

    /// A field and those above it, from the top down.
    pub fn field_path(&self, scheme: &str, code: &str) -> Vec<&FieldRow> {
        let mut path = Vec::new();
        let mut next = self.field(Some(scheme), code);
        while let Some(row) = next {
            path.push(row);
            next = row.parent_code.as_deref().and_then(|parent| self.field(Some(scheme), parent));
        }
        path.reverse();
        path
    }

    /// Ranks of academic rank and degree as one number, to put the better qualified first among equal hits.
    pub fn standing(&self, academic_rank: Option<&str>, degree: Option<&str>) -> i16 {
        let rank = |code: Option<&str>| code.and_then(|code| self.title_by_code(code)).map_or(0, |row| row.rank);
        rank(academic_rank).saturating_mul(10).saturating_add(rank(degree))
    }

    /// What is printed before the name: `PGS.TS`.
    pub fn printed_title(&self, academic_rank: Option<&str>, degree: Option<&str>) -> Option<String> {
        let codes = [academic_rank, degree].into_iter().flatten();
        let parts: Vec<&str> =
            codes.filter_map(|code| self.title_by_code(code)).map(|row| row.abbreviation.as_str()).collect();
        (!parts.is_empty()).then(|| parts.join("."))
    }
}
