//! Why an expert was found: which words of the query stand where. Pure, so that people can trust it.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Serialize;
use utoipa::ToSchema;

use super::store::Texts;
use super::view::ExpertCard;
use crate::kernel::text::fold;
use crate::kernel::words::Term;

/// A place that holds words of the query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reason {
    /// `name`, `other_name`, `specialty`, `field`, `workplace`, `unit`, `position`, `biography` or `publication`.
    #[serde(rename = "in")]
    #[schema(example = "specialty")]
    pub place: &'static str,
    /// The text there; of a long one the part around the words.
    #[schema(example = "Quản lý rừng bền vững")]
    pub text: String,
}

/// A place that holds words of the query, cut into what is hit and what is not; put together, the parts are the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Highlight {
    /// As in the reasons.
    #[serde(rename = "in")]
    #[schema(example = "specialty")]
    pub place: &'static str,
    /// The parts.
    pub parts: Vec<Part>,
}

/// A part of a text: plain text, never markup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Part {
    /// The text.
    #[schema(example = "rừng")]
    pub text: String,
    /// True when it is what the query asked for.
    pub hit: bool,
}

/// A word that was taken for another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Correction {
    /// As typed.
    #[schema(example = "ngiệp")]
    pub typed: String,
    /// As it stands in the record.
    #[schema(example = "nghiệp")]
    pub taken: String,
}

/// A term and what does in its stead.
#[derive(Debug, Clone)]
pub struct Sought {
    /// The term.
    pub term: Term,
    /// Folded words that do as well.
    pub similar: Vec<String>,
}

/// Longest text that is shown whole, and what is shown on either side of the first hit in a longer one, in characters.
const WHOLE: usize = 160;
const AROUND: usize = 60;
/// Most reasons of one place: a list of hundred publications explains no better than three.
const MOST: usize = 3;

/// A word of a text: where it stands, and folded.
struct Token {
    range: Range<usize>,
    folded: String,
}

/// A place with its words.
struct Site<'a> {
    place: &'static str,
    text: &'a str,
    tokens: Vec<Token>,
    /// For each term what of the text is hit.
    hits: Vec<Vec<Range<usize>>>,
}

/// Why an expert was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Explained {
    /// The places, the most telling first: those that hold all that was asked for or, when none does, some of it.
    pub reasons: Vec<Reason>,
    /// The same, with what is hit.
    pub highlights: Vec<Highlight>,
    /// Words that were taken for others.
    pub corrections: Vec<Correction>,
}

/// Explains a hit. `field_paths` are the names of each field of the card and of those above it, from the top down; they
/// count too.
pub fn explain(card: &ExpertCard, texts: &Texts, field_paths: &[String], sought: &[Sought]) -> Explained {
    if sought.is_empty() {
        return Explained::default();
    }
    let sites: Vec<Site<'_>> = places(card, texts, field_paths)
        .into_iter()
        .map(|(place, text)| {
            let tokens = tokens(text);
            let hits = sought.iter().map(|sought| hits(sought, &tokens)).collect();
            Site { place, text, tokens, hits }
        })
        .collect();
    let held = |site: &Site<'_>| site.hits.iter().filter(|hits| !hits.is_empty()).count();
    let whole = sites.iter().any(|site| held(site) == sought.len());
    let enough = if whole { sought.len() } else { 1 };
    let mut shown: Vec<&Site<'_>> = Vec::new();
    for site in sites.iter().filter(|site| held(site) >= enough) {
        if shown.iter().filter(|other| other.place == site.place).count() < MOST {
            shown.push(site);
        }
    }
    let fragments: Vec<(&'static str, Vec<Part>)> = shown.iter().map(|site| (site.place, site.parts())).collect();
    Explained {
        reasons: fragments
            .iter()
            .map(|(place, parts)| Reason { place, text: parts.iter().map(|part| part.text.as_str()).collect() })
            .collect(),
        highlights: fragments.into_iter().map(|(place, parts)| Highlight { place, parts }).collect(),
        corrections: sought.iter().enumerate().filter_map(|(at, sought)| correction(sought, at, &sites)).collect(),
    }
}

fn places<'a>(card: &'a ExpertCard, texts: &'a Texts, field_paths: &'a [String]) -> Vec<(&'static str, &'a str)> {
    let mut places = vec![("name", card.full_name.as_str())];
    let mut add = |place, texts: &mut dyn Iterator<Item = &'a String>| {
        places.extend(texts.map(|text| (place, text.as_str())));
    };
    add("other_name", &mut texts.names.iter());
    add("specialty", &mut card.specialties.iter());
    add("field", &mut field_paths.iter());
    add("workplace", &mut card.workplace.iter());
    add("unit", &mut card.unit.iter());
    add("position", &mut card.position.iter());
    add("biography", &mut texts.biography.iter());
    add("publication", &mut texts.titles.iter());
    places
}

/// The words of a text, as the search cuts it.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut start = None;
    let ends = std::iter::once((text.len(), ' '));
    for (at, c) in text.char_indices().chain(ends) {
        let is_gap = fold(c.encode_utf8(&mut [0; 4])).is_empty() && !unicode_normalization::char::is_combining_mark(c);
        match (start, is_gap) {
            (None, false) => start = Some(at),
            (Some(from), true) => {
                let range = from..at;
                let folded = fold(&text[range.clone()]);
                tokens.extend(folded.split(' ').map(|word| Token { range: range.clone(), folded: word.to_owned() }));
                start = None;
            }
            _ => {}
        }
    }
    tokens
}

/// What of a text a term hits: beginnings of words, a phrase, or else a similar word.
fn hits(sought: &Sought, tokens: &[Token]) -> Vec<Range<usize>> {
    let words = &sought.term.words;
    let fits = |(token, word): (&Token, &crate::kernel::words::Word)| match sought.term.quoted {
        true => token.folded == word.folded,
        false => token.folded.starts_with(&word.folded),
    };
    let phrase = |window: &&[Token]| window.iter().zip(words).all(fits);
    let found: Vec<Range<usize>> = tokens
        .windows(words.len().max(1))
        .filter(phrase)
        .filter_map(|window| Some(window.first()?.range.start..window.last()?.range.end))
        .collect();
    if !found.is_empty() {
        return found;
    }
    let is_similar = |token: &&Token| sought.similar.contains(&token.folded);
    tokens.iter().filter(is_similar).map(|token| token.range.clone()).collect()
}

/// The word that stood in for a typed one, as the record has it, where the typed one is nowhere.
fn correction(sought: &Sought, at: usize, sites: &[Site<'_>]) -> Option<Correction> {
    let (site, hit) = sites.iter().find_map(|site| Some((site, site.hits.get(at)?.first()?)))?;
    let token = site.tokens.iter().find(|token| token.range == *hit)?;
    let typed = sought.term.words.first().filter(|_| sought.similar.contains(&token.folded))?;
    if token.folded.starts_with(&typed.folded) {
        return None;
    }
    let taken = site.text.get(hit.clone())?.to_lowercase();
    Some(Correction { typed: sought.term.typed(), taken })
}

impl Site<'_> {
    /// The text, or the part of a long one around the first hit.
    fn parts(&self) -> Vec<Part> {
        let ranges: BTreeSet<(usize, usize)> =
            self.hits.iter().flatten().map(|range| (range.start, range.end)).collect();
        let first = ranges.first().map_or(0, |(start, _)| *start);
        let (from, to) = window(self.text, first);
        let mut parts = Vec::new();
        let mut add = |text: &str, hit| {
            if !text.is_empty() {
                parts.push(Part { text: text.to_owned(), hit });
            }
        };
        add(if from > 0 { "…" } else { "" }, false);
        let mut at = from;
        for (start, end) in ranges.into_iter().filter(|(start, end)| *start >= from && *end <= to) {
            if start >= at {
                add(&self.text[at..start], false);
                add(&self.text[start..end], true);
                at = end;
            }
        }
        add(&self.text[at..to], false);
        add(if to < self.text.len() { "…" } else { "" }, false);
        parts
    }
}

/// What of a text is shown, in bytes: whole words around a hit.
fn window(text: &str, hit: usize) -> (usize, usize) {
    if text.chars().count() <= WHOLE {
        return (0, text.len());
    }
    let before = &text[..hit];
    let from = before.char_indices().rev().nth(AROUND).map_or(0, |(at, _)| at);
    let from = before[from..].find(' ').filter(|_| from > 0).map_or(from, |blank| from + blank + 1);
    let after = &text[hit..];
    let to = after.char_indices().nth(WHOLE - AROUND).map_or(text.len(), |(at, _)| hit + at);
    let to = text[hit..to].rfind(' ').filter(|blank| to < text.len() && *blank > 0).map_or(to, |blank| hit + blank);
    (from, to)
}

/// What tells namesakes apart: title, workplace or else unit, province, first field. Only of what the card shows.
pub fn hint(card: &ExpertCard) -> Option<String> {
    let province = card.province.as_ref().map(|province| province.name.clone());
    let field = card.fields.first().map(|field| field.name.clone()).filter(|name| !name.is_empty());
    let work = card.workplace.clone().or_else(|| card.position.clone());
    let known: Vec<String> = [card.title.clone(), work, province, field].into_iter().flatten().collect();
    (!known.is_empty()).then(|| known.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::words::terms;

    fn sought(q: &str) -> Vec<Sought> {
        terms(q).unwrap().into_iter().map(|term| Sought { term, similar: Vec::new() }).collect()
    }

    fn card() -> ExpertCard {
        ExpertCard {
            full_name: "Hoàng Thanh Lâm".into(),
            specialties: vec!["Chọn giống cây lâm nghiệp".into(), "Làm giàu rừng".into()],
            workplace: Some("Chi cục Kiểm lâm".into()),
            ..ExpertCard::default()
        }
    }

    fn told(explained: &Explained) -> Vec<String> {
        let marked = |part: &Part| if part.hit { format!("[{}]", part.text) } else { part.text.clone() };
        let told = |highlight: &Highlight| {
            format!("{} {}", highlight.place, highlight.parts.iter().map(marked).collect::<String>())
        };
        explained.highlights.iter().map(told).collect()
    }

    #[test]
    fn whole_matches_are_given_before_partial_ones() {
        let paths = ["Lâm nghiệp › Lâm sinh".to_owned()];
        for (q, expected) in [
            ("lam nghiep", vec!["specialty Chọn giống cây [lâm] [nghiệp]", "field [Lâm] [nghiệp] › [Lâm] sinh"]),
            ("kiem rung", vec!["specialty Làm giàu [rừng]", "workplace Chi cục [Kiểm] lâm"]),
            ("hoa", vec!["name [Hoàng] Thanh Lâm"]),
            ("\"lam nghiep\"", vec!["specialty Chọn giống cây [lâm nghiệp]", "field [Lâm nghiệp] › Lâm sinh"]),
            ("\"lam nghie\"", vec![]),
            ("", vec![]),
        ] {
            let explained = explain(&card(), &Texts::default(), &paths, &sought(q));
            assert_eq!(told(&explained), expected, "{q}");
            let texts: Vec<String> = explained.reasons.iter().map(|r| format!("{} {}", r.place, r.text)).collect();
            let plain: Vec<String> = expected.iter().map(|text| text.replace(['[', ']'], "")).collect();
            assert_eq!(texts, plain, "{q}");
        }
    }

    #[test]
    fn of_a_long_text_the_part_around_the_words_is_told() {
        let biography = format!("{} rừng ngập mặn {}", "Trước đó ".repeat(40), "sau này ".repeat(40));
        let texts = Texts { biography: Some(biography.clone()), ..Texts::default() };
        let explained = explain(&card(), &texts, &[], &sought("ngap man"));
        let told = told(&explained).pop().unwrap();
        assert!(told.starts_with("biography …") && told.ends_with('…'), "{told}");
        assert!(told.contains("rừng [ngập] [mặn] sau này") && told.chars().count() < 200, "{told}");
        let shown = explained.reasons[0].text.trim_matches('…').to_owned();
        assert!(biography.contains(&shown), "{shown}");
    }

    #[test]
    fn a_word_that_was_taken_for_another_is_told() {
        let term = terms("ngiệp").unwrap().remove(0);
        let asked = [Sought { term, similar: vec!["niep".into(), "nghiep".into()] }];
        let explained = explain(&card(), &Texts::default(), &[], &asked);
        assert_eq!(explained.corrections, [Correction { typed: "ngiệp".into(), taken: "nghiệp".into() }]);
        assert_eq!(told(&explained), ["specialty Chọn giống cây lâm [nghiệp]"]);
    }

    #[test]
    fn a_hint_holds_what_tells_people_apart() {
        let card = ExpertCard { title: Some("TS".into()), ..card() };
        assert_eq!(hint(&card).as_deref(), Some("TS · Chi cục Kiểm lâm"));
        assert_eq!(hint(&ExpertCard::default()), None);
    }
}
