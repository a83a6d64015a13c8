//! How people are, and how they learn of each other.

/// Whether somebody can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Free,
    Busy,
    /// In no call, and the link to the server is lost.
    Away,
}

/// How a client learns who is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PresenceFeed {
    /// A client of the sample: by whole lists.
    Lists,
    /// By changes, but first of all by everything.
    Snapshot,
    /// By changes.
    Changes,
    /// From another server.
    Remote,
}
