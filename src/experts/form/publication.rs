//! The form of a publication, and the rules that make a [`Publication`] of it.

use chrono::Datelike;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{ObjectBuilder, OneOfBuilder, RefOr, Schema, Type};
use uuid::Uuid;

use crate::experts::model::Publication;
use crate::kernel::clock::today;
use crate::kernel::form::Faults;
use crate::say;

/// Most publications a person has.
pub const MAX_PUBLICATIONS: usize = 2_000;
/// Most authors of one, and longest name of one in characters: a proceedings volume of a large collaboration has more, and
/// names the first.
const MAX_AUTHORS: usize = 200;
const MAX_NAME: usize = 200;
const MAX_TITLE: usize = 1_000;
const MAX_ABSTRACT: usize = 10_000;
const MAX_VENUE: usize = 500;
const MAX_DOI: usize = 300;
/// What is written before a DOI, and is no part of it.
const DOI_PREFIXES: [&str; 6] =
    ["https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/", "doi.org/", "doi:"];

/// A publication as people send it.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "title": "Phục hồi rừng tự nhiên trên núi đá vôi", "year": 2021, "venue": "Tạp chí Rừng và Đất",
    "doi": "10.99999/rd.2021.17", "authors": ["Nguyễn Thị Minh Họa", "Bàn Văn Mẫu"]
}))]
pub struct PublicationForm {
    /// Its id, in a list that was read and is sent back: what keeps its id is the same publication, corrected.
    pub id: Option<Uuid>,
    /// Title.
    #[schema(required, value_type = String, min_length = 1, max_length = 1000)]
    pub title: Option<String>,
    /// Abstract.
    #[serde(rename = "abstract")]
    #[schema(max_length = 10000)]
    pub summary: Option<String>,
    /// Year of publication, from 1900; next year's for what is in press.
    #[schema(minimum = 1900)]
    pub year: Option<i16>,
    /// Journal, conference or publisher.
    #[schema(max_length = 500)]
    pub venue: Option<String>,
    /// Digital object identifier, also as a link (`https://doi.org/10.…`) or with `doi:` before it.
    #[schema(example = "10.99999/rd.2021.17")]
    pub doi: Option<String>,
    /// Authors in order: a list, or one text with commas or semicolons between the names.
    #[serde(default)]
    pub authors: Authors,
}

/// Authors as people send them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authors {
    /// A list of names.
    List(Vec<String>),
    /// One text.
    Text(String),
}

impl Default for Authors {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl utoipa::PartialSchema for Authors {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let list = ArrayBuilder::new().items(text());
        OneOfBuilder::new().item(list).item(text().description(Some("`A, B; C`"))).into()
    }
}

impl ToSchema for Authors {}

impl<'de> Deserialize<'de> for Authors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = || serde::de::Error::custom("expected a list of names, or one text");
        match Value::deserialize(deserializer)? {
            Value::Null => Ok(Self::default()),
            Value::String(text) => Ok(Self::Text(text)),
            Value::Array(items) => {
                let name = |item| if let Value::String(name) = item { Some(name) } else { None };
                items.into_iter().map(name).collect::<Option<_>>().map(Self::List).ok_or_else(expected)
            }
            _ => Err(expected()),
        }
    }
}

/// Reads a list of publications; `at` is the pointer to the list.
pub fn read_all(forms: &[PublicationForm], at: &str, faults: &mut Faults) -> Vec<Publication> {
    if forms.len() > MAX_PUBLICATIONS {
        faults.add(
            at,
            "too_many",
            say!("Tối đa {MAX_PUBLICATIONS} công trình.", "At most {MAX_PUBLICATIONS} publications."),
        );
        return Vec::new();
    }
    let read = forms.iter().enumerate().map(|(index, form)| read(form, &format!("{at}/{index}"), faults));
    let list: Vec<Publication> = read.collect();
    for (index, publication) in list.iter().enumerate() {
        let Some(doi) = &publication.doi else { continue };
        if list.iter().take(index).any(|earlier| earlier.doi.as_ref() == Some(doi)) {
            let detail = say!("DOI này đã có ở một mục phía trên.", "An item above has this DOI already.");
            faults.add(format!("{at}/{index}/doi"), "duplicate", detail);
        }
    }
    list
}

/// Reads one publication; `at` is the pointer to it, empty for a body of its own.
pub fn read(form: &PublicationForm, at: &str, faults: &mut Faults) -> Publication {
    let place = |name: &str| format!("{at}/{name}");
    let title = faults.line(&place("title"), form.title.as_deref(), MAX_TITLE);
    if title.is_none() && form.title.as_deref().unwrap_or_default().trim().is_empty() {
        faults.add(place("title"), "required", say!("Thiếu tên công trình.", "The title is missing."));
    }
    Publication {
        id: form.id,
        title: title.unwrap_or_default(),
        summary: faults.lines(&place("abstract"), form.summary.as_deref(), MAX_ABSTRACT),
        year: year(form.year, &place("year"), faults),
        venue: faults.line(&place("venue"), form.venue.as_deref(), MAX_VENUE),
        doi: form.doi.as_deref().and_then(|text| doi(text, &place("doi"), faults)),
        authors: authors(&form.authors, &place("authors"), faults),
    }
}

/// What is in press carries next year's number; nothing is published later than that.
fn year(input: Option<i16>, at: &str, faults: &mut Faults) -> Option<i16> {
    let year = input?;
    let last = today().year() + 1;
    if (1900..=last).contains(&i32::from(year)) {
        return Some(year);
    }
    faults.add(at, "out_of_range", say!("Từ 1900 đến {last}.", "1900 to {last}."));
    None
}

/// A DOI without what is written before it, in lower case (DOIs do not tell cases apart).
fn doi(input: &str, at: &str, faults: &mut Faults) -> Option<String> {
    let line = faults.line(at, Some(input), MAX_DOI)?;
    let text = line.to_lowercase();
    let bare = DOI_PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or(&text).trim();
    let sound = bare.split_once('/').is_some_and(|(registrant, name)| {
        let number = registrant.strip_prefix("10.").unwrap_or_default();
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        number.split('.').all(digits) && number.len() >= 4 && !name.is_empty()
    });
    if sound && !bare.contains(char::is_whitespace) {
        if bare != line {
            let detail = say!("DOI được ghi gọn, bằng chữ thường.", "The DOI is kept alone, in lower case.");
            faults.repaired(at, "doi_form", detail, &line, bare);
        }
        return Some(bare.to_owned());
    }
    faults.add(
        at,
        "not_a_doi",
        say!(
            "Không phải DOI; DOI có dạng 10.1234/abc, hoặc https://doi.org/10.1234/abc.",
            "Not a DOI; one looks like 10.1234/abc, or https://doi.org/10.1234/abc.",
        ),
    );
    None
}

fn authors(input: &Authors, at: &str, faults: &mut Faults) -> Vec<String> {
    let names: Vec<(String, String)> = match input {
        Authors::List(names) => {
            names.iter().enumerate().map(|(index, name)| (format!("{at}/{index}"), name.clone())).collect()
        }
        Authors::Text(text) => {
            let names = split_names(text);
            if !names.is_empty() {
                let detail =
                    say!("Một dòng chữ đã được tách thành danh sách.", "One text was taken apart into a list.");
                faults.repaired(at, "list_from_text", detail, text, &names.join("; "));
            }
            names.into_iter().map(|name| (at.to_owned(), name)).collect()
        }
    };
    if names.len() > MAX_AUTHORS {
        faults.add(at, "too_many", say!("Tối đa {MAX_AUTHORS} tác giả.", "At most {MAX_AUTHORS} authors."));
        return Vec::new();
    }
    names.iter().filter_map(|(place, name)| faults.line(place, Some(name), MAX_NAME)).collect()
}

/// The names in one text: `A, B; C và D` is four.
fn split_names(text: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    for word in text.replace([',', ';', '&', '\n'], " , ").split_whitespace() {
        match word {
            "," | "và" | "and" => names.push(String::new()),
            word => {
                if let Some(name) = names.last_mut() {
                    name.push_str(if name.is_empty() { "" } else { " " });
                    name.push_str(word);
                }
            }
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(body: Value) -> Result<Publication, Vec<(String, &'static str)>> {
        let form: PublicationForm = serde_json::from_value(body).unwrap();
        let mut faults = Faults::default();
        let publication = read(&form, "", &mut faults);
        faults.or(publication).map_err(|faults| faults.into_iter().map(|f| (f.pointer, f.code)).collect())
    }

    #[test]
    fn a_doi_is_taken_in_every_usual_form_and_nothing_else() {
        for (text, expected) in [
            ("10.1234/AbC.1", Some("10.1234/abc.1")),
            (" https://doi.org/10.1234/abc ", Some("10.1234/abc")),
            ("HTTP://DX.DOI.ORG/10.1234/abc", Some("10.1234/abc")),
            ("doi: 10.1234/abc", Some("10.1234/abc")),
            ("DOI:10.1000.10/123(4)5<6>", Some("10.1000.10/123(4)5<6>")),
            ("10.1234", None),
            ("10.1234/", None),
            ("11.1234/abc", None),
            ("10.12/abc", None),
            ("10.1234/a b", None),
            ("10.12x4/ab", None),
            ("https://example.org/10.1234/abc", None),
        ] {
            let read = one(serde_json::json!({ "title": "A", "doi": text }));
            match expected {
                Some(doi) => assert_eq!(read.unwrap().doi.as_deref(), Some(doi), "{text}"),
                None => assert_eq!(read.unwrap_err(), [("/doi".to_owned(), "not_a_doi")], "{text}"),
            }
        }
        assert_eq!(one(serde_json::json!({ "title": "A", "doi": " " })).unwrap().doi, None);
    }

    #[test]
    fn authors_are_a_list_or_one_text() {
        for (authors, expected) in [
            (serde_json::json!(["Bàn Văn  Mẫu", " ", "An"]), vec!["Bàn Văn Mẫu", "An"]),
            (serde_json::json!("Bàn Văn Mẫu, Lò Thị An; Cao Bá"), vec!["Bàn Văn Mẫu", "Lò Thị An", "Cao Bá"]),
            (serde_json::json!("A Páo và B & C, D and E;;"), vec!["A Páo", "B", "C", "D", "E"]),
            (serde_json::json!("Vàng Seo Vàng"), vec!["Vàng Seo Vàng"]),
            (serde_json::json!(""), vec![]),
            (Value::Null, vec![]),
        ] {
            let read = one(serde_json::json!({ "title": "A", "authors": authors })).unwrap();
            assert_eq!(read.authors, expected, "{authors}");
        }
        for wrong in [serde_json::json!(7), serde_json::json!(["A", 7]), serde_json::json!({ "name": "A" })] {
            assert!(serde_json::from_value::<PublicationForm>(serde_json::json!({ "authors": wrong })).is_err());
        }
    }

    #[test]
    fn what_was_put_right_is_said() {
        for (body, place, code, from, to) in [
            (serde_json::json!({ "doi": "doi:10.1234/A" }), "/doi", "doi_form", "doi:10.1234/A", "10.1234/a"),
            (serde_json::json!({ "authors": "A, B" }), "/authors", "list_from_text", "A, B", "A; B"),
        ] {
            let mut form: PublicationForm = serde_json::from_value(body).unwrap();
            form.title = Some("Rừng".to_owned());
            let mut faults = Faults::default();
            let read = read(&form, "", &mut faults);
            let (_, repairs) = faults.done(read).unwrap();
            let values = Some((from.to_owned(), to.to_owned()));
            assert_eq!((repairs[0].pointer.as_str(), repairs[0].code, &repairs[0].values), (place, code, &values));
        }
        let plain = serde_json::json!({ "title": "Rừng", "doi": "10.1234/a", "authors": ["A", "B"] });
        let mut faults = Faults::default();
        let read = read(&serde_json::from_value(plain).unwrap(), "", &mut faults);
        assert!(faults.done(read).unwrap().1.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_by_its_place() {
        let next = today().year() + 1;
        assert_eq!(one(serde_json::json!({ "title": "A", "year": next })).unwrap().year.map(i32::from), Some(next));
        for (body, place, code) in [
            (serde_json::json!({}), "/title", "required"),
            (serde_json::json!({ "title": " \u{A0}" }), "/title", "required"),
            (serde_json::json!({ "title": "a".repeat(1_001) }), "/title", "too_long"),
            (serde_json::json!({ "title": "Rõng Hµ Giang" }), "/title", "legacy_encoding"),
            (serde_json::json!({ "title": "A", "year": next + 1 }), "/year", "out_of_range"),
            (serde_json::json!({ "title": "A", "year": 1899 }), "/year", "out_of_range"),
            (serde_json::json!({ "title": "A", "authors": ["B", "Hµ Giang"] }), "/authors/1", "legacy_encoding"),
            (serde_json::json!({ "title": "A", "authors": vec!["B"; 201] }), "/authors", "too_many"),
        ] {
            assert_eq!(one(body.clone()).unwrap_err(), [(place.to_owned(), code)], "{body}");
        }
    }

    #[test]
    fn a_list_holds_a_doi_once_and_is_bounded() {
        let form = |doi: &str| PublicationForm {
            title: Some("A".to_owned()),
            doi: Some(doi.to_owned()),
            ..PublicationForm::default()
        };
        let mut faults = Faults::default();
        read_all(&[form("10.1234/a"), form("10.1234/b"), form("doi:10.1234/A")], "/publications", &mut faults);
        let faults = faults.or(()).unwrap_err();
        assert_eq!((faults[0].pointer.as_str(), faults[0].code), ("/publications/2/doi", "duplicate"));
        let mut faults = Faults::default();
        read_all(&vec![PublicationForm::default(); MAX_PUBLICATIONS + 1], "/publications", &mut faults);
        assert_eq!(faults.or(()).unwrap_err()[0].code, "too_many");
    }
}
