//! Holdfast in the browser: a video call that holds.
//!
//! docs/architecture.md is the map; docs/protocol.md says what goes over the wire.

pub mod config;
pub mod live;
pub mod media;
pub mod platform;
pub mod rtc;
pub mod session;
pub mod signaling;
pub mod text;
pub mod views;
pub mod wire;
