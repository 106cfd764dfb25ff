//! Text typed in the fonts used before Unicode (`.VnTime`, `VNI-Times`) and read as Latin-1.
//!
//! Such rows still arrive in spreadsheets of state agencies. They must be refused with a
//! proposed repair, never stored. The tables are those of `legacy_encodings.csv` (§9.1).
//!
//! Detection asks word by word: is it a possible Vietnamese syllable as it stands, and is it one
//! after decoding? Only words that become Vietnamese by decoding count, so French, German and
//! proper Vietnamese give nothing even though they use the same Latin-1 letters.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::is_tone_mark;

/// A Vietnamese encoding older than Unicode whose bytes were read as Latin-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegacyEncoding {
    /// TCVN 5712 with the `.Vn…` fonts, one byte for one letter: "Hµ Giang".
    Tcvn3,
    /// VNI-Windows, a base letter followed by a mark: "Xin chaøo caùc baïn".
    Vni,
}

/// Recognises text typed in a pre-Unicode font and read as Latin-1.
///
/// Text that holds any letter beyond Latin-1 is taken as proper Unicode: a half-converted cell is
/// rarer than a proper text with a `µm` or a `©` in it.
#[must_use]
pub fn legacy_encoding(input: &str) -> Option<LegacyEncoding> {
    // composition leaves these letters beyond Latin-1
    if input.is_ascii() || input.chars().any(|c| matches!(c, '\u{100}'..='\u{24F}' | '\u{1EA0}'..='\u{1EF9}')) {
        return None;
    }
    let text: String = input.nfc().collect();
    if text.chars().any(is_beyond_latin1) {
        return None;
    }
    [LegacyEncoding::Tcvn3, LegacyEncoding::Vni]
        .into_iter()
        .find(|encoding| Score::of(&text, *encoding).is_convincing())
}

/// The proposed repair: the same text in Unicode. It is a proposal for a person to confirm.
///
/// TCVN3 capitals live in a second font (`.VnTimeH`) over lower-case bytes, so a word whose plain
/// letters are all capitals is put in capitals as a whole. VNI is read in one pass, longest match
/// first, because `oâ` is `ô` while `ô` alone is `ơ`.
#[must_use]
pub fn decode_legacy(input: &str, e: LegacyEncoding) -> String {
    let text: String = input.nfc().collect();
    match e {
        LegacyEncoding::Tcvn3 => {
            text.split_inclusive(|c: char| c.is_whitespace() || c == '.').map(decode_tcvn3_word).collect()
        }
        LegacyEncoding::Vni => decode_vni(&text),
    }
}

const TCVN3_LEGACY: &str = "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u{AD}õøö÷ùúýûüþ¡¢§£¤¥¦";
const TCVN3_UNICODE: &str = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂĐÊÔƠƯ";

/// Base letter, the marks that may follow it, and what each pair stands for.
const VNI_PAIRS: [(char, &str, &str); 7] = [
    ('a', "ùøûõïêéèúüëâáàåãä", "áàảãạăắằẳẵặâấầẩẫậ"),
    ('e', "ùøûõïâáàåãä", "éèẻẽẹêếềểễệ"),
    ('o', "ùøûõïâáàåãä", "óòỏõọôốồổỗộ"),
    ('ô', "ùøûõï", "ớờởỡợ"),
    ('u', "ùøûõï", "úùủũụ"),
    ('ö', "ùøûõï", "ứừửữự"),
    ('y', "ùøûõ", "ýỳỷỹ"),
];
const VNI_SINGLE_LEGACY: &str = "íìæóòôöîñ";
const VNI_SINGLE_UNICODE: &str = "íìỉĩịơưỵđ";

const ONSETS: &str = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x";
const RIMES: &str = "a ac ach ai ak am an ang anh ao ap at au ay \
    ăc ăk ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây \
    e ec em en eng eo ep et ê êch êm ên ênh êp êt êu \
    i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu \
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt \
    oc oe oen oeo oet oi om on ong ooc oong op ot \
    ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt \
    u ua uây uân uâng uât uê uêch uênh uc ui um un ung uôc uôi uôm uôn uông uôt up ut uơ \
    uy uya uych uyên uyêt uyn uynh uyt uyu \
    ư ưa ưc ưi ưng ươc ươi ươm ươn ương ươp ươt ươu ưt ưu \
    y ych yêm yên yêng yêt yêu ynh yt";

/// The two sides of every table, for the test that they are of equal length.
#[cfg(test)]
pub(super) fn table_sides() -> [(&'static str, &'static str); 9] {
    let [a, e, o, oo, u, uu, y] = VNI_PAIRS.map(|(_, marks, letters)| (marks, letters));
    let tcvn3 = (TCVN3_LEGACY, TCVN3_UNICODE);
    [tcvn3, (VNI_SINGLE_LEGACY, VNI_SINGLE_UNICODE), a, e, o, oo, u, uu, y]
}

/// True when the word has the shape of one Vietnamese syllable: a known onset and rime, at most
/// one tone, and sắc or nặng where the rime ends in a stop. It says nothing about meaning.
pub(crate) fn is_syllable(word: &str) -> bool {
    let lower = word.to_lowercase().replace('ð', "đ");
    let (tones, letters): (Vec<char>, Vec<char>) = lower.nfd().partition(|c| is_tone_mark(*c));
    let plain: String = letters.into_iter().nfc().collect();
    let stopped = plain.ends_with(['c', 'k', 'p', 't']) || plain.ends_with("ch");
    let tone_fits = match tones.as_slice() {
        [] => !stopped,
        [tone] => !stopped || matches!(tone, '\u{301}' | '\u{323}'),
        _ => false,
    };
    tone_fits && has_known_shape(&plain)
}

/// True when a folded word, which has no marks left, may be one Vietnamese syllable.
pub(crate) fn is_folded_syllable(word: &str) -> bool {
    static KNOWN: LazyLock<(Vec<String>, HashSet<String>)> = LazyLock::new(|| {
        (ONSETS.split(' ').map(super::fold).collect(), RIMES.split_whitespace().map(super::fold).collect())
    });
    let (onsets, rimes) = &*KNOWN;
    let split = |onset: &String| word.strip_prefix(onset.as_str()).is_some_and(|rest| rimes.contains(rest));
    rimes.contains(word) || onsets.iter().any(split)
}

fn has_known_shape(plain: &str) -> bool {
    static KNOWN: LazyLock<(Vec<&str>, HashSet<&str>)> =
        LazyLock::new(|| (ONSETS.split(' ').collect(), RIMES.split_whitespace().collect()));
    let (onsets, rimes) = &*KNOWN;
    let split = |onset: &&str| plain.strip_prefix(*onset).is_some_and(|rest| rimes.contains(rest));
    rimes.contains(plain) || onsets.iter().any(split)
}

fn is_beyond_latin1(c: char) -> bool {
    c > '\u{FF}' && (c.is_alphabetic() || unicode_normalization::char::is_combining_mark(c))
}

fn decode_tcvn3_word(word: &str) -> String {
    let decoded: String = word.chars().map(tcvn3_letter).collect();
    let capitals = word.chars().filter(char::is_ascii_uppercase).count();
    let shouted = capitals > 1 && !word.contains(|c: char| c.is_ascii_lowercase());
    if shouted { decoded.to_uppercase() } else { decoded }
}

fn tcvn3_letter(c: char) -> char {
    translate(c, TCVN3_LEGACY, TCVN3_UNICODE).unwrap_or(c)
}

fn translate(c: char, from: &str, to: &str) -> Option<char> {
    let mut pairs = from.chars().zip(to.chars());
    pairs.find(|(old, _)| *old == c).map(|(_, new)| new)
}

fn decode_vni(input: &str) -> String {
    let mut out = String::with_capacity(input.len());
    let mut chars = input.chars().peekable();
    while let Some(c) = chars.next() {
        let pair = chars.peek().and_then(|mark| vni_pair(c, *mark));
        if pair.is_some() {
            chars.next();
        }
        out.push(pair.unwrap_or_else(|| vni_single(c)));
    }
    out
}

/// The letter follows the case of its base; the mark may be in either case.
fn vni_pair(base: char, mark: char) -> Option<char> {
    let low = lower(base);
    let (_, marks, letters) = VNI_PAIRS.iter().find(|(letter, _, _)| *letter == low)?;
    let letter = translate(lower(mark), marks, letters)?;
    Some(with_case_of(base, letter))
}

fn vni_single(c: char) -> char {
    let letter = translate(lower(c), VNI_SINGLE_LEGACY, VNI_SINGLE_UNICODE);
    letter.map_or(c, |found| with_case_of(c, found))
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn with_case_of(model: char, letter: char) -> char {
    if model.is_uppercase() {
        return letter.to_uppercase().next().unwrap_or(letter);
    }
    letter
}

/// What one word says about the encoding of the whole text.
#[derive(Clone, Copy)]
enum Verdict {
    /// Says nothing: proper Vietnamese as it stands, or a unit or an abbreviation.
    Neutral,
    /// Vietnamese only after decoding, but some other language might write it.
    Weak,
    /// Vietnamese only after decoding, with characters no language puts there.
    Strong,
    /// Not Vietnamese even after decoding.
    Bad,
    /// Plain ASCII that no Vietnamese word looks like.
    Foreign,
}

#[derive(Default)]
struct Score {
    weak: usize,
    strong: usize,
    bad: usize,
    foreign: usize,
}

impl Score {
    fn of(text: &str, encoding: LegacyEncoding) -> Self {
        let mut score = Self::default();
        let words = text.split(|c| !belongs_to_word(c, encoding)).filter(|word| !word.is_empty());
        let (plain, marked): (Vec<&str>, Vec<&str>) = words.partition(|word| word.is_ascii());
        marked.iter().for_each(|word| score.add(judge(word, encoding)));
        if score.evidence() > 0 {
            plain.iter().for_each(|word| score.add(judge_ascii(word)));
        }
        score
    }

    /// Words that are Vietnamese only after decoding; plain ones never are, and nothing convinces without any.
    const fn evidence(&self) -> usize {
        self.strong + self.weak
    }

    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Neutral => {}
            Verdict::Weak => self.weak += 1,
            Verdict::Strong => self.strong += 1,
            Verdict::Bad => self.bad += 1,
            Verdict::Foreign => self.foreign += 1,
        }
    }

    /// Two strong words suffice in a mostly decodable text; less evidence needs a text in which
    /// (nearly) every other word is Vietnamese as well.
    fn is_convincing(&self) -> bool {
        let evidence = self.evidence();
        let plenty = self.strong >= 2 && self.bad * 3 <= evidence;
        let mixed = self.strong == 1 && self.bad == 0 && evidence > self.foreign + 1;
        let pure = self.bad == 0 && self.foreign == 0 && (self.strong >= 1 || self.weak >= 2);
        plenty || mixed || pure
    }
}

fn belongs_to_word(c: char, encoding: LegacyEncoding) -> bool {
    let letter = c.is_ascii_alphabetic() || (c.is_alphabetic() && !matches!(c, 'ª' | 'º' | 'µ'));
    letter || (encoding == LegacyEncoding::Tcvn3 && TCVN3_LEGACY.contains(c))
}

/// Of a word that is not plain ASCII.
fn judge(word: &str, encoding: LegacyEncoding) -> Verdict {
    let proper = is_syllable(word);
    let vietnamese = proper && !has_inner_capital(word);
    if vietnamese || word.chars().nth(1).is_none() || is_unit_or_abbreviation(word) {
        return Verdict::Neutral;
    }
    let decoded = decode_legacy(word, encoding);
    if !is_syllable(&decoded) || decoded == word {
        return if proper { Verdict::Neutral } else { Verdict::Bad };
    }
    if proper {
        return Verdict::Weak;
    }
    if encoding == LegacyEncoding::Vni && is_french(word) {
        return Verdict::Neutral;
    }
    let strong = match encoding {
        LegacyEncoding::Tcvn3 => has_symbol(word) || has_inner_capital(word),
        LegacyEncoding::Vni => decoded.chars().count() < word.chars().count(),
    };
    if strong { Verdict::Strong } else { Verdict::Weak }
}

/// Acronyms in capitals ("UBND") occur in Vietnamese text and do not speak against it.
fn judge_ascii(word: &str) -> Verdict {
    let acronym = word.chars().all(|c| c.is_ascii_uppercase());
    if acronym || is_syllable(word) { Verdict::Neutral } else { Verdict::Foreign }
}

/// Real uses of TCVN3 symbols next to letters: "µm", "N·m", "m×n", Spanish "Mª".
fn is_unit_or_abbreviation(word: &str) -> bool {
    let chars: Vec<char> = word.chars().collect();
    match chars.as_slice() {
        ['µ', ..] | ['M' | 'N' | 'S' | 'D', 'ª'] => true,
        [a, '·' | '×', b] => a.is_ascii() && b.is_ascii(),
        _ => false,
    }
}

fn has_symbol(word: &str) -> bool {
    let symbol = |c: char| !c.is_alphabetic() || matches!(c, 'ª' | 'µ');
    word.contains(symbol) && word.contains(|c: char| !symbol(c) || c == 'µ')
}

/// A capital beyond ASCII after a small letter, as in "NguyÔn".
fn has_inner_capital(word: &str) -> bool {
    let after_small = word.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    after_small.contains(|c: char| !c.is_ascii() && c.is_uppercase())
}

/// French and Hebrew names write `aï`, `oï` ("Loïc", "Haïm", "Thaï") and `où`, which VNI uses too;
/// onsets and endings that only Vietnamese has ("Ngoïc", "Laïi") take the doubt away.
fn is_french(word: &str) -> bool {
    let low = word.to_lowercase();
    let diaeresis_only = low.chars().all(|c| c.is_ascii() || c == 'ï');
    let onset = ["ng", "nh", "tr", "kh", "ph", "x"].iter().any(|o| low.starts_with(o));
    let ending = ["ïi", "ïng", "ïnh", "ïch", "ïp"].iter().any(|e| low.ends_with(e));
    (diaeresis_only && !onset && !ending) || low == "où"
}
