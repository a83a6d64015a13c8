//! HTTP: connections, and the answers to requests.

mod accept;
mod acme;
mod admin;
mod admission;
mod aside;
mod ice;
mod routes;
mod site;
pub(crate) mod tls;

pub(crate) use accept::{SPARE, accept};
pub use accept::{inherited, listen};
pub(crate) use acme::Order;
pub(crate) use admin::admin;
pub(crate) use aside::aside;
pub(crate) use ice::Ice;
pub(crate) use routes::Front;
pub(crate) use site::Site;
