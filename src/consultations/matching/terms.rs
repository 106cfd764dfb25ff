//! The terms of a text: what two texts are compared by. Pure.
//!
//! Words are folded as everywhere, so that "lam nghiep" is about the same as "Lâm nghiệp". A Vietnamese word is mostly two
//! syllables, and a folded syllable alone says little; so a text in Vietnamese gives pairs of neighbours, too. Of English words the
//! plural is taken off, and those that say nothing are left out.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use crate::kernel::text::{fold, is_folded_syllable};

/// English words that say nothing of a subject.
const ENGLISH: &str = "a about above after again all also although among an and another any are as at based be because been before \
    being below between both but by can could did do does doing due during each either et for from further had has have having \
    he hence her here his how however i if in into is it its itself may might more most much must new no nor not of off often on \
    once one only or other others our out over own paper per present presented presents propose proposed proposes recent \
    results same several she should show showed shown shows since so some study such than that the their them then there \
    therefore these they this those three through thus to too two under until up upon use used uses using very via was we well \
    were what when where whether which while who whom why will with within without would yet you your";

/// Folded Vietnamese syllables that say nothing of a subject: và, của, các, những, cho, trong, là, được, với, có, này, một, để, tại,
/// theo, về, từ, đến, trên, không, như, khi, ra, vào, do, bị, đã, sẽ, đang, cũng, hay, hoặc, mà, thì, nên, nếu, vì, bởi, ở, nhằm, qua, giữa,
/// sau, trước, còn, lại, rất, nhiều, ít, mỗi, từng, đó, đây, gì, nào, ai, sao, hơn, nhất, cùng, phải, việc, sự.
const VIETNAMESE: &str = "va cua cac nhung cho trong la duoc voi co nay mot de tai theo ve tu den tren khong nhu khi ra vao do bi da se dang \
    cung hay hoac ma thi nen neu vi boi o nham qua giua sau truoc con lai rat nhieu it moi tung day gi nao ai sao hon nhat phai \
    viec su";

/// Of ten words so many look like syllables in a text that is Vietnamese; English ones come to some four.
const SYLLABLES_IN_TEN: usize = 7;

type Listed = LazyLock<HashSet<&'static str>>;

static EMPTY_ENGLISH: Listed = LazyLock::new(|| ENGLISH.split_ascii_whitespace().collect());
static EMPTY_VIETNAMESE: Listed = LazyLock::new(|| VIETNAMESE.split_ascii_whitespace().collect());

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// An English word without its plural: "forests" as "forest", "studies" as "study", "processes" as "process".
fn singular(word: &str) -> String {
    let long = word.len() > 3;
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    for ending in ["sses", "xes", "ches", "shes"] {
        if let Some(stem) = word.strip_suffix("es").filter(|_| word.ends_with(ending)) {
            return stem.to_owned();
        }
    }
    let is_plural =
        long && word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") && !word.ends_with("is");
    word.strip_suffix('s').filter(|_| is_plural).unwrap_or(word).to_owned()
}

/// The terms of a text, each as often as it is there.
pub fn terms(text: &str) -> Vec<String> {
    let folded = fold(text);
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    let spelled: Vec<bool> = words.iter().map(|word| is_folded_syllable(word)).collect();
    let lettered = words.iter().filter(|word| !is_number(word)).count();
    let syllables = spelled.iter().filter(|spelled| **spelled).count();
    if 10 * syllables >= SYLLABLES_IN_TEN * lettered && syllables > 0 {
        vietnamese(&words, &spelled)
    } else {
        let says = |word: &&&str| word.len() > 1 && !is_number(word) && !EMPTY_ENGLISH.contains(**word);
        words.iter().filter(says).map(|word| singular(word)).collect()
    }
}

fn vietnamese(words: &[&str], spelled: &[bool]) -> Vec<String> {
    let mut terms = Vec::with_capacity(2 * words.len());
    for (at, word) in words.iter().enumerate() {
        let is_empty = |word: &str| EMPTY_VIETNAMESE.contains(word);
        if spelled[at] {
            if word.len() > 1 && !is_empty(word) {
                terms.push((*word).to_owned());
            }
            if let Some(next) = words.get(at + 1).filter(|next| spelled[at + 1] && !(is_empty(word) && is_empty(next)))
            {
                terms.push(format!("{word} {next}"));
            }
        } else if word.len() > 1 && !is_number(word) {
            terms.push(singular(word));
        }
    }
    terms
}

/// The number of a term: the same on every machine, and small, so that a bank's texts fit in memory. Of a million terms some
/// hundred share theirs with another.
pub fn number(term: &str) -> u32 {
    // FNV-1a over 64 bits, both halves laid over one another
    let hash = term
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let [a, b, c, d, e, f, g, h] = hash.to_be_bytes();
    u32::from_be_bytes([a ^ e, b ^ f, c ^ g, d ^ h])
}

/// How often each term stands in these texts; a text counts as often as is said with it.
pub fn counted<'t>(texts: impl IntoIterator<Item = (&'t str, u32)>) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for (text, times) in texts {
        for term in terms(text) {
            *counts.entry(term).or_default() += times;
        }
    }
    counts
}

/// How words and pairs of neighbours, as they are compared, are spelled in these texts: the first of several spellings.
pub fn spellings<'t>(texts: impl IntoIterator<Item = &'t str>) -> HashMap<String, String> {
    let mut spelled = HashMap::new();
    for text in texts {
        let mut last: Option<(String, String)> = None;
        for piece in text.split(|letter: char| !letter.is_alphanumeric()).filter(|piece| !piece.is_empty()) {
            let (key, word) = (fold(piece), piece.to_lowercase());
            if let Some((key_before, word_before)) = &last {
                spelled.entry(format!("{key_before} {key}")).or_insert_with(|| format!("{word_before} {word}"));
            }
            spelled.entry(key.clone()).or_insert_with(|| word.clone());
            last = Some((key, word));
        }
    }
    spelled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_terms() {
        for (text, expected) in [
            ("Lâm nghiệp", vec!["lam", "lam nghiep", "nghiep"]),
            ("lam nghiep", vec!["lam", "lam nghiep", "nghiep"]),
            ("LÂM NGHIÊP và môi trường", vec!["lam", "lam nghiep", "nghiep", "nghiep va", "moi truong", "truong"]),
            ("Y tế 2026", vec!["y te", "te"]),
            ("The forests of the North: 3 studies of processes", vec!["forest", "north", "study", "process"]),
            ("Analysis of gas classes in status boxes", vec!["analysis", "gas", "class", "status", "box"]),
            (
                "Ứng dụng GIS cho rừng phòng hộ",
                vec!["ung", "ung dung", "dung", "gis", "cho rung", "rung", "rung phong", "phong", "phong ho", "ho"],
            ),
            ("", vec![]),
            ("… – 2026", vec![]),
        ] {
            assert_eq!(terms(text), expected, "{text}");
        }
    }

    #[test]
    fn accents_make_no_difference() {
        let typed = "Đánh giá tác động môi trường của đường cao tốc Tuyên Quang – Hà Giang";
        let plain = "danh gia tac dong moi truong cua duong cao toc tuyen quang – ha giang";
        assert_eq!(terms(typed), terms(plain));
    }

    #[test]
    fn terms_are_spelled_as_the_text_does() {
        let spelled = spellings(["Rừng phòng hộ đầu nguồn", "đâu, RỪNG trồng; forests"]);
        for (term, word) in [("rung", "rừng"), ("dau nguon", "đầu nguồn"), ("dau", "đầu"), ("dau rung", "đâu rừng")]
        {
            assert_eq!(spelled.get(term).map(String::as_str), Some(word), "{term}");
        }
        assert_eq!(spelled.get("forest"), None, "a plural has another spelling");
    }

    #[test]
    fn numbers_of_terms_stay_what_they_are() {
        assert_eq!(number(""), 0xcbf2_9ce4 ^ 0x8422_2325);
        let words: Vec<String> = (0..100_000).map(|n| format!("tu {n}")).collect();
        let numbers: std::collections::BTreeSet<u32> = words.iter().map(|word| number(word)).collect();
        assert!(numbers.len() > 99_990, "{}", numbers.len());
    }

    #[test]
    fn texts_are_counted() {
        let counts = counted([("Forest fires", 2), ("Fires in forests: fire models", 1)]);
        let expected = [("fire", 4), ("forest", 3), ("model", 1)];
        assert_eq!(counts, expected.map(|(term, count)| (term.to_owned(), count)).into());
    }
}
