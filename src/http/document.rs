//! A JSON document of a caller, with what no form has to look for by itself: NUL characters, members sent twice, and
//! personal data that nothing here holds.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::body::malformed;
use super::serde_fault::escape;
use crate::kernel::not_held;
use crate::kernel::problem::{Answer, FieldError, Say};
use crate::say;

/// Most places that are named.
const MAX_FAULTS: usize = 20;

/// Reads a document and the faults that stand in it whatever it is a form of.
///
/// # Errors
/// 400 when it is no JSON, also when it is nested deeper than 128 levels.
pub fn document(bytes: &[u8]) -> Answer<(Value, Vec<FieldError>)> {
    let mut reading = Reading::default();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Node(&mut reading).deserialize(&mut deserializer).map_err(|error| malformed(&error))?;
    deserializer.end().map_err(|error| malformed(&error))?;
    Ok((value, reading.faults))
}

enum Step {
    Member(String),
    Item(usize),
}

/// Where in the document the reader is. The pointer is written only where a fault is found, so that a large document costs
/// no more than its size.
#[derive(Default)]
struct Reading {
    at: Vec<Step>,
    faults: Vec<FieldError>,
}

impl Reading {
    fn fault(&mut self, code: &'static str, detail: Say) {
        if self.faults.len() >= MAX_FAULTS {
            return;
        }
        let steps = self.at.iter().map(|step| match step {
            Step::Member(name) => format!("/{}", escape(name)),
            Step::Item(index) => format!("/{index}"),
        });
        let pointer: String = steps.collect();
        self.faults.push(FieldError::new(pointer, code, detail));
    }

    /// PostgreSQL keeps no NUL in text.
    fn text(&mut self, text: String) -> Value {
        if text.contains('\0') {
            self.fault("nul_character", say!("Bỏ ký tự NUL (U+0000).", "Remove the NUL character (U+0000)."));
        }
        Value::String(text)
    }
}

/// One value of the document.
struct Node<'r>(&'r mut Reading);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(self.0.text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(self.0.text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        self.0.at.push(Step::Item(0));
        while let Some(item) = items.next_element_seed(Node(self.0))? {
            list.push(item);
            if let Some(Step::Item(index)) = self.0.at.last_mut() {
                *index += 1;
            }
        }
        self.0.at.pop();
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let is_second = object.contains_key(&name);
            self.0.at.push(Step::Member(name));
            let value = members.next_value_seed(Node(self.0))?;
            if is_second {
                let detail = say!("Trường này gửi hai lần; chỉ giữ một.", "This member is sent twice; keep one.");
                self.0.fault("duplicate_member", detail);
            }
            if let Some(Step::Member(name)) = self.0.at.pop() {
                if !value.is_null() && not_held::is_not_held(&name) {
                    self.0.at.push(Step::Member(name.clone()));
                    self.0.fault("not_held", not_held::detail());
                    self.0.at.pop();
                }
                object.insert(name, value);
            }
        }
        Ok(Value::Object(object))
    }
}
