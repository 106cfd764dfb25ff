//! A conclusion as a text document: a small writer of OOXML. The same conclusion makes the same bytes.

mod layout;
mod parts;
mod xml;

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::model::{Content, Report};
use crate::consultations::model::Letter;
use crate::consultations::words::ConsultationKind;
use crate::kernel::problem::{Answer, Problem};

/// The media type of the document.
pub const MEDIA_TYPE: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// Who issues a report, as things stand on its day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letterhead {
    /// The body the issuer stands under.
    pub superior: Option<String>,
    /// The issuer.
    pub issuer: String,
    /// Its abbreviation.
    pub short_name: Option<String>,
    /// Where it is.
    pub place: Option<String>,
}

/// All that stands in a report.
#[derive(Debug, Clone)]
pub struct Paper<'a> {
    /// Who issues it.
    pub head: Letterhead,
    /// What was asked for.
    pub kind: ConsultationKind,
    /// The title of what was judged.
    pub title: &'a str,
    /// Who asked.
    pub asker: &'a str,
    /// Who decides.
    pub authority: Option<&'a str>,
    /// What was asked.
    pub questions: &'a [String],
    /// What is said.
    pub content: &'a Content,
    /// With what it was signed; a draft has blanks.
    pub report: Option<&'a Report>,
    /// The report it corrects, and why.
    pub corrects: Option<(&'a Letter, &'a str)>,
}

/// The document.
///
/// # Errors
/// A fault of the server when it can't be packed.
pub fn docx(paper: &Paper<'_>) -> Answer<Vec<u8>> {
    let body = layout::document(paper);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // no clock: the same report makes the same bytes
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let core = parts::core(&layout::subject(paper), &paper.head.issuer);
    for (name, part) in [
        ("[Content_Types].xml", parts::CONTENT_TYPES),
        ("_rels/.rels", parts::RELATIONSHIPS),
        ("docProps/core.xml", core.as_str()),
        ("word/document.xml", body.as_str()),
        ("word/styles.xml", parts::STYLES),
        ("word/settings.xml", parts::SETTINGS),
        ("word/header1.xml", parts::HEADER),
        ("word/_rels/document.xml.rels", parts::DOCUMENT_RELATIONSHIPS),
    ] {
        zip.start_file(name, options).map_err(Problem::internal)?;
        zip.write_all(part.as_bytes()).map_err(Problem::internal)?;
    }
    Ok(zip.finish().map_err(Problem::internal)?.into_inner())
}

#[cfg(test)]
#[path = "docx_tests.rs"]
mod tests;
