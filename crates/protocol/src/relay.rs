//! A message in the hands of a server: its fields as they came, read only where routing needs it.

use std::{borrow::Cow, fmt};

use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::kind::Kind;

/// Looking for a field is linear; this bounds it.
const MAX_FIELDS: usize = 64;

/// A JSON object whose values stay the text they arrived as.
///
/// Fields that the server does not know pass through to the letter, in their order.
#[derive(Debug)]
pub struct Relay<'a> {
    fields: Vec<(Cow<'a, str>, Cow<'a, RawValue>)>,
}

/// Text that is not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// Not JSON, or not an object.
    #[error("this is not a JSON object: {0}")]
    NotAnObject(String),
    /// The object has no `type`, or one that is not a string, or is empty.
    #[error("every message needs a `type`, a string that is not empty")]
    NoType,
}

impl<'a> Relay<'a> {
    /// Reads a frame. Of a field given twice, the last counts, as in a browser's `JSON.parse`.
    pub fn parse(text: &'a str) -> Result<Self, RelayError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let relay = reader
            .deserialize_map(Fields)
            .and_then(|relay| reader.end().map(|()| relay))
            .map_err(|error| RelayError::NotAnObject(error.to_string()))?;
        match relay.string("type") {
            Some(kind) if !kind.is_empty() => Ok(relay),
            Some(_) | None => Err(RelayError::NoType),
        }
    }

    /// The `type`.
    #[must_use]
    pub fn kind(&self) -> Cow<'a, str> {
        self.string("type").unwrap_or_default()
    }

    /// The `type`, if this version knows it.
    #[must_use]
    pub fn known_kind(&self) -> Option<Kind> {
        Kind::from_wire(&self.kind())
    }

    /// A field's value, if it is a string.
    #[must_use]
    pub fn string(&self, field: &str) -> Option<Cow<'a, str>> {
        let (_, value) = self.fields.iter().find(|(name, _)| name == field)?;
        match value {
            Cow::Borrowed(raw) => plain(raw.get()),
            Cow::Owned(raw) => plain(raw.get()).map(|text| Cow::Owned(text.into_owned())),
        }
    }

    /// Whether the field is there and says something.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|(name, value)| name == field && value.get() != "null")
    }

    /// A field's value, if it is a whole number from 0 to 2³² − 1.
    #[must_use]
    pub fn number(&self, field: &str) -> Option<u32> {
        let (_, value) = self.fields.iter().find(|(name, _)| name == field)?;
        serde_json::from_str(value.get()).ok()
    }

    /// Puts a string in place of whatever the field held.
    pub fn set(&mut self, field: &'static str, value: &str) {
        self.remove(field);
        if let Ok(raw) = serde_json::value::to_raw_value(value) {
            self.fields.push((Cow::Borrowed(field), Cow::Owned(raw)));
        }
    }

    /// Takes a field out.
    pub fn remove(&mut self, field: &str) {
        self.fields.retain(|(name, _)| name != field);
    }

    /// The message as it goes on.
    #[must_use]
    pub fn to_text(&self) -> String {
        let fields = self.fields.iter();
        let length = fields.map(|(name, value)| name.len() + value.get().len() + 4);
        let mut text = String::with_capacity(length.sum::<usize>() + 2);
        text.push('{');
        for (name, value) in &self.fields {
            if text.len() > 1 {
                text.push(',');
            }
            match name {
                // As it came, so it has no need of escapes.
                Cow::Borrowed(name) => text.extend(["\"", name, "\""]),
                // Writing a string to a String cannot fail.
                Cow::Owned(name) => text += &serde_json::to_string(name).unwrap_or_default(),
            }
            text.push(':');
            text.push_str(value.get());
        }
        text.push('}');
        text
    }
}

/// The value of a JSON string; most hold no escapes.
fn plain(json: &str) -> Option<Cow<'_, str>> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    match inside.contains('\\') {
        true => serde_json::from_str(json).ok().map(Cow::Owned),
        false => Some(Cow::Borrowed(inside)),
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Relay<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut relay = Relay { fields: Vec::new() };
        while let Some((name, value)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
            relay.remove(&name);
            if relay.fields.len() == MAX_FIELDS {
                return Err(A::Error::custom(format_args!(
                    "a message has at most {MAX_FIELDS} fields"
                )));
            }
            relay.fields.push((name, Cow::Borrowed(value)));
        }
        Ok(relay)
    }
}
