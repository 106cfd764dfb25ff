//! What a file is, by its first bytes: what an office sends, and nothing that runs. Pure.

/// What bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Pdf,
    Png,
    Jpeg,
    Gif,
    Tiff,
    Webp,
    Bmp,
    /// The documents of older offices: which one, only its name says.
    Ole,
    /// An archive; the newer documents of offices are archives with a list of types in them.
    Zip,
    OpenXml,
    OpenDocument,
    Rtf,
    Text,
}

impl Family {
    /// What its first bytes say: the newer documents of offices are archives.
    const fn of_bytes(self) -> Self {
        match self {
            Self::OpenXml | Self::OpenDocument => Self::Zip,
            other => other,
        }
    }
}

/// Ending, what its bytes are, media type.
#[rustfmt::skip] // a line for each ending
const KNOWN: &[(&str, Family, &str)] = &[
    ("pdf",  Family::Pdf,  "application/pdf"),
    ("png",  Family::Png,  "image/png"),
    ("jpg",  Family::Jpeg, "image/jpeg"),
    ("jpeg", Family::Jpeg, "image/jpeg"),
    ("gif",  Family::Gif,  "image/gif"),
    ("tif",  Family::Tiff, "image/tiff"),
    ("tiff", Family::Tiff, "image/tiff"),
    ("webp", Family::Webp, "image/webp"),
    ("bmp",  Family::Bmp,  "image/bmp"),
    ("doc",  Family::Ole,  "application/msword"),
    ("xls",  Family::Ole,  "application/vnd.ms-excel"),
    ("ppt",  Family::Ole,  "application/vnd.ms-powerpoint"),
    ("docx", Family::OpenXml, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", Family::OpenXml, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("pptx", Family::OpenXml, "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("odt",  Family::OpenDocument, "application/vnd.oasis.opendocument.text"),
    ("ods",  Family::OpenDocument, "application/vnd.oasis.opendocument.spreadsheet"),
    ("odp",  Family::OpenDocument, "application/vnd.oasis.opendocument.presentation"),
    ("zip",  Family::Zip,  "application/zip"),
    ("rtf",  Family::Rtf,  "application/rtf"),
    ("txt",  Family::Text, "text/plain; charset=utf-8"),
    ("csv",  Family::Text, "text/csv; charset=utf-8"),
];

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Its name has no ending that is known here.
    Ending,
    /// Its bytes are not what its name says.
    Mismatch,
}

/// The endings that are taken.
pub fn endings() -> String {
    KNOWN.iter().map(|(ending, ..)| *ending).collect::<Vec<_>>().join(", ")
}

fn ending_of(name: &str) -> String {
    name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default()
}

/// Whether a name ends as one of those.
pub fn has_known_ending(name: &str) -> bool {
    let ending = ending_of(name);
    KNOWN.iter().any(|(known, ..)| *known == ending)
}

/// The media type of a file by its first bytes and the ending of its name, which must agree.
///
/// # Errors
/// Why it is not taken.
pub fn media_type(head: &[u8], name: &str) -> Result<&'static str, Refused> {
    let ending = ending_of(name);
    let known = KNOWN.iter().find(|(known, ..)| *known == ending);
    let (_, family, media_type) = known.ok_or(Refused::Ending)?;
    let is_it = family_of(head) == Some(family.of_bytes())
        && match family {
            Family::OpenXml => holds_part(head, &ending),
            Family::OpenDocument => says_type(head, media_type),
            Family::Ole => may_hold_stream(head, &ending),
            // what is an archive may be sent as one, whatever is in it
            _ => true,
        };
    if is_it { Ok(media_type) } else { Err(Refused::Mismatch) }
}

fn family_of(head: &[u8]) -> Option<Family> {
    const MAGIC: &[(&[u8], Family)] = &[
        (b"\x89PNG\r\n\x1a\n", Family::Png),
        (b"\xff\xd8\xff", Family::Jpeg),
        (b"GIF87a", Family::Gif),
        (b"GIF89a", Family::Gif),
        (b"II*\0", Family::Tiff),
        (b"MM\0*", Family::Tiff),
        (b"BM", Family::Bmp),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Family::Ole),
        (b"{\\rtf", Family::Rtf),
        (b"%PDF-", Family::Pdf),
    ];
    if head.starts_with(b"PK\x03\x04") {
        return Some(Family::Zip);
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP".as_slice()) {
        return Some(Family::Webp);
    }
    // "BM" begins words, too
    let by_magic = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, family)| *family);
    let by_magic = by_magic.filter(|family| *family != Family::Bmp || head.contains(&0));
    let looks_like_text = || is_text(head).then_some(Family::Text);
    by_magic.or_else(looks_like_text)
}

/// Names of the entries of an archive that begin in these bytes.
fn entries(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let begins = head.windows(4).enumerate().filter(|(_, four)| *four == b"PK\x03\x04");
    begins.filter_map(|(at, _)| {
        let length = head.get(at + 26..at + 28)?;
        let length = usize::from(u16::from_le_bytes([*length.first()?, *length.get(1)?]));
        head.get(at + 30..at + 30 + length)
    })
}

/// True where an archive holds the part that makes it a document, a sheet or slides. Which entry comes first is the program's choice.
fn holds_part(head: &[u8], ending: &str) -> bool {
    let part: &[u8] = match ending {
        "docx" => b"word/",
        "xlsx" => b"xl/",
        _ => b"ppt/",
    };
    entries(head).any(|name| name.starts_with(part))
}

/// True where an archive says what it is in its first entry, which is stored unpacked.
fn says_type(head: &[u8], media_type: &str) -> bool {
    let said = head.get(30..).and_then(|rest| rest.strip_prefix(b"mimetype"));
    let rest = said.and_then(|rest| rest.strip_prefix(media_type.as_bytes()));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"PK"))
}

/// False where the list of what an older document holds is among these bytes and says that it is another one, or none. The list may
/// lie anywhere in the file.
fn may_hold_stream(head: &[u8], ending: &str) -> bool {
    const SECTOR: usize = 512;
    let names: &[&str] = match ending {
        "doc" => &["WordDocument"],
        "xls" => &["Workbook", "Book"],
        _ => &["PowerPoint Document"],
    };
    let sector = head.get(48..52).and_then(|four| four.try_into().ok()).map(u32::from_le_bytes);
    let list = sector.and_then(|sector| usize::try_from(sector).ok()?.checked_add(1)?.checked_mul(SECTOR));
    let Some(list) = list.and_then(|at| head.get(at..)).filter(|list| list.len() >= SECTOR) else { return true };
    names.iter().any(|name| {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        list.windows(name.len()).any(|bytes| bytes == name)
    })
}

/// True for UTF-8 without control characters, cut off anywhere.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // the last letter may be cut off
        Err(error) if error.error_len().is_none() => {
            match std::str::from_utf8(head.get(..error.valid_up_to()).unwrap_or_default()) {
                Ok(text) => text,
                Err(_broken) => return false,
            }
        }
        Err(_broken) => return false,
    };
    !head.is_empty() && text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}'))
}

/// Looks through a text as it comes in, piece by piece.
#[derive(Debug, Default)]
pub struct TextCheck {
    cut: Vec<u8>,
}

impl TextCheck {
    /// True when this piece goes on as text.
    pub fn goes_on(&mut self, piece: &[u8]) -> bool {
        self.cut.extend_from_slice(piece);
        let sound = is_text(&self.cut);
        let whole = match std::str::from_utf8(&self.cut) {
            Ok(_) => self.cut.len(),
            Err(error) => error.valid_up_to(),
        };
        self.cut.drain(..whole);
        sound
    }

    /// True when it does not end within a letter.
    pub const fn is_whole(&self) -> bool {
        self.cut.is_empty()
    }
}

/// A name as a file may have one: the last part of a path, without what a file system or a header would stumble over.
pub fn file_name(text: &str) -> Option<String> {
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control() && !"<>:\"|?*".contains(*c)).collect();
    let clean = crate::kernel::text::display(&clean);
    let clean = clean.trim_matches(['.', ' ']);
    (!clean.is_empty() && clean.chars().count() <= 200).then(|| clean.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zip(names: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for name in names {
            bytes.extend_from_slice(b"PK\x03\x04");
            bytes.extend_from_slice(&[0; 22]);
            // a stored type follows its name
            let length = if name.starts_with("mimetype") { 8 } else { name.len() };
            bytes.extend_from_slice(&u16::try_from(length).unwrap().to_le_bytes());
            bytes.extend_from_slice(&[0; 2]);
            bytes.extend_from_slice(name.as_bytes());
        }
        bytes
    }

    #[test]
    fn a_file_is_what_its_bytes_say_and_must_be_called_so() {
        let docx = zip(&["[Content_Types].xml", "_rels/.rels", "word/document.xml"]);
        let odt = zip(&["mimetypeapplication/vnd.oasis.opendocument.text"]);
        let types_last = zip(&["_rels/.rels", "word/media/image1.png", "word/document.xml"]);
        let xlsx = zip(&["[Content_Types].xml", "xl/workbook.xml"]);
        let ods = zip(&["mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "content.xml"]);
        let template = zip(&["mimetypeapplication/vnd.oasis.opendocument.text-template", "content.xml"]);
        let ole = |stream: &str| {
            let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
            bytes.resize(1024, 0);
            bytes.extend(stream.encode_utf16().flat_map(u16::to_le_bytes));
            bytes.resize(2048, 0);
            bytes
        };
        let (doc, msi) = (ole("WordDocument"), ole("SummaryInformation"));
        let cut = "Đề án phát triể".as_bytes();
        for (name, bytes, expected) in [
            ("a.pdf", b"%PDF-1.7 \0".as_slice(), Ok("application/pdf")),
            ("a.PDF", b"%PDF-1.7", Ok("application/pdf")),
            ("a.pdf", b"MZ\x90\0", Err(Refused::Mismatch)),
            ("a.exe", b"MZ\x90\0", Err(Refused::Ending)),
            ("a", b"%PDF-1.7", Err(Refused::Ending)),
            ("a.pdf.exe", b"%PDF-1.7", Err(Refused::Ending)),
            ("a.txt", b"MZ\x90\0", Err(Refused::Mismatch)),
            ("a.txt", b"", Err(Refused::Mismatch)),
            ("a.txt", b"\x7fELF", Err(Refused::Mismatch)),
            ("a.txt", cut, Ok("text/plain; charset=utf-8")),
            ("a.txt", &cut[..cut.len() - 1], Ok("text/plain; charset=utf-8")),
            ("a.txt", b"\xe0\xe0\xe0\xe0", Err(Refused::Mismatch)),
            ("a.csv", b"BM;1\n", Ok("text/csv; charset=utf-8")),
            ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", Ok("application/msword")),
            ("a.docx", &docx, Ok("application/vnd.openxmlformats-officedocument.wordprocessingml.document")),
            ("a.docx", &types_last, Ok("application/vnd.openxmlformats-officedocument.wordprocessingml.document")),
            ("a.xlsx", &xlsx, Ok("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")),
            ("a.docx", &xlsx, Err(Refused::Mismatch)),
            ("a.pptx", &xlsx, Err(Refused::Mismatch)),
            ("a.docx", b"PK\x03\x04 [Content_Types].xml word/", Err(Refused::Mismatch)),
            ("a.ods", &ods, Ok("application/vnd.oasis.opendocument.spreadsheet")),
            ("a.odt", &ods, Err(Refused::Mismatch)),
            ("a.odt", &template, Err(Refused::Mismatch)),
            ("a.zip", &ods, Ok("application/zip")),
            ("a.doc", &doc, Ok("application/msword")),
            ("a.xls", &doc, Err(Refused::Mismatch)),
            ("a.doc", &msi, Err(Refused::Mismatch)),
            ("a.zip", &docx, Ok("application/zip")),
            ("a.docx", &zip(&["x.txt"]), Err(Refused::Mismatch)),
            ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", Err(Refused::Mismatch)),
            ("a.odt", &odt, Ok("application/vnd.oasis.opendocument.text")),
            ("a.png", b"\x89PNG\r\n\x1a\n\0", Ok("image/png")),
            ("a.jpeg", b"\xff\xd8\xff\xe0\0", Ok("image/jpeg")),
            ("a.webp", b"RIFF\0\0\0\0WEBPVP8 ", Ok("image/webp")),
            ("a.rtf", b"{\\rtf1", Ok("application/rtf")),
            ("a.html", b"<html>", Err(Refused::Ending)),
            ("a.svg", b"<svg>", Err(Refused::Ending)),
        ] {
            assert_eq!(media_type(bytes, name), expected, "{name} {bytes:?}");
        }
        assert!(endings().contains("docx"));
    }

    #[test]
    fn a_text_is_looked_through_to_its_end() {
        let text = "Đề án phát triển rừng".as_bytes();
        for cut in 1..text.len() {
            let mut check = TextCheck::default();
            assert!(check.goes_on(&text[..cut]) && check.goes_on(&text[cut..]) && check.is_whole(), "{cut}");
        }
        let mut check = TextCheck::default();
        assert!(check.goes_on(b"abc") && !check.goes_on(b"\0def"));
        let mut check = TextCheck::default();
        assert!(check.goes_on(&text[..1]) && !check.is_whole());
    }

    #[test]
    fn a_name_is_the_last_part_of_a_path_without_what_files_stumble_over() {
        for (text, expected) in [
            ("Đề án.docx", Some("Đề án.docx")),
            ("C:\\Users\\mau\\Đề án.docx", Some("Đề án.docx")),
            ("../../etc/passwd.txt", Some("passwd.txt")),
            ("a\"\r\nb?.pdf", Some("ab.pdf")),
            ("..", None),
            ("", None),
        ] {
            assert_eq!(file_name(text).as_deref(), expected, "{text}");
        }
        assert_eq!(file_name(&"x".repeat(201)), None);
    }
}
