//! How messages get to the others: one trait, one file a transport, and what drives the link.

mod driver;
pub mod manual;
mod reachability;
mod route;
mod tabs;
mod transport;
mod websocket;

pub use driver::{LinkView, Signaling, SignalingEvent, SignalingNews};
pub use route::{Route, SignalingServer};
pub use transport::{Transport, TransportEvent};
