//! Holdfast in the browser: a video call that holds.
//!
//! docs/protocol.md says what goes over the wire; README.md draws the way through these rooms.

pub mod address;
pub mod app;
pub mod config;
pub mod json;
pub mod rtc;
pub mod session;
pub mod signaling;
mod task;
mod views;
pub mod words;
