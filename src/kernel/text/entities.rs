//! Character references of HTML (`&amp;`, `&#7877;`, `&#x1EC5;`), left in texts that were copied from web pages.

use std::borrow::Cow;

/// Longest reference between `&` and `;`.
const MAX_REFERENCE: usize = 10;

/// Named references: markup, blanks and signs of word processors, and the Latin letters that editors write so.
const NAMED: &str = "amp & lt < gt > quot \" apos ' ndash – mdash — lsquo ‘ rsquo ’ sbquo ‚ ldquo “ rdquo ” bdquo „ \
    laquo « raquo » hellip … bull • middot · deg ° plusmn ± times × divide ÷ micro µ sup1 ¹ sup2 ² sup3 ³ frac12 ½ \
    frac14 ¼ frac34 ¾ copy © reg ® trade ™ euro € sect § para ¶ ordm º ordf ª iexcl ¡ iquest ¿ \
    Agrave À Aacute Á Acirc Â Atilde Ã Auml Ä Aring Å AElig Æ Ccedil Ç Egrave È Eacute É Ecirc Ê Euml Ë Igrave Ì \
    Iacute Í Icirc Î Iuml Ï ETH Ð Ntilde Ñ Ograve Ò Oacute Ó Ocirc Ô Otilde Õ Ouml Ö Oslash Ø Ugrave Ù Uacute Ú \
    Ucirc Û Uuml Ü Yacute Ý THORN Þ szlig ß agrave à aacute á acirc â atilde ã auml ä aring å aelig æ ccedil ç \
    egrave è eacute é ecirc ê euml ë igrave ì iacute í icirc î iuml ï eth ð ntilde ñ ograve ò oacute ó ocirc ô \
    otilde õ ouml ö oslash ø ugrave ù uacute ú ucirc û uuml ü yacute ý thorn þ yuml ÿ OElig Œ oelig œ Scaron Š \
    scaron š Abreve Ă abreve ă Dstrok Đ dstrok đ Itilde Ĩ itilde ĩ Utilde Ũ utilde ũ";

/// The text with its references read, also those that were written twice (`&amp;#7877;`). What is no reference stays:
/// "R&D", "AT&T;".
#[must_use]
pub fn decode_entities(input: &str) -> Cow<'_, str> {
    if !input.contains('&') || !input.contains(';') {
        return Cow::Borrowed(input);
    }
    let mut out = String::with_capacity(input.len());
    let mut rest = input;
    while let Some((before, mut after)) = rest.split_once('&') {
        out.push_str(before);
        loop {
            match reference(after) {
                // an ampersand that was itself written as a reference may begin another one
                Some(('&', behind)) => after = behind,
                Some((c, behind)) => {
                    out.push(c);
                    after = behind;
                    break;
                }
                None => {
                    out.push('&');
                    break;
                }
            }
        }
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character that a reference stands for, and what comes behind it. The `&` is already taken off.
fn reference(after: &str) -> Option<(char, &str)> {
    let end = after.bytes().take(MAX_REFERENCE).position(|b| b == b';')?;
    let (name, behind) = (after.get(..end)?, after.get(end + 1..)?);
    let c = match name.strip_prefix('#') {
        Some(number) => numbered(number)?,
        None => named(name)?,
    };
    Some((c, behind))
}

/// No control characters: a NUL would be one that no check sees.
fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    code.ok().and_then(char::from_u32).filter(|c| !c.is_control())
}

fn named(name: &str) -> Option<char> {
    match name {
        "nbsp" | "ensp" | "emsp" | "thinsp" => return Some('\u{A0}'),
        "shy" | "zwnj" | "zwj" => return Some('\u{AD}'),
        _ => {}
    }
    let mut words = NAMED.split(' ');
    while let (Some(known), Some(character)) = (words.next(), words.next()) {
        if known == name {
            return character.chars().next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_and_everything_else_stays() {
        for (input, output) in [
            ("Nguy&#7877;n V&#259;n M&#x1EAB;u", "Nguyễn Văn Mẫu"),
            ("&Dstrok;&agrave; N&#x1EB5;ng", "Đà Nẵng"),
            ("R&amp;D", "R&D"),
            ("R&amp;amp;amp;D", "R&D"),
            ("&amp;#7877;", "ễ"),
            ("&#38;lt;b&#38;gt;", "<b>"),
            ("&lt;b&gt;&nbsp;", "<b>\u{A0}"),
            ("R&D", "R&D"),
            ("AT&T; IT&C;", "AT&T; IT&C;"),
            ("a & b; c", "a & b; c"),
            ("&#0;&#10;&#xD800;&#99999999999;&#;&;", "&#0;&#10;&#xD800;&#99999999999;&#;&;"),
            ("&", "&"),
            ("&amp", "&amp"),
            ("&eacute;&Eacute;&EACUTE;", "éÉ&EACUTE;"),
        ] {
            assert_eq!(decode_entities(input), output, "{input}");
        }
    }

    #[test]
    fn the_table_is_made_of_pairs() {
        let words: Vec<&str> = NAMED.split(' ').filter(|word| !word.is_empty()).collect();
        assert_eq!(words.len() % 2, 0);
        for pair in words.chunks(2) {
            assert!(pair[0].bytes().all(|b| b.is_ascii_alphanumeric()) && pair[1].chars().count() == 1, "{pair:?}");
        }
    }

    #[test]
    fn a_long_chain_costs_no_more_than_its_length() {
        let chain = format!("&{}", "amp;".repeat(200_000));
        assert_eq!(decode_entities(&chain), "&");
    }
}
