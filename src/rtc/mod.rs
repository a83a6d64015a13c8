//! Typed handles over the browser's WebRTC.

pub mod bindings;
mod error;
mod media;
mod peer;

pub use error::DomError;
pub use media::{Choice, Device, MediaError, Source, acquire, devices};
pub use peer::{Peer, PeerEvent, PeerState};
