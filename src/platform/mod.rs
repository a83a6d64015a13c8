//! The browser, less WebRTC: nothing here knows what Holdfast is.

pub mod alert;
pub mod base64;
pub mod bindings;
pub mod clipboard;
pub mod clock;
pub mod database;
mod error;
pub mod http;
mod json;
pub mod locale;
pub mod location;
pub mod lock;
pub mod random;
pub mod storage;
pub mod task;
pub mod visibility;

pub use error::DomError;
pub use json::{JsObject, parse, property, stringify};
