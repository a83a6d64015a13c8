//! Which way messages take, and what follows from it.

use std::time::Duration;

use holdfast_link::Medium;

use crate::platform::location;

/// How long people may take to carry a code.
const BY_HAND: Duration = Duration::from_secs(30 * 60);

/// The URL of a server that gave us this page.
pub(super) fn beside_the_page() -> String {
    location::socket_beside_the_page("ws").unwrap_or_default()
}

/// Where signaling is, as config.json has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignalingServer {
    /// A WebSocket beside the page; if none answers and the page is local, the tabs of this browser.
    Auto,
    /// The tabs of this browser.
    Tabs,
    /// A WebSocket at this URL.
    Url(String),
}

/// The way that messages take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// A WebSocket at this URL.
    Server(String),
    /// The tabs of this browser.
    Tabs,
    /// Codes that people carry, to this person alone.
    Manual {
        /// The other end.
        peer: String,
    },
}

impl Route {
    /// The way that config.json asks for.
    #[must_use]
    pub fn to(server: &SignalingServer) -> Self {
        match server {
            SignalingServer::Auto => Self::Server(beside_the_page()),
            SignalingServer::Url(url) => Self::Server(url.clone()),
            SignalingServer::Tabs => Self::Tabs,
        }
    }

    /// The parts of a link over it.
    #[must_use]
    pub fn medium(&self) -> Medium {
        match self {
            Self::Server(_) => Medium::Network,
            Self::Tabs => Medium::Local,
            Self::Manual { .. } => Medium::Manual,
        }
    }

    /// The one person that it leads to, if it leads to nobody else. Such a way is for one call, is
    /// over with it or with the page, and the other end of it is one of ours.
    #[must_use]
    pub fn only_peer(&self) -> Option<&str> {
        match self {
            Self::Server(_) | Self::Tabs => None,
            Self::Manual { peer } => Some(peer),
        }
    }

    /// How long a call may wait for an answer and for a path, if longer than usual.
    #[must_use]
    pub fn patience(&self) -> Option<Duration> {
        matches!(self, Self::Manual { .. }).then_some(BY_HAND)
    }
}
