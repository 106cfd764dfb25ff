//! `GET /consent-texts`: what people read before they decide, by purpose and version.

use actix_web::{HttpRequest, get};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::Purpose;
use super::policy::ReadConsentTexts;
use super::store::{self, TextRow};
use crate::access::permit::Permit;
use crate::http::params::Params;
use crate::kernel::clock::today;
use crate::kernel::page::Page;
use crate::kernel::precondition::fresh;
use crate::kernel::problem::{Answer, Problem};
use crate::kernel::sheet::{self, Fault, Loaded, Row, Sheet};
use crate::reference::load::{LoadError, load_event, load_recorder};
use crate::say;
use crate::state::State;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_consent_texts);
}

/// What a person reads before deciding about a purpose.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct ConsentText {
    /// What it is about.
    #[schema(value_type = Purpose)]
    purpose: String,
    /// Its version; a consent in the ledger names it.
    #[schema(example = "2026-01")]
    version: String,
    /// First day on which people were shown it.
    valid_from: NaiveDate,
    /// Title in Vietnamese.
    #[schema(example = "Cho cơ quan nhà nước tìm thấy")]
    title_vi: String,
    /// Title in English.
    #[schema(example = "To be found by agencies")]
    title_en: String,
    /// The text in Vietnamese, which counts.
    text_vi: String,
    /// The text in English, for information.
    text_en: String,
}

impl From<TextRow> for ConsentText {
    fn from(row: TextRow) -> Self {
        let TextRow { purpose, version, valid_from, title_vi, title_en, text_vi, text_en } = row;
        Self { purpose, version, valid_from, title_vi, title_en, text_vi, text_en }
    }
}

/// The texts in force on a day, in the order of the purposes.
pub(super) fn in_force(rows: &[TextRow], day: NaiveDate) -> Vec<TextRow> {
    Purpose::ALL.into_iter().filter_map(|purpose| of_purpose(rows, purpose, day)).cloned().collect()
}

fn of_purpose(rows: &[TextRow], purpose: Purpose, day: NaiveDate) -> Option<&TextRow> {
    let of_purpose = rows.iter().filter(|row| row.purpose == purpose.as_str() && row.valid_from <= day);
    of_purpose.max_by_key(|row| row.valid_from)
}

/// The version a decision of a day was made on: the one named, else the one in force then, else the oldest there is.
///
/// # Errors
/// 422 when there is none such.
pub(super) fn version_of(rows: &[TextRow], purpose: Purpose, day: NaiveDate, named: Option<&str>) -> Answer<String> {
    let of_purpose = |row: &&TextRow| row.purpose == purpose.as_str();
    let found = match named {
        Some(named) => rows.iter().filter(of_purpose).find(|row| row.version == named),
        None => self::of_purpose(rows, purpose, day)
            .or_else(|| rows.iter().filter(of_purpose).min_by_key(|row| row.valid_from)),
    };
    found.map(|row| row.version.clone()).ok_or_else(|| {
        Problem::field(
            "/text_version",
            "unknown_version",
            say!(
                "Không có phiên bản này của văn bản đồng ý; xem GET /api/v1/consent-texts?all=true.",
                "There is no such version of the consent text; see GET /api/v1/consent-texts?all=true.",
            ),
        )
    })
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TextQuery {
    /// Only this purpose.
    #[param(inline)]
    purpose: Option<Purpose>,
    /// Also the texts that were in force before, and those to come.
    all: bool,
}

/// List consent texts
///
/// What people read before they decide, for each purpose: the text in force today. A consent names the version it was given
/// to, and what was once shown is never changed.
#[utoipa::path(
    tag = "experts",
    params(TextQuery),
    security((), ("session" = ["consent_texts.read"])),
    responses((status = 200, description = "The texts", body = Page<ConsentText>)),
)]
#[get("/consent-texts")]
async fn list_consent_texts(permit: Permit<ReadConsentTexts>, query: Params<TextQuery>, req: HttpRequest) -> Answer {
    let rows = store::consent_texts(&mut permit.read().await?).await?;
    let rows = if query.0.all { rows } else { in_force(&rows, today()) };
    let asked = rows.into_iter().filter(|row| query.0.purpose.is_none_or(|purpose| row.purpose == purpose.as_str()));
    fresh(&req, None, "public", &Page { items: asked.map(ConsentText::from).collect(), next_cursor: None })
}

/// Consent texts: `purpose`, `version`, `valid_from`, `title_vi`, `title_en`, `text_vi`, `text_en`. New versions are added;
/// a version that is known must be the same, for people agreed to it as it was.
///
/// # Errors
/// See [`LoadError`].
pub async fn load(state: &State, file: &Sheet) -> Result<Loaded, LoadError> {
    let columns = ["purpose", "version", "valid_from", "title_vi", "title_en", "text_vi", "text_en"];
    let lines = sheet::read(file, &columns, |row| Ok((row.line(), text(row)?)))?;
    let numbers: Vec<u64> = lines.iter().map(|(line, _)| *line).collect();
    let rows = sheet::unique(file, lines, "version", |row| (row.purpose.clone(), row.version.clone()))?;
    let recorder = load_recorder(state);
    let loaded = state.db.transaction(async move |tx| {
        let known = store::consent_texts(tx).await?;
        let faults: Vec<Fault> =
            rows.iter().zip(numbers).filter_map(|(row, line)| Some(fault(line, clash(row, &known)?))).collect();
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
        let total = rows.len();
        let new: Vec<TextRow> = rows.into_iter().filter(|row| !known.contains(row)).collect();
        let loaded = Loaded { rows: total, changed: new.len(), ..Loaded::default() };
        store::add_texts(tx, &new).await?;
        recorder.record(tx, load_event("consent_texts", loaded).into_iter().collect()).await?;
        Ok(Ok(loaded))
    });
    Ok(loaded.await?.map_err(|faults| file.broken(faults))?)
}

fn fault(line: u64, (column, message): (&str, &str)) -> Fault {
    Fault { line, column: column.to_owned(), message: message.to_owned() }
}

fn clash(row: &TextRow, known: &[TextRow]) -> Option<(&'static str, &'static str)> {
    let mut same = known.iter().filter(|other| other.purpose == row.purpose && *other != row);
    let other = same.find(|other| other.version == row.version || other.valid_from == row.valid_from)?;
    Some(if other.version == row.version {
        ("version", "this version has another text already, which people agreed to; give the new one a new version")
    } else {
        ("valid_from", "another version begins on this day")
    })
}

fn text(row: &Row<'_>) -> Result<TextRow, Fault> {
    let purpose = row.text("purpose")?;
    if !Purpose::ALL.iter().any(|known| known.as_str() == purpose) {
        return Err(row.fault("purpose", format!("`{purpose}` is no purpose of consent")));
    }
    let version = row.text("version")?;
    let sound = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
    if !version.bytes().all(sound) || version.starts_with(['.', '-']) || version.len() > 32 {
        return Err(row.fault("version", "up to 32 of a-z, A-Z, 0-9, `.`, `-`, beginning with a letter or digit"));
    }
    Ok(TextRow {
        purpose: purpose.to_owned(),
        version: version.to_owned(),
        valid_from: row.date("valid_from")?.ok_or_else(|| row.fault("valid_from", "must not be blank"))?,
        title_vi: row.text("title_vi")?.to_owned(),
        title_en: row.text("title_en")?.to_owned(),
        text_vi: row.text("text_vi")?.to_owned(),
        text_en: row.text("text_en")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(version: &str, from: &str) -> TextRow {
        let text = String::new;
        TextRow {
            purpose: "listing".into(),
            version: version.into(),
            valid_from: from.parse().unwrap(),
            title_vi: text(),
            title_en: text(),
            text_vi: text(),
            text_en: text(),
        }
    }

    #[test]
    fn a_decision_is_made_on_the_text_of_its_day_or_the_one_named() {
        let rows = [row("2", "2027-01-01"), row("1", "2026-01-01")];
        for (day, named, version) in [
            ("2026-06-01", None, Some("1")),
            ("2027-01-01", None, Some("2")),
            ("2024-05-05", None, Some("1")),
            ("2024-05-05", Some("2"), Some("2")),
            ("2026-06-01", Some("3"), None),
        ] {
            let seen = version_of(&rows, Purpose::Listing, day.parse().unwrap(), named);
            assert_eq!(seen.ok().as_deref(), version, "{day} {named:?}");
        }
        assert!(version_of(&rows, Purpose::PublicProfile, today(), None).is_err());
        assert_eq!(in_force(&rows, "2026-12-31".parse().unwrap()), [row("1", "2026-01-01")]);
    }

    #[test]
    fn a_text_people_agreed_to_is_not_changed() {
        let known = [row("1", "2026-01-01")];
        let mut other = row("1", "2026-01-01");
        assert_eq!(clash(&other, &known), None);
        other.text_vi = "khác".into();
        assert_eq!(clash(&other, &known).unwrap().0, "version");
        assert_eq!(clash(&row("2", "2026-01-01"), &known).unwrap().0, "valid_from");
        assert_eq!(clash(&row("2", "2027-01-01"), &known), None);
    }
}
