//! UTF-8 that was read as another encoding ("LÃ¢m nghiá»‡p" for "Lâm nghiệp"), also twice, and letters that were lost on
//! the way ("Nguy?n").
//!
//! A broken text is taken back to its bytes sequence by sequence. It counts as broken only when a sequence is found that
//! true text does not hold: a letter of Vietnamese in three bytes, or two bytes of which the second is a sign that no
//! language puts there. "XÃ…" and "QÐ–UBND" are true text, and stay.

use std::borrow::Cow;
use std::sync::LazyLock;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::plain::is_composed;

/// What befell a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// UTF-8 read as another encoding, with the text it was where every sign of it could be taken back.
    Mojibake(Option<String>),
    /// Letters were replaced by `?` or U+FFFD; what they were, nobody can tell from the text.
    LostLetters,
}

/// Encoded at most this often, one time over the other.
const MAX_TIMES: usize = 3;

/// Recognises text that was broken on its way through programs. Ask it of the text as it came: the cleaning of
/// [`display`](super::display) removes signs that are needed for the repair.
#[must_use]
pub fn damage(input: &str) -> Option<Damage> {
    let input = composed(input);
    if may_be_mixed(&input) {
        let mut repaired: Option<Unmixed> = None;
        for _ in 0..MAX_TIMES {
            let text = repaired.as_ref().map_or(&*input, |done| done.text.as_str());
            let Some(next) = unmixed(text) else { break };
            repaired = Some(next);
        }
        if let Some(Unmixed { text, whole, .. }) = repaired {
            return Some(Damage::Mojibake(Some(text).filter(|text| whole && !has_lost_letters(text))));
        }
    }
    has_lost_letters(&input).then_some(Damage::LostLetters)
}

const WINDOWS_1252: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ\u{A0}¡¢£¤¥¦§¨©ª«¬\u{AD}®¯°±²³´µ¶·¸¹º»¼½¾¿À\
    ÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ";
const WINDOWS_1258: &str = "€\u{81}‚ƒ„…†‡ˆ‰\u{8A}‹Œ\u{8D}\u{8E}\u{8F}\u{90}‘’“”•–—˜™\u{9A}›œ\u{9D}\u{9E}Ÿ\u{A0}¡¢£¤¥¦§¨©ª«¬\
    \u{AD}®¯°±²³´µ¶·¸¹º»¼½¾¿ÀÁÂĂÄÅÆÇÈÉÊË\u{300}ÍÎÏĐÑ\u{309}ÓÔƠÖ×ØÙÚÛÜƯ\u{303}ßàáâăäåæçèéêë\u{301}íîïđñ\
    \u{323}óôơö÷øùúûüư₫ÿ";
const MAC_ROMAN: &str = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u{A0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁ\
    ﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{F8FF}ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";
const DOS_437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπ\
    ΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}";
const DOS_850: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒ\
    õÕµþÞÚÛÙýÝ¯´\u{AD}±‗¾¶§÷¸°¨·¹³²■\u{A0}";

fn composed(input: &str) -> Cow<'_, str> {
    if is_composed(input) || is_nfc(input) { Cow::Borrowed(input) } else { Cow::Owned(input.nfc().collect()) }
}

/// True when a character that may be the first byte of UTF-8 stands before what may be the second. Nearly every true text has no
/// such pair, and is read once here instead of once for each page.
fn may_be_mixed(text: &str) -> bool {
    let mut before = ' ';
    text.chars().any(|c| {
        let lead = std::mem::replace(&mut before, c);
        !lead.is_ascii() && (c == ' ' || !c.is_ascii()) && LEADS.binary_search(&(lead, c == ' ')).is_ok()
    })
}

/// The first bytes of all pages, each also with `true` where a space may stand for the second.
static LEADS: LazyLock<Vec<(char, bool)>> = LazyLock::new(|| {
    let of_page = |page: &'static Page| {
        let before_gaps = page.leads.iter().filter(|lead| page.byte(**lead) == Some(GAPPED)).map(|lead| (*lead, true));
        page.leads.iter().map(|lead| (*lead, false)).chain(before_gaps)
    };
    let mut leads: Vec<(char, bool)> = PAGES.iter().flat_map(of_page).collect();
    leads.sort_unstable();
    leads.dedup();
    leads
});

/// The first byte whose second one no program shows.
const GAPPED: u8 = 0xC3;

/// The reading that explains most of a text, the commonest of those that explain as much.
fn unmixed(text: &str) -> Option<Unmixed> {
    let readings = PAGES.iter().rev().filter(|page| page.may_hold(text)).map(|page| page.unmix(text));
    readings.filter(|done| done.strong > 0).max_by_key(|done| (done.whole, done.strong))
}

/// A single-byte encoding for which UTF-8 was taken: its characters from 0x80 on.
struct Page {
    /// The place of each character, sorted by it.
    characters: LazyLock<Vec<(char, u8)>>,
    /// What some of the first bytes of UTF-8 look like; without any of them a text need not be looked at further.
    leads: &'static [char],
}

static PAGES: [Page; 5] = [
    Page {
        characters: LazyLock::new(|| places(WINDOWS_1252)),
        leads: &['Ã', 'Â', 'Ä', 'Å', 'Æ', 'á', 'â', 'Ì', 'ï', 'Ð', 'Ñ'],
    },
    Page {
        characters: LazyLock::new(|| places(WINDOWS_1258)), leads: &['Ă', 'Â', 'Ä', 'Å', 'Æ', 'á', 'â', 'ï']
    },
    Page { characters: LazyLock::new(|| places(MAC_ROMAN)), leads: &['√', 'ƒ', '≈', '∆', '·', '‚'] },
    Page { characters: LazyLock::new(|| places(DOS_437)), leads: &['├', '─', '┼', '╞', 'ß', 'Γ'] },
    Page { characters: LazyLock::new(|| places(DOS_850)), leads: &['├', '─', '┼', '╞', 'ß', 'Ô'] },
];

/// The byte of each character of a page. Where a page has a character twice, its first place.
fn places(characters: &str) -> Vec<(char, u8)> {
    let mut places: Vec<(char, u8)> = characters.chars().zip(0x80..=0xFF).collect();
    places.sort();
    places.dedup_by_key(|(c, _)| *c);
    places
}

/// A text taken back, and how sure that is.
struct Unmixed {
    text: String,
    /// Sequences that true text does not hold.
    strong: usize,
    /// Nothing that may be a part of a sequence is left.
    whole: bool,
}

impl Page {
    /// A first byte followed by another one beyond ASCII: cheap, and false for nearly every true text.
    fn may_hold(&self, text: &str) -> bool {
        let mut pairs = text.chars().zip(text.chars().skip(1));
        let begins = |lead: char, next| match self.byte(lead) {
            Some(GAPPED) if is_gap(next) => true,
            Some(_) => self.continuation(next).is_some(),
            None => false,
        };
        pairs.any(|(lead, next)| !lead.is_ascii() && self.leads.contains(&lead) && begins(lead, next))
    }

    /// The byte of a character. Latin-1 leaves 0x80 to 0x9F to control characters.
    fn byte(&self, c: char) -> Option<u8> {
        if matches!(c, '\u{80}'..='\u{9F}') {
            return u8::try_from(u32::from(c)).ok();
        }
        if c.is_ascii() {
            return None;
        }
        let place = self.characters.binary_search_by_key(&c, |(known, _)| *known).ok()?;
        self.characters.get(place).map(|(_, byte)| *byte)
    }

    fn continuation(&self, c: char) -> Option<u8> {
        self.byte(c).filter(|byte| (0x80..0xC0).contains(byte))
    }

    fn unmix(&self, text: &str) -> Unmixed {
        let characters: Vec<char> = text.chars().collect();
        let cyrillic = self.counts_cyrillic(&characters);
        let mut done = Unmixed { text: String::with_capacity(text.len()), strong: 0, whole: true };
        let mut at = 0;
        while let Some(&c) = characters.get(at) {
            let rest = characters.get(at..).unwrap_or_default();
            match self.sequence(rest).filter(|(letter, _)| cyrillic || !is_cyrillic(*letter)) {
                Some((letter, length)) => {
                    let before = characters.get(..at).unwrap_or_default();
                    done.strong += usize::from(is_strong(before, rest, length, letter));
                    done.text.push(letter);
                    at += length;
                }
                None => {
                    if self.is_cut_short(rest) && !done.text.contains('«') {
                        done.strong += 1;
                    }
                    let (letter, length) = self.maimed(rest).unwrap_or((c, 1));
                    done.whole &= length > 1 || letter != c || !self.is_suspicious(c);
                    done.text.push(letter);
                    at += length;
                }
            }
        }
        done.whole &= done.strong > 0;
        done
    }

    /// The character that a text of this page begins with as UTF-8, and how many characters of the page it took.
    fn sequence(&self, rest: &[char]) -> Option<(char, usize)> {
        let lead = self.byte(*rest.first()?)?;
        let length = match lead {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            _ => return None,
        };
        let mut bytes = [lead, 0, 0];
        for (byte, c) in bytes.iter_mut().zip(rest.get(..length)?).skip(1) {
            *byte = self.continuation(*c)?;
        }
        let letter = std::str::from_utf8(bytes.get(..length)?).ok()?.chars().next()?;
        is_plausible(letter).then_some((letter, length))
    }

    /// Sequences of which a byte was lost that no program shows: `Đ` ends in 0x90, `à` in a space that cannot break.
    fn maimed(&self, rest: &[char]) -> Option<(char, usize)> {
        match (self.byte(*rest.first()?)?, rest.get(1)) {
            (0xC3, Some(' ')) => Some(('à', if rest.get(2) == Some(&' ') { 2 } else { 1 })),
            (0xC4, Some(next)) if next.is_alphabetic() => Some(('Đ', 1)),
            _ => None,
        }
    }

    /// A Vietnamese letter in three bytes that lost its last one: "há»c".
    fn is_cut_short(&self, rest: &[char]) -> bool {
        let bytes = rest.iter().take(2).map_while(|c| self.byte(*c));
        matches!(bytes.collect::<Vec<u8>>().as_slice(), [0xE1, 0xBA | 0xBB])
            && rest.get(2).is_none_or(|c| self.continuation(*c).is_none())
    }

    /// True for what may be a part of a sequence; quotes and dashes stand in true text as well.
    fn is_suspicious(&self, c: char) -> bool {
        self.byte(c).is_some() && !matches!(c, '–' | '—' | '‘' | '’' | '“' | '”' | '…' | '«' | '»' | '°' | '\u{A0}')
    }

    /// One sequence of Cyrillic is chance ("QÐ–UBND" is typed with an Icelandic Ð); a word is not.
    fn counts_cyrillic(&self, characters: &[char]) -> bool {
        let starts = (0..characters.len()).filter_map(|at| characters.get(at..));
        starts.filter(|rest| self.sequence(rest).is_some_and(|(letter, _)| is_cyrillic(letter))).take(4).count() == 4
    }
}

const fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '\u{A0}')
}

const fn is_cyrillic(letter: char) -> bool {
    matches!(letter, '\u{400}'..='\u{45F}')
}

/// Letters and signs that people here write; others come about by chance.
const fn is_plausible(letter: char) -> bool {
    matches!(letter, '\u{A0}'..='\u{17F}' | '\u{1A0}'..='\u{1B0}' | '\u{300}'..='\u{323}' | '\u{391}'..='\u{3C9}')
        || is_cyrillic(letter)
        || matches!(letter, '\u{1E00}'..='\u{1EFF}' | '\u{2010}'..='\u{203A}' | '\u{20AB}' | '\u{20AC}' | '\u{2122}')
        || matches!(letter, '\u{2190}'..='\u{22FF}' | '\u{3041}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
        || matches!(letter, '\u{FEFF}' | '\u{FFFD}')
}

/// True when no true text would hold the sequence there.
fn is_strong(before: &[char], rest: &[char], length: usize, letter: char) -> bool {
    let (second, after) = (rest.get(1).copied().unwrap_or_default(), rest.get(length).copied());
    if length == 3 {
        // «đá»… is a quotation in French signs
        return !(second == '»' && before.contains(&'«'));
    }
    if matches!(letter, '\u{391}'..='\u{3C9}') {
        return false;
    }
    let capitals = before.iter().rev().take_while(|c| c.is_alphabetic());
    let capitals = if capitals.clone().any(|c| c.is_lowercase()) { 0 } else { capitals.count() };
    match second {
        '–' | '—' | '‘' | '’' | '‚' | '“' | '”' | '„' | '…' | '•' | '‹' | '›' | '«' | '»' => {
            let in_word = after.is_some_and(char::is_lowercase);
            capitals == 0 && before.last().is_some_and(|c| c.is_alphabetic()) || in_word
        }
        // signs of formulas, which a root may stand before
        '∞' | '±' | '≤' | '≥' | '∂' | '∑' | '∏' | 'π' | '∫' | 'Ω' | '∆' | '¥' | 'µ'
            if rest.first().is_some_and(|c| !c.is_alphabetic()) =>
        {
            before.last().is_some_and(|c| c.is_alphabetic())
        }
        '\u{A0}' => capitals < 2 && !after.is_some_and(char::is_alphabetic),
        '¹' | '²' | '³' | '°' | '®' | '™' => capitals < 2,
        _ => true,
    }
}

/// True for U+FFFD anywhere, and for question marks within a word or before the rest of one: "Nguy?n", "??i h?c".
///
/// Addresses hold them by right ("?id=1"), and a sentence may begin behind one without a space ("gì?Vì sao").
fn has_lost_letters(text: &str) -> bool {
    text.contains('\u{FFFD}') || (text.contains('?') && text.split_whitespace().any(lost_some))
}

fn lost_some(word: &str) -> bool {
    if word.contains(['/', '=', '@', '&']) || !word.contains('?') {
        return false;
    }
    let shouted = !word.contains(char::is_lowercase);
    let pieces: Vec<&str> = word.split('?').collect();
    let mut joints = pieces.iter().zip(pieces.iter().skip(1));
    joints.any(|(left, right)| {
        let next = right.chars().next();
        let goes_on = next.is_some_and(|c| c.is_lowercase() || (shouted && c.is_alphabetic()));
        goes_on && (left.is_empty() || left.ends_with(char::is_alphabetic))
    })
}
