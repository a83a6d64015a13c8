//! State that every part of a running server shares.

use std::sync::{Arc, atomic::AtomicBool};

use tokio::sync::watch;

use crate::{
    hub::Shards,
    limits::{Bans, ConnectionLimits},
    metrics::Metrics,
    options::Options,
    pass::Passes,
    reach::Reach,
};

/// A running server.
#[derive(Clone)]
pub(crate) struct Server(Arc<Parts>);

/// The parts of a server, but for what speaks HTTP.
pub(crate) struct Parts {
    pub(crate) options: Options,
    pub(crate) hub: Shards,
    pub(crate) limits: Arc<ConnectionLimits>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) passes: Arc<Option<Passes>>,
    pub(crate) nats: Reach,
    pub(crate) bans: Bans,
    /// Nobody is to be sent here any more.
    pub(crate) draining: AtomicBool,
    /// Each connection holds a receiver; when the last one is gone, all have closed.
    pub(crate) stopping: watch::Sender<bool>,
}

impl Server {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for Server {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
