//! Members of forms as people and spreadsheets send them: a number as text, a text as number, a list as one text.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, SeqAccess, Visitor, value::SeqAccessDeserializer};
use serde::{Deserialize, Deserializer};

/// A text or a number. What it means is for the form to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loose {
    /// As text; a whole number without a fraction (`404.0` of a spreadsheet is `404`).
    pub text: String,
    /// It was sent as a number.
    pub is_number: bool,
}

impl From<String> for Loose {
    fn from(text: String) -> Self {
        Self { text, is_number: false }
    }
}

impl From<&str> for Loose {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl Loose {
    /// A number as it would have been sent.
    pub fn number(number: impl fmt::Display) -> Self {
        Self { text: number.to_string(), is_number: true }
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar;
        impl Visitor<'_> for Scalar {
            type Value = Loose;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a number")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Loose, E> {
                Ok(text.into())
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Loose, E> {
                Ok(text.into())
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Loose, E> {
                Ok(Loose::number(number))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Loose, E> {
                Ok(Loose::number(number))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Loose, E> {
                Ok(Loose::number(number))
            }
        }
        deserializer.deserialize_any(Scalar)
    }
}

/// A list, or one text that names its items. `null` is the empty list, as a merge patch has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum List<T> {
    /// Item by item.
    Items(Vec<T>),
    /// One text.
    Text(String),
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::Items(Vec::new())
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self::Items(items)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list, or one text with its items")
            }

            fn visit_unit<E: Error>(self) -> Result<List<T>, E> {
                Ok(List::default())
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<List<T>, E> {
                Ok(List::Text(text.to_owned()))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<List<T>, E> {
                Ok(List::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<List<T>, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(List::Items)
            }
        }
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

/// The items of a list that was sent as one text: at line ends and semicolons, or, where there are none of these, at commas
/// outside brackets. Marks before the items ("- ", "• ", "1. ") and a full stop behind the last are no part of them.
#[must_use]
pub fn split_list(text: &str) -> Vec<String> {
    let parts: Vec<String> = if text.contains(['\n', ';']) {
        text.split(['\n', '\r', ';']).map(str::to_owned).collect()
    } else {
        split_at_commas(text)
    };
    let items = parts.iter().map(|part| bare_item(part)).filter(|item| !item.is_empty());
    items.map(str::to_owned).collect()
}

fn split_at_commas(text: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0_usize);
    for c in text.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match parts.last_mut() {
            Some(part) if c != ',' || depth > 0 => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts
}

fn bare_item(part: &str) -> &str {
    let part = part.trim();
    let part = part.trim_start_matches(['-', '–', '•', '*', '+', '·']).trim_start();
    let unnumbered = part.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = unnumbered.len() < part.len();
    let part = match unnumbered.strip_prefix(['.', ')']) {
        Some(rest) if numbered && rest.starts_with(' ') => rest.trim_start(),
        _ => part,
    };
    part.strip_suffix('.').filter(|rest| !rest.ends_with('.')).unwrap_or(part)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_or_a_number_is_taken_and_nothing_else() {
        for (sent, text, is_number) in [
            (json!("12"), "12", false),
            (json!(12), "12", true),
            (json!(-3), "-3", true),
            (json!(404.0), "404", true),
            (json!(1.5), "1.5", true),
        ] {
            let read: Loose = serde_json::from_value(sent).unwrap();
            assert_eq!((read.text.as_str(), read.is_number), (text, is_number));
        }
        for sent in [json!(true), json!([]), json!({}), json!(null)] {
            assert!(serde_json::from_value::<Loose>(sent).is_err());
        }
    }

    #[test]
    fn a_list_is_items_or_text() {
        let read = |sent| serde_json::from_value::<List<String>>(sent);
        assert_eq!(read(json!(["a", "b"])).unwrap(), vec!["a".to_owned(), "b".to_owned()].into());
        assert_eq!(read(json!("a; b")).unwrap(), List::Text("a; b".to_owned()));
        assert_eq!(read(json!(null)).unwrap(), List::default());
        assert!(read(json!(7)).is_err() && read(json!([7])).is_err() && read(json!({})).is_err());
    }

    #[test]
    fn a_text_is_split_where_its_items_end() {
        for (text, items) in [
            ("Lâm sinh; Quản lý rừng", vec!["Lâm sinh", "Quản lý rừng"]),
            ("Lâm sinh\r\nQuản lý rừng, đất", vec!["Lâm sinh", "Quản lý rừng, đất"]),
            ("Lâm sinh, Quản lý rừng.", vec!["Lâm sinh", "Quản lý rừng"]),
            ("- Lâm sinh\n- Đất\n", vec!["Lâm sinh", "Đất"]),
            ("1. Lâm sinh; 2) Đất; 3G", vec!["Lâm sinh", "Đất", "3G"]),
            ("Cây thuốc (sâm, quế), nấm", vec!["Cây thuốc (sâm, quế)", "nấm"]),
            ("4.0", vec!["4.0"]),
            ("Lâm sinh", vec!["Lâm sinh"]),
            ("v.v..", vec!["v.v.."]),
            (" ; ,", vec![","]),
            ("", vec![]),
        ] {
            assert_eq!(split_list(text), items, "{text:?}");
        }
    }
}
