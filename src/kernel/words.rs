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

/// A word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Folded.
    pub folded: String,
    /// With the accents that were typed; the same as folded where there were none.
    pub accented: String,
}

/// What must be found: a word, or words that stand together in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// One, or several of a phrase.
    pub words: Vec<Word>,
    /// True when it stood in quotes: then each word is meant whole, else it may be a beginning.
    pub quoted: bool,
}

impl Term {
    /// As it was typed, but for signs and capitals.
    pub fn typed(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(|word| word.accented.as_str()).collect();
        words.join(" ")
    }
}

/// The terms of a query: single words, and phrases in quotes.
///
/// # Errors
/// 400 at `/q`: too long, too many words, or signs only.
pub fn terms(q: &str) -> Answer<Vec<Term>> {
    if q.chars().count() > MAX_CHARS {
        return Err(bad("too_long", say!("Tối đa {MAX_CHARS} ký tự.", "At most {MAX_CHARS} characters.")));
    }
    let mut terms: Vec<Term> = Vec::new();
    for (at, part) in q.split(is_quote).enumerate() {
        let (words, quoted) = (words_of(part), at % 2 == 1);
        let new = if quoted { vec![Term { words, quoted }] } else { words.into_iter().map(single).collect() };
        for term in new {
            let is_known = terms.iter().any(|known| folded(known).eq(folded(&term)) && known.quoted == term.quoted);
            if !term.words.is_empty() && !is_known {
                terms.push(term);
            }
        }
    }
    if terms.is_empty() && !q.trim().is_empty() {
        return Err(bad(
            "no_words",
            say!("Cần ít nhất một chữ cái hoặc chữ số.", "At least one letter or digit is needed."),
        ));
    }
    if terms.iter().map(|term| term.words.len()).sum::<usize>() > MAX_WORDS {
        return Err(bad("too_many_words", say!("Tối đa {MAX_WORDS} từ.", "At most {MAX_WORDS} words.")));
    }
    Ok(terms)
}

/// The quotes of keyboards, of Vietnamese print and of others.
const fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '＂')
}

fn single(word: Word) -> Term {
    Term { words: vec![word], quoted: false }
}

fn folded(term: &Term) -> impl Iterator<Item = &str> {
    term.words.iter().map(|word| word.folded.as_str())
}

fn words_of(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for accented in accent_key(text).split(' ').filter(|word| !word.is_empty()) {
        // A word may fold into several ("m²" or a compatibility letter); each must be found.
        for folded in fold(accented).split(' ').filter(|word| !word.is_empty()) {
            words.push(Word { folded: folded.to_owned(), accented: accented.to_owned() });
        }
    }
    words
}

/// The folded words of a query, each with its accents where some were typed.
///
/// # Errors
/// As [`terms`].
pub fn accented_words(q: &str) -> Answer<Vec<(String, Option<String>)>> {
    let mut words: Vec<(String, Option<String>)> = Vec::new();
    for word in terms(q)?.into_iter().flat_map(|term| term.words) {
        if !words.iter().any(|(known, _)| *known == word.folded) {
            let accents = (word.folded != word.accented).then_some(word.accented);
            words.push((word.folded, accents));
        }
    }
    Ok(words)
}

/// The folded words of a query.
///
/// # Errors
/// As [`terms`].
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

    #[test]
    fn what_stands_in_quotes_is_a_phrase() {
        for (q, expected) in [
            ("lâm nghiệp", vec!["lâm", "nghiệp"]),
            ("\"lâm nghiệp\"", vec!["[lâm nghiệp]"]),
            ("“Lâm Nghiệp” viện", vec!["[lâm nghiệp]", "viện"]),
            ("viện \"lâm nghiệp", vec!["viện", "[lâm nghiệp]"]),
            ("a \"\" b \"c\" c", vec!["a", "b", "[c]", "c"]),
            ("\"a b\" \"A B\"", vec!["[a b]"]),
        ] {
            let seen = terms(q).unwrap().into_iter();
            let seen: Vec<String> =
                seen.map(|term| if term.quoted { format!("[{}]", term.typed()) } else { term.typed() }).collect();
            assert_eq!(seen, expected, "{q}");
        }
        assert!(terms("\"\"").is_err());
        assert!(terms("\"a b c d e f g h i k l m n\"").is_err());
    }
}
