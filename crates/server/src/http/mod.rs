//! HTTP: connections, and the answers to requests.

mod accept;
mod admission;
mod ice;
mod routes;
mod site;
pub(crate) mod tls;

pub use accept::listen;
pub(crate) use accept::{SPARE, accept};
pub(crate) use ice::Ice;
pub(crate) use routes::Front;
pub(crate) use site::Site;
