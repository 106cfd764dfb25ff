//! The words of a query `q`, within bounds: each word becomes a condition of its own, so their number must have an end.

use super::problem::{Answer, Code, Problem, Say};
use super::text::{accent_key, fold};
use crate::say;

/// Longest query in characters, and most words: more would only cost time.
const MAX_CHARS: usize = 200;
const MAX_WORDS: usize = 12;

fn bad(code: &'static str, detail: Say) -> Problem {
    Problem::new(Code::InvalidQuery).and_field("/q", code, detail)
}

/// The folded words of a query, each with its accents where some were typed.
///
/// # Errors
/// 400 at `/q`: too long, too many words, or signs only.
pub fn accented_words(q: &str) -> Answer<Vec<(String, Option<String>)>> {
    if q.chars().count() > MAX_CHARS {
        return Err(bad("too_long", say!("Tối đa {MAX_CHARS} ký tự.", "At most {MAX_CHARS} characters.")));
    }
    let mut words: Vec<(String, Option<String>)> = Vec::new();
    for accented in accent_key(q).split(' ').filter(|word| !word.is_empty()) {
        // A word may fold into several ("m²" or a compatibility letter); each must be found.
        for folded in fold(accented).split(' ').filter(|word| !word.is_empty()) {
            if !words.iter().any(|(known, _)| known == folded) {
                words.push((folded.to_owned(), (folded != accented).then(|| accented.to_owned())));
            }
        }
    }
    if words.is_empty() && !q.trim().is_empty() {
        return Err(bad(
            "no_words",
            say!("Cần ít nhất một chữ cái hoặc chữ số.", "At least one letter or digit is needed."),
        ));
    }
    if words.len() > MAX_WORDS {
        return Err(bad("too_many_words", say!("Tối đa {MAX_WORDS} từ.", "At most {MAX_WORDS} words.")));
    }
    Ok(words)
}

/// The folded words of a query.
///
/// # Errors
/// As [`accented_words`].
pub fn words(q: Option<&str>) -> Answer<Vec<String>> {
    Ok(accented_words(q.unwrap_or_default())?.into_iter().map(|(folded, _)| folded).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_keep_typed_accents() {
        for (q, expected) in [
            ("lam nghiep", vec![("lam", None), ("nghiep", None)]),
            ("Lâm nghiệp", vec![("lam", Some("lâm")), ("nghiep", Some("nghiệp"))]),
            ("đường", vec![("duong", Some("đường"))]),
            ("an an", vec![("an", None)]),
            ("  ", vec![]),
        ] {
            let seen = accented_words(q).unwrap();
            let seen: Vec<(&str, Option<&str>)> = seen.iter().map(|(f, a)| (f.as_str(), a.as_deref())).collect();
            assert_eq!(seen, expected, "{q}");
        }
        assert!(accented_words("!?%").is_err());
        assert!(accented_words(&"a".repeat(201)).is_err());
        assert!(accented_words("a b c d e f g h i k l m n").is_err());
        assert!(words(None).unwrap().is_empty());
    }
}
