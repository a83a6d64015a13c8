//! The ways for messages, as far as a link must know them.

/// The way that a link's messages take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// A network: connections hang, break, and are made anew.
    Network,
    /// This one machine: a connection lasts as long as the link.
    Local,
    /// People who carry messages by hand: a connection lasts, and answers when they do.
    Manual,
}
