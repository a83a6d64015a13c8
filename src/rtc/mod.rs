//! Typed handles over the browser's WebRTC.

mod certificate;
mod channel;
mod configuration;
mod decoded;
mod listeners;
mod network;
mod other_network;
mod peer;
mod peer_connection;
mod quality;
mod realm;
mod stats;
mod warm;

pub use certificate::Certificate;
pub use channel::MAX_CHANNELS;
pub use configuration::{Configuration, FieldError, Wanted};
pub use decoded::Decoded;
pub use listeners::PeerEvent;
pub use network::{on_network_change, saves};
pub use other_network::{Pinned, addresses, is_known, is_other, is_same, without_candidates};
pub use peer::{Peer, PeerState};
pub use peer_connection::PeerConnection;
pub use quality::{Cause, Grade, Quality, Report, Room};
pub use stats::Traffic;
pub use warm::{played, send_pictures};
