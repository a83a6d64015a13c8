//! Messages to text and back, by the browser's own JSON.

use holdfast_protocol::{ChannelMessage, Fields, JsonFields, JsonValue, ServerMessage};
use js_sys::{Array, Object, Reflect};
use wasm_bindgen::JsValue;

use crate::platform::{JsObject, parse, stringify};

impl Fields for JsObject {
    fn string(&self, field: &str) -> Option<String> {
        self.string(field)
    }

    fn number(&self, field: &str) -> Option<f64> {
        self.number(field)
    }

    fn object(&self, field: &str) -> Option<Self> {
        self.object(field)
    }

    fn strings(&self, field: &str) -> Option<Vec<String>> {
        self.strings(field)
    }
}

/// Writes a message.
#[must_use]
pub fn encode(message: &dyn JsonFields) -> String {
    stringify(&object(message))
}

fn object(fields: &dyn JsonFields) -> JsValue {
    let object = Object::new();
    fields.each(&mut |name, value| {
        let value = match value {
            JsonValue::Text(text) => text.into(),
            JsonValue::Number(number) => number.into(),
            JsonValue::Texts(texts) => {
                let list = Array::new();
                for text in texts {
                    list.push(&text.into());
                }
                list.into()
            }
            JsonValue::Object(fields) => self::object(fields),
        };
        // Setting a property of a plain object cannot fail.
        let _ = Reflect::set(&object, &name.into(), &value);
    });
    object.into()
}

/// Reads a message of a server.
///
/// # Errors
/// The fault in the text, for whoever reads the log.
pub fn decode(text: &str) -> Result<ServerMessage, String> {
    let json = parse(text).ok_or_else(|| "not JSON".to_owned())?;
    ServerMessage::read(&json).map_err(|error| error.to_string())
}

/// Reads what came over a data channel; none if it is no message of a call.
#[must_use]
pub fn decode_channel(text: &str) -> Option<ChannelMessage> {
    ChannelMessage::read(&parse(text)?).ok()?
}
