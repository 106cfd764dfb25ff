//! How near the texts of experts are to that of a request. Pure.
//!
//! A cosine of two weighed texts: a request's terms weigh more the fewer documents of the bank have them, a document's by how often
//! they stand in it. A cosine of 0.2 means the same for every request, as a sum of weights would not; see docs/matching.md for
//! what was tried.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::Arc;

use uuid::Uuid;

use super::terms::{counted, number, spellings};

/// So many documents of a person count; who has fewer has nothing for the rest. Another document never takes anything away.
pub const BEST: usize = 3;
/// Threads that compare for one request.
const MOST_THREADS: usize = 4;
/// Words that are named beside a document.
const NAMED: usize = 5;
/// A document counts as no shorter than this, so that one of two words is no better than an abstract that is about nothing else.
const SHORTEST: f32 = 4.0;

/// Where a document comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A publication by its id: title and abstract.
    Publication(Uuid),
    /// A project by its place in the record, from 0: title and programme.
    Project(u16),
    /// The free words of the record.
    Specialties,
    /// The biography.
    Biography,
    /// Position and unit.
    Post,
}

/// The documents of a person as numbers.
#[derive(Debug, Default)]
pub struct Documents {
    documents: Vec<Document>,
    terms: Vec<u32>,
    counts: Vec<u8>,
}

#[derive(Debug)]
struct Document {
    source: Source,
    /// Where its terms end.
    end: usize,
    length: f32,
}

/// How much a count says: half as much again for each doubling.
fn weight(count: u32) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "at most 255, or a count of words in a text")]
    if count == 0 { 0.0 } else { 1.0 + (count as f32).ln() }
}

impl Documents {
    /// Adds one: texts, each with how often it counts. What has no terms is left out.
    pub fn add<'t>(&mut self, source: Source, texts: impl IntoIterator<Item = (&'t str, u32)>) {
        let counts = counted(texts);
        if counts.is_empty() {
            return;
        }
        let mut squares = 0.0;
        for (term, count) in counts {
            let count = u8::try_from(count).unwrap_or(u8::MAX);
            squares += weight(count.into()).powi(2);
            self.terms.push(number(&term));
            self.counts.push(count);
        }
        self.documents.push(Document { source, end: self.terms.len(), length: squares.sqrt().max(SHORTEST) });
    }

    /// Gives back what is not needed.
    pub fn settle(&mut self) {
        self.documents.shrink_to_fit();
        self.terms.shrink_to_fit();
        self.counts.shrink_to_fit();
    }

    /// The terms of a request in a stretch of all terms, with their counts.
    fn found(&self, finder: &Finder, begin: usize, end: usize) -> impl Iterator<Item = (u16, u8)> {
        let terms = self.terms.get(begin..end).unwrap_or_default();
        let counts = self.counts.get(begin..end).unwrap_or_default();
        terms.iter().zip(counts).filter_map(|(number, count)| Some((finder.place(*number)?, *count)))
    }

    /// The same in one document.
    fn hits(&self, finder: &Finder, at: usize) -> Vec<(u16, u8)> {
        let end = |at: usize| self.documents.get(at).map_or(0, |document| document.end);
        let begin = at.checked_sub(1).map_or(0, end);
        self.found(finder, begin, end(at)).collect()
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.documents.len()
    }

    /// True when there is none.
    pub const fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// Bytes it takes.
    pub const fn bytes(&self) -> usize {
        self.documents.capacity() * size_of::<Document>() + self.terms.capacity() * 4 + self.counts.capacity()
    }
}

/// What is asked for: terms with how often they stand in the request.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// By their numbers.
    terms: Vec<AskedTerm>,
}

#[derive(Debug, Clone)]
struct AskedTerm {
    number: u32,
    weight: f32,
    term: String,
    /// As the request spells it.
    spelled: Arc<str>,
}

impl Asked {
    /// Of texts, each with how often it counts.
    pub fn new<'t>(texts: impl IntoIterator<Item = (&'t str, u32)>) -> Self {
        let texts: Vec<(&str, u32)> = texts.into_iter().collect();
        let spelled = spellings(texts.iter().map(|(text, _)| *text));
        let mut terms: BTreeMap<u32, AskedTerm> = BTreeMap::new();
        for (term, count) in counted(texts) {
            let number = number(&term);
            let spelled = spelled.get(&term).unwrap_or(&term).as_str().into();
            terms.entry(number).or_insert_with(|| AskedTerm { number, weight: weight(count), term, spelled });
        }
        Self { terms: terms.into_values().collect() }
    }
}

/// A document that is near a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// Where it comes from.
    pub source: Source,
    /// The cosine, 0 to 1.
    pub cosine: f32,
    /// Its place among the person's.
    at: usize,
}

/// How near a person is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Relevance {
    /// The mean cosine of the [`BEST`] documents, 0 to 1.
    pub mean: f32,
    /// These, the nearest first.
    pub best: Vec<Near>,
}

/// What is asked for, and what each term of it weighs: more, the fewer documents of the bank have it.
#[derive(Debug)]
pub struct Weighed {
    asked: Asked,
    finder: Finder,
    weights: Vec<f32>,
}

impl Weighed {
    /// The words that a request and one of a person's documents have and that say most, as the request spells them.
    pub fn words(&self, documents: &Documents, near: &Near) -> Vec<Arc<str>> {
        let mut hits = documents.hits(&self.finder, near.at);
        let worth = |(place, count): &(u16, u8)| worth(&self.weights, *place) * weight((*count).into());
        hits.sort_by(|one, other| worth(other).total_cmp(&worth(one)).then(one.0.cmp(&other.0)));
        let mut words: Vec<&AskedTerm> = Vec::new();
        for next in hits.iter().filter_map(|(place, _)| self.asked.terms.get(usize::from(*place))) {
            // a syllable of a pair that is named says nothing more
            if words.len() < NAMED && !words.iter().any(|known| known.term.split(' ').any(|part| part == next.term)) {
                words.push(next);
            }
        }
        words.into_iter().map(|word| word.spelled.clone()).collect()
    }
}

/// Finds the terms of a request among those of a document: most are none of them, which a few bits tell; the others are looked up
/// where their numbers, which are as good as random, say.
#[derive(Debug)]
struct Finder {
    bits: Vec<u64>,
    /// Numbers with their places, each at its own slot or the next free one; there are more slots than numbers.
    slots: Vec<Option<(u32, u16)>>,
}

impl Finder {
    const WORDS: usize = 1 << 10;

    fn new(asked: &Asked) -> Self {
        let slots = (4 * asked.terms.len()).next_power_of_two().max(16);
        let mut finder = Self { bits: vec![0; Self::WORDS], slots: vec![None; slots] };
        for (AskedTerm { number, .. }, place) in asked.terms.iter().zip(0_u16..) {
            let (word, bit) = Self::bit(*number);
            if let Some(bits) = finder.bits.get_mut(word) {
                *bits |= bit;
            }
            let free = finder.way(*number).find(|slot| finder.slots.get(*slot).is_some_and(Option::is_none));
            if let Some(slot) = free.and_then(|slot| finder.slots.get_mut(slot)) {
                *slot = Some((*number, place));
            }
        }
        finder
    }

    const fn bit(number: u32) -> (usize, u64) {
        ((number >> 6) as usize % Self::WORDS, 1 << (number & 63))
    }

    /// The slots in which a number may be, in order.
    fn way(&self, number: u32) -> impl Iterator<Item = usize> + use<> {
        let (begin, mask) = ((number >> 16) as usize, self.slots.len() - 1);
        (0..=mask).map(move |step| (begin + step) & mask)
    }

    fn place(&self, number: u32) -> Option<u16> {
        let (word, bit) = Self::bit(number);
        if self.bits.get(word).is_none_or(|bits| bits & bit == 0) {
            return None;
        }
        for slot in self.way(number) {
            match self.slots.get(slot) {
                Some(Some((known, place))) if *known == number => return Some(*place),
                Some(Some(_)) => {}
                Some(None) | None => return None,
            }
        }
        None
    }
}

/// Where the terms of a request stand with some people: of each document that has any, whose it is, its place, and where its hits end.
#[derive(Default)]
struct Found {
    documents: Vec<(usize, usize, usize)>,
    hits: Vec<(u16, u8)>,
}

fn find(finder: &Finder, people: &[&Documents]) -> Found {
    let mut found = Found::default();
    for (person, documents) in people.iter().enumerate() {
        let mut begin = 0;
        for (at, document) in documents.documents.iter().enumerate() {
            let before = found.hits.len();
            found.hits.extend(documents.found(finder, begin, document.end));
            begin = document.end;
            if found.hits.len() > before {
                found.documents.push((person, at, found.hits.len()));
            }
        }
    }
    found
}

/// How near each of these people is to what is asked for. What a term weighs follows from how many of their documents have it, and
/// from nobody else's. The people are shared out among the processors.
pub fn relevance(asked: Asked, people: &[&Documents]) -> (Vec<Relevance>, Weighed) {
    let finder = Finder::new(&asked);
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    let shares: Vec<&[&Documents]> = people.chunks(people.len().div_ceil(threads).max(1)).collect();
    let found = in_parallel(&shares, |share| find(&finder, share));
    let documents = people.iter().map(|documents| documents.len()).sum();
    let weights = weights(&asked, &found, documents);
    let shares: Vec<(&[&Documents], &Found)> = shares.into_iter().zip(&found).collect();
    let nearest = in_parallel(&shares, |(people, found)| nearest(&weights, people, found));
    (nearest.into_iter().flatten().collect(), Weighed { asked, finder, weights })
}

/// Does the same to each, all but one beside this thread.
fn in_parallel<I: Sync, O: Send>(all: &[I], work: impl Fn(&I) -> O + Sync) -> Vec<O> {
    let Some((own, others)) = all.split_last() else { return Vec::new() };
    std::thread::scope(|scope| {
        let beside: Vec<_> = others.iter().map(|one| scope.spawn(|| work(one))).collect();
        let own = work(own);
        let joined = beside.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        joined.chain([own]).collect()
    })
}

/// The nearest documents of some people, by what was found of theirs.
fn nearest(weights: &[f32], people: &[&Documents], found: &Found) -> Vec<Relevance> {
    let length = weights.iter().map(|weight| weight * weight).sum::<f32>().sqrt();
    let mut all = vec![Relevance::default(); people.len()];
    if length <= 0.0 {
        return all;
    }
    // what each count says, reckoned once
    let counts: Vec<f32> = (0..=u32::from(u8::MAX)).map(weight).collect();
    let mut begin = 0;
    for (person, at, end) in &found.documents {
        let hits = found.hits.get(begin..*end).unwrap_or_default();
        begin = *end;
        let dot: f32 = hits.iter().map(|(place, count)| worth(weights, *place) * worth(&counts, (*count).into())).sum();
        let Some(document) = people.get(*person).and_then(|documents| documents.documents.get(*at)) else { continue };
        let cosine = (dot / (length * document.length)).clamp(0.0, 1.0);
        let Some(Relevance { best, .. }) = all.get_mut(*person) else { continue };
        let place = best.partition_point(|other| other.cosine >= cosine);
        if place < BEST {
            best.truncate(BEST - 1);
            best.insert(place.min(best.len()), Near { source: document.source, cosine, at: *at });
        }
    }
    for relevance in &mut all {
        #[expect(clippy::cast_precision_loss, reason = "three")]
        let mean = relevance.best.iter().map(|near| near.cosine).sum::<f32>() / BEST as f32;
        relevance.mean = mean;
    }
    all
}

fn worth(of: &[f32], place: u16) -> f32 {
    of.get(usize::from(place)).copied().unwrap_or_default()
}

/// What each term of a request weighs: more, the fewer documents have it. What none has is left out: names and slips of the finger
/// would make a request look far from everybody.
fn weights(asked: &Asked, found: &[Found], documents: usize) -> Vec<f32> {
    let mut having = vec![0_u32; asked.terms.len()];
    for (place, _) in found.iter().flat_map(|found| &found.hits) {
        if let Some(count) = having.get_mut(usize::from(*place)) {
            *count += 1;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of documents")]
    let rarity = |having: u32| match having {
        0 => 0.0,
        having => 1.0 + ((documents as f32 + 1.0) / (having as f32 + 1.0)).ln().max(0.0),
    };
    asked.terms.iter().zip(having).map(|(term, having)| term.weight * rarity(having)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn person(texts: &[&str]) -> Documents {
        let mut documents = Documents::default();
        for text in texts {
            documents.add(Source::Publication(Uuid::nil()), [(*text, 1)]);
        }
        documents.settle();
        documents
    }

    fn near(asked: &str, people: &[&[&str]]) -> Vec<Relevance> {
        let people: Vec<Documents> = people.iter().map(|texts| person(texts)).collect();
        relevance(Asked::new([(asked, 1)]), &people.iter().collect::<Vec<_>>()).0
    }

    /// The words that are named beside somebody's nearest document.
    fn words(asked: &str, people: &[&[&str]], of: usize) -> Vec<Arc<str>> {
        let people: Vec<Documents> = people.iter().map(|texts| person(texts)).collect();
        let (near, weighed) = relevance(Asked::new([(asked, 1)]), &people.iter().collect::<Vec<_>>());
        weighed.words(&people[of], &near[of].best[0])
    }

    #[test]
    fn rare_words_weigh_more() {
        let people: &[&[&str]] = &[&["forest soil water air"], &["carbon soil water air"], &["forest"], &["forest"]];
        let seen = near("forest carbon", people);
        assert!(seen[1].mean > seen[0].mean, "{seen:?}");
        assert_eq!(words("forest carbon", people, 1), ["carbon".into()]);
        assert_eq!(words("forest carbon", &[&["soil", "carbon forest forest"]], 0), ["forest".into(), "carbon".into()]);
    }

    #[test]
    fn the_best_three_count_and_no_fourth() {
        let one = "forest carbon stock";
        let seen = near(one, &[&[one], &[one, one], &[one, one, one], &[one, one, one, "carbon"], &["river"], &[]]);
        let means: Vec<f32> = seen.iter().map(|person| person.mean).collect();
        assert!(means[0] < means[1] && means[1] < means[2] && means[2] == means[3], "{means:?}");
        assert_eq!((seen[3].best.len(), means[4], means[5]), (3, 0.0, 0.0));
    }

    #[test]
    fn what_nobody_knows_changes_nothing() {
        let people: &[&[&str]] = &[&["forest carbon"], &["river fish"]];
        let (known, strange) = (near("forest carbon", people), near("forest carbon qubits", people));
        assert_eq!(known, strange);
        assert_eq!(near("qubits", people)[0], Relevance::default());
    }

    #[test]
    fn two_words_are_no_better_than_an_abstract_on_the_subject() {
        let whole = "forest carbon stock of mangrove plantations under climate change and sea level rise";
        let seen = near(whole, &[&["forest carbon"], &[whole], &["river"]]);
        assert!(seen[1].mean > 2.0 * seen[0].mean, "{seen:?}");
    }

    #[test]
    fn pairs_of_syllables_name_a_subject() {
        let people: &[&[&str]] = &[&["lâm sinh và công nghiệp"], &["lâm nghiệp xã hội"], &["y tế"]];
        let seen = near("Phát triển lâm nghiệp", people);
        assert!(seen[1].mean > seen[0].mean, "{seen:?}");
        let named = words("Phát triển lâm nghiệp", people, 1);
        assert_eq!(named, ["lâm nghiệp".into()], "as it was asked, and not its syllables");
    }

    proptest! {
        #[test]
        fn all_of_it_is_between_nothing_and_one_and_the_same_again(
            asked in "([a-e]{2} ){1,12}",
            people in prop::collection::vec(prop::collection::vec("([a-e]{2} ){1,9}", 0..5), 1..5),
        ) {
            let people: Vec<Vec<&str>> = people.iter().map(|p| p.iter().map(String::as_str).collect()).collect();
            let people: Vec<&[&str]> = people.iter().map(Vec::as_slice).collect();
            let (one, two) = (near(&asked, &people), near(&asked, &people));
            prop_assert_eq!(&one, &two);
            for person in one {
                prop_assert!((0.0..=1.0).contains(&person.mean));
                prop_assert!(person.best.len() <= BEST);
                prop_assert!(person.best.windows(2).all(|pair| pair[0].cosine >= pair[1].cosine));
            }
        }
    }
}
