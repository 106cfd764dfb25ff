//! What the words of a query are compared with, and what a hit is worth.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::sql_types::{Integer, Text};

use crate::kernel::words::{Term, Word};

/// A term with what the bank knows of it.
#[derive(Debug, Clone)]
pub struct Weighed {
    /// The term.
    pub term: Term,
    /// How much it says: rare words say more.
    pub weight: i32,
    /// Words it may be instead, folded; none unless the search finds too little.
    pub similar: Vec<String>,
}

/// A word in a topic or name, in the work, in a text; whole; with the accents that were typed.
const TOPIC: i32 = 8;
const WORK: i32 = 4;
const TEXT: i32 = 2;
const WHOLE: i32 = 2;
const ACCENTS: i32 = 16;
/// A name that holds every word of the query, and with the accents that were typed.
const NAME: i32 = 12;
const NAME_ACCENTS: i32 = 20;
/// The words in their order, side by side, in a topic or name, and elsewhere.
const ORDER: i32 = 16;
const ORDER_ELSEWHERE: i32 = 4;
/// Above everything a similar word can reach.
const FOUND: i32 = 1_000_000;

/// One term as queries of PostgreSQL's text search.
#[derive(Debug, Clone)]
struct TermSql {
    weight: i32,
    found: String,
    in_topic: String,
    in_work: String,
    whole: Option<String>,
    accents: Option<String>,
    similar: Option<Similar>,
}

#[derive(Debug, Clone)]
struct Similar {
    in_topic: String,
    in_work: String,
}

/// All terms.
#[derive(Debug, Clone, Default)]
pub(super) struct Score {
    terms: Vec<TermSql>,
    /// What must be found, and as it was typed; they differ where similar words do as well.
    pub(super) wanted: String,
    exact: Option<String>,
    named: String,
    named_accents: Option<String>,
    ordered: Option<(String, String)>,
    mean: i32,
}

/// A word as PostgreSQL writes it: words hold letters and digits only, so the quotes are enough.
fn lexeme(word: &str, marks: &str) -> String {
    let colon = if marks.is_empty() { "" } else { ":" };
    format!("'{word}'{colon}{marks}")
}

/// A term in places (`AB`, or nowhere in particular), folded or with its accents.
fn query(term: &Term, places: &str, text: impl Fn(&Word) -> String) -> String {
    let marks = if term.quoted { places.to_owned() } else { format!("*{places}") };
    let words: Vec<String> = term.words.iter().map(|word| lexeme(&text(word), &marks)).collect();
    format!("({})", words.join(" <-> "))
}

fn folded(word: &Word) -> String {
    word.folded.clone()
}

fn accented(word: &Word) -> String {
    word.accented.clone()
}

fn and(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" & ")
}

impl Score {
    pub(super) fn new(weighed: &[Weighed]) -> Self {
        let terms = || weighed.iter().map(|weighed| &weighed.term);
        // who types accents means them, and where there are none, none
        let types_accents = terms().flat_map(|term| &term.words).any(|word| word.folded != word.accented);
        let with_accents = |places: &str| types_accents.then(|| and(terms().map(|term| query(term, places, accented))));
        let is_similar = weighed.iter().any(|weighed| !weighed.similar.is_empty());
        let sum: i32 = weighed.iter().map(|weighed| weighed.weight).sum();
        Self {
            terms: weighed.iter().map(|weighed| term_sql(weighed, types_accents)).collect(),
            wanted: and(weighed.iter().map(wanted)),
            exact: is_similar.then(|| and(terms().map(|term| query(term, "", folded)))),
            named: and(terms().map(|term| query(term, "A", folded))),
            named_accents: with_accents("A"),
            ordered: ordered(weighed),
            mean: sum / i32::try_from(weighed.len().max(1)).unwrap_or(i32::MAX),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// True where a hit has what was typed.
    pub(super) fn walk_exact<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match &self.exact {
            Some(exact) => found(exact, out),
            None => {
                out.push_sql("true");
                Ok(())
            }
        }
    }

    /// Names and topics weigh the same word by word, so that a person called Lâm is not ahead of the foresters for
    /// "lam nghiep"; a name that holds every word of the query is what was meant, and comes first.
    pub(super) fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(0");
        if self.exact.is_some() {
            out.push_sql(" + CASE WHEN ");
            self.walk_exact(out)?;
            out.push_sql(&format!(" THEN {FOUND} ELSE 0 END"));
        }
        for term in &self.terms {
            term.walk(out)?;
        }
        if !self.terms.is_empty() {
            out.push_sql(" + ");
            out.push_bind_param::<Integer, _>(&self.mean)?;
            out.push_sql(" * (0");
            self.walk_together(out)?;
            out.push_sql(")");
        }
        out.push_sql(")");
        Ok(())
    }

    fn walk_together<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(" + CASE WHEN ");
        if let Some(accents) = &self.named_accents {
            written(accents, out)?;
            out.push_sql(&format!(" THEN {} WHEN ", NAME + NAME_ACCENTS));
            found(&self.named, out)?;
            out.push_sql(&format!(" THEN {NAME} ELSE 0 END"));
        } else {
            found(&self.named, out)?;
            out.push_sql(&format!(" THEN {} ELSE 0 END", NAME + NAME_ACCENTS));
        }
        if let Some((in_topic, anywhere)) = &self.ordered {
            out.push_sql(" + CASE WHEN ");
            found(in_topic, out)?;
            out.push_sql(&format!(" THEN {ORDER} WHEN "));
            found(anywhere, out)?;
            out.push_sql(&format!(" THEN {ORDER_ELSEWHERE} ELSE 0 END"));
        }
        Ok(())
    }
}

/// `s.words @@ query`.
pub(super) fn found<'b>(query: &'b String, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.push_sql("s.words @@ ");
    out.push_bind_param::<Text, _>(query)?;
    out.push_sql("::tsquery");
    Ok(())
}

/// `s.accents @@ query`, of somebody who is found.
fn written<'b>(query: &'b String, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.push_sql("s.accents @@ ");
    out.push_bind_param::<Text, _>(query)?;
    out.push_sql("::tsquery");
    Ok(())
}

fn term_sql(weighed: &Weighed, types_accents: bool) -> TermSql {
    let Weighed { term, weight, similar } = weighed;
    let among = |places: &str| or(similar.iter().map(|word| lexeme(word, places)));
    TermSql {
        weight: *weight,
        found: query(term, "", folded),
        in_topic: query(term, "AB", folded),
        in_work: query(term, "C", folded),
        whole: (!term.quoted).then(|| and(term.words.iter().map(|word| lexeme(&word.folded, "")))),
        accents: types_accents.then(|| query(term, "", accented)),
        similar: (!similar.is_empty()).then(|| Similar { in_topic: among("AB"), in_work: among("C") }),
    }
}

fn or(parts: impl Iterator<Item = String>) -> String {
    format!("({})", parts.collect::<Vec<_>>().join(" | "))
}

/// A term or what it may be instead.
fn wanted(weighed: &Weighed) -> String {
    let typed = query(&weighed.term, "", folded);
    or(std::iter::once(typed).chain(weighed.similar.iter().map(|word| lexeme(word, ""))))
}

/// Single words side by side in the typed order, the last one perhaps a beginning.
fn ordered(weighed: &[Weighed]) -> Option<(String, String)> {
    let words: Vec<&Word> = weighed.iter().filter(|w| !w.term.quoted).flat_map(|w| &w.term.words).collect();
    let (last, first) = words.split_last().filter(|(_, first)| !first.is_empty())?;
    let phrase = |places: &str| {
        let first = first.iter().map(|word| lexeme(&word.folded, places));
        let last = lexeme(&last.folded, &format!("*{places}"));
        first.chain([last]).collect::<Vec<_>>().join(" <-> ")
    };
    Some((phrase("AB"), phrase("")))
}

impl TermSql {
    fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(" + ");
        out.push_bind_param::<Integer, _>(&self.weight)?;
        out.push_sql(" * (CASE WHEN ");
        found(&self.in_topic, out)?;
        out.push_sql(&format!(" THEN {TOPIC} WHEN "));
        found(&self.in_work, out)?;
        out.push_sql(&format!(" THEN {WORK}"));
        if let Some(similar) = &self.similar {
            out.push_sql(" WHEN ");
            found(&self.found, out)?;
            out.push_sql(&format!(" THEN {TEXT} WHEN "));
            found(&similar.in_topic, out)?;
            out.push_sql(&format!(" THEN {} WHEN ", TOPIC / 2));
            found(&similar.in_work, out)?;
            out.push_sql(&format!(" THEN {} ELSE {} END", WORK / 2, TEXT / 2));
        } else {
            out.push_sql(&format!(" ELSE {TEXT} END"));
        }
        if let Some(whole) = &self.whole {
            out.push_sql(" + CASE WHEN ");
            found(whole, out)?;
            out.push_sql(&format!(" THEN {WHOLE} ELSE 0 END"));
        }
        if let Some(accents) = &self.accents {
            out.push_sql(" + CASE WHEN ");
            written(accents, out)?;
            out.push_sql(&format!(" THEN {ACCENTS} ELSE 0 END"));
        }
        out.push_sql(")");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::words::terms;

    fn score(q: &str, similar: &[&str]) -> Score {
        let similar: Vec<String> = similar.iter().map(|word| (*word).to_owned()).collect();
        let weighed: Vec<Weighed> =
            terms(q).unwrap().into_iter().map(|term| Weighed { term, weight: 10, similar: similar.clone() }).collect();
        Score::new(&weighed)
    }

    #[test]
    fn words_are_beginnings_and_phrases_whole() {
        let seen = score("lâm \"môi trường\"", &[]);
        assert_eq!(seen.wanted, "(('lam':*)) & (('moi' <-> 'truong'))");
        assert_eq!(seen.named, "('lam':*A) & ('moi':A <-> 'truong':A)");
        assert_eq!(seen.named_accents.as_deref(), Some("('lâm':*A) & ('môi':A <-> 'trường':A)"));
        assert_eq!((seen.exact, seen.ordered), (None, None));
        let seen = score("lam nghiep", &[]);
        assert_eq!(seen.ordered.unwrap().0, "'lam':AB <-> 'nghiep':*AB");
        assert_eq!(seen.named_accents, None, "who types no accents means any");
    }

    #[test]
    fn similar_words_do_beside_the_typed_one() {
        let seen = score("ngiep", &["nghiep", "niep"]);
        assert_eq!(seen.wanted, "(('ngiep':*) | 'nghiep' | 'niep')");
        assert_eq!(seen.exact.as_deref(), Some("('ngiep':*)"));
        assert_eq!(seen.terms[0].similar.as_ref().unwrap().in_work, "('nghiep':C | 'niep':C)");
    }
}
