//! Typed handles over the browser's WebRTC.

pub mod bindings;
mod error;
mod first_frame;
mod media;
mod network;
mod peer;
mod realm;

pub use error::DomError;
pub use first_frame::FirstFrame;
pub use media::{Choice, Device, MediaError, Source, acquire, devices};
pub use network::on_network_change;
pub use peer::{Peer, PeerEvent, PeerState, generate_certificate};
