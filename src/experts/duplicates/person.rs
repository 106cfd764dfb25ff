//! A person as values to compare: names as words, what else tells people apart, and the keys that bring together those who
//! may be one.

use uuid::Uuid;

use crate::experts::model::{Draft, Publication};
use crate::kernel::partial_date::PartialDate;
use crate::kernel::sealed::Sealer;
use crate::kernel::text::{accent_key, fold};
use crate::organisations::matching::match_key;

/// Names of a person that are compared; whoever bears more is told by the first ones.
const MOST_NAMES: usize = 8;
/// Words of a name that count.
const MOST_WORDS: usize = 12;
/// Publications that are compared.
const MOST_WORKS: usize = 200;
/// Shorter titles ("Báo cáo tổng kết") are borne by many works.
const SHORTEST_TITLE: usize = 25;

/// A name as words, folded, and with their accents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameWords {
    /// Folded words in the order written; an initial is a word of one letter.
    pub folded: Vec<String>,
    /// The words with their accents, spelled one way.
    pub accented: String,
}

impl NameWords {
    /// Reads a name without titles.
    pub fn of(name: &str) -> Self {
        let folded =
            fold(name).split(' ').filter(|word| !word.is_empty()).take(MOST_WORDS).map(str::to_owned).collect();
        Self { folded, accented: accent_key(name) }
    }

    /// True when nobody typed an accent: then missing ones say nothing.
    pub fn is_bare(&self) -> bool {
        self.accented.is_ascii()
    }
}

/// What is compared of a person, in the bank or not. Restricted values are the keyed hashes of contacts; the birth date is
/// compared and never shown.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The expert; none for who is not in the bank.
    pub id: Option<Uuid>,
    /// The name borne today first, then former and other ones.
    pub names: Vec<NameWords>,
    /// Date of birth, as far as it is known.
    pub born: Option<PartialDate>,
    /// `male` or `female`.
    pub gender: Option<String>,
    /// The workplace as an organisation of the register.
    pub workplace_id: Option<Uuid>,
    /// The workplace as it is compared (`organisations::matching::match_key`).
    pub workplace: Option<String>,
    /// Keyed hashes of e-mail addresses, of a person asked about under every key of the ring.
    pub emails: Vec<Vec<u8>>,
    /// Keyed hashes of phone numbers, likewise.
    pub phones: Vec<Vec<u8>>,
    /// DOIs in lower case.
    pub dois: Vec<String>,
    /// Folded titles of publications long enough to tell something.
    pub titles: Vec<String>,
    /// Codes of academic rank and degree.
    pub degree: Option<String>,
    /// Codes of fields.
    pub fields: Vec<String>,
    /// Folded specialties.
    pub specialties: Vec<String>,
    /// The province.
    pub province: Option<i32>,
    /// Experts of whom somebody said that this is another person: for who is not in the bank, where no pair can be kept.
    pub distinct: Vec<Uuid>,
}

impl Person {
    /// The person of a checked record, with its publications.
    pub fn of(draft: &Draft, publications: &[Publication], sealer: &Sealer) -> Self {
        let restricted = &draft.restricted;
        let hashes = |purpose, value: &Option<String>| {
            value.iter().flat_map(|value| sealer.keyed_hashes(purpose, value)).collect::<Vec<_>>()
        };
        Self {
            id: None,
            names: names_of(&draft.name.full, draft.former_names.iter().chain(&draft.other_names)),
            born: restricted.date_of_birth,
            gender: draft.gender.clone(),
            workplace_id: draft.workplace_id,
            workplace: draft.workplace.as_deref().map(match_key),
            emails: hashes("email", &restricted.email),
            phones: hashes("phone", &restricted.phone),
            dois: dois_of(publications.iter().filter_map(|item| item.doi.as_deref())),
            titles: titles_of(publications.iter().map(|item| item.title.as_str())),
            degree: draft.degree.clone(),
            fields: draft.fields.iter().map(|field| field.code.clone()).collect(),
            specialties: draft.specialties.iter().map(|text| fold(text)).collect(),
            province: draft.province_id,
            distinct: Vec::new(),
        }
    }

    /// What brings people together who may be one: two who are alike share a key. A name never stands alone in a key, so
    /// that the bearers of a common one do not all meet.
    pub fn keys(&self) -> Vec<i64> {
        let anchors: Vec<String> = self.names.iter().flat_map(anchors).collect();
        let year = self.born.map(|date| format!("y{}", date.year()));
        let place = self.workplace.as_ref().map(|key| format!("w{key}"));
        let body = self.workplace_id.map(|id| format!("o{id}"));
        let tells: Vec<String> = year.into_iter().chain(place).chain(body).collect();
        let mut keys: Vec<i64> = anchors
            .iter()
            .flat_map(|anchor| tells.iter().map(move |tell| hash(&[anchor, tell])))
            .chain(self.dois.iter().map(|doi| hash(&["doi", doi])))
            .chain(self.titles.iter().map(|title| hash(&["title", title])))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// The names of a person as words, the one borne today first.
pub fn names_of<'a>(full: &str, others: impl Iterator<Item = &'a String>) -> Vec<NameWords> {
    let mut names = vec![NameWords::of(full)];
    for other in others.take(MOST_NAMES) {
        let words = NameWords::of(other);
        // a pen name of one word would bring together everybody of that given name
        if words.folded.len() > 1 && !names.contains(&words) {
            names.push(words);
        }
    }
    names
}

/// DOIs as they are compared.
pub fn dois_of<'a>(dois: impl Iterator<Item = &'a str>) -> Vec<String> {
    sorted(dois.map(|doi| doi.trim().to_lowercase()))
}

/// Titles as they are compared.
pub fn titles_of<'a>(titles: impl Iterator<Item = &'a str>) -> Vec<String> {
    sorted(titles.map(fold).filter(|title| title.len() >= SHORTEST_TITLE))
}

fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = texts.filter(|text| !text.is_empty()).take(MOST_WORKS).collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// What of a name stays the same when its words are swapped, shortened to initials or left out in the middle: its first and
/// last word with the initials of the others, and the two together.
fn anchors(name: &NameWords) -> Vec<String> {
    let words = &name.folded;
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return Vec::new() };
    if words.len() == 1 {
        return vec![format!("n{first}")];
    }
    let with_initials = |at: usize| {
        let others = words.iter().enumerate().filter(|(other, _)| *other != at);
        let mut initials: Vec<char> = others.filter_map(|(_, word)| word.chars().next()).collect();
        initials.sort_unstable();
        let word = words.get(at).filter(|word| is_whole(word))?;
        Some(format!("i{word} {}", initials.into_iter().collect::<String>()))
    };
    let mut anchors: Vec<String> = [0, words.len() - 1].into_iter().filter_map(with_initials).collect();
    if is_whole(first) && is_whole(last) {
        let mut ends = [first.as_str(), last.as_str()];
        ends.sort_unstable();
        anchors.push(format!("e{} {}", ends[0], ends[1]));
    }
    anchors
}

/// False for an initial.
pub fn is_whole(word: &str) -> bool {
    word.chars().nth(1).is_some()
}

/// FNV-1a over the parts: the same on every machine and in every release, since the keys are stored.
fn hash(parts: &[&str]) -> i64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    i64::from_ne_bytes(hash.to_ne_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, born: &str) -> Person {
        Person {
            names: names_of(name, [].iter()),
            born: (!born.is_empty()).then(|| born.parse().unwrap()),
            workplace: Some("truong dai hoc tan trao".to_owned()),
            ..Person::default()
        }
    }

    #[test]
    fn spellings_of_one_name_share_a_key() {
        let full = person("Nguyễn Văn An", "1970").keys();
        for spelling in
            ["NGUYEN VAN AN", "An Nguyễn Văn", "N. V. An", "N.V. An", "Nguyễn V. A.", "Nguyễn An", "An, Nguyen Van"]
        {
            let keys = person(spelling, "1970-05-02").keys();
            assert!(keys.iter().any(|key| full.contains(key)), "{spelling}");
        }
        for other in ["Trần Văn Bình", "N. V. Anh"] {
            let keys = person(other, "1970").keys();
            assert!(!keys.iter().any(|key| full.contains(key)), "{other}");
        }
    }

    #[test]
    fn a_name_alone_brings_nobody_together() {
        let alone = Person { names: names_of("Nguyễn Văn An", [].iter()), ..Person::default() };
        assert!(alone.keys().is_empty());
        let one = Person { workplace: None, ..person("Nguyễn Văn An", "1970") };
        let other = Person { workplace: None, ..person("Nguyễn Văn An", "1971") };
        assert!(!one.keys().iter().any(|key| other.keys().contains(key)));
    }
}
