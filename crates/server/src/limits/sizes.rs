//! The largest of everything that clients send; a message to one person has
//! [`MAX_MESSAGE_BYTES`](holdfast_protocol::MAX_MESSAGE_BYTES).

/// The largest frame. A client that sends a larger one is cut off, where one that sends a message
/// larger than [`MAX_MESSAGE_BYTES`](holdfast_protocol::MAX_MESSAGE_BYTES) is only refused.
pub(crate) const MAX_FRAME_BYTES: usize = 256 * 1024;

/// The largest message to everybody: some pages of text. And how much of it to all of them: what is
/// written once must not make the server send gigabytes.
pub(crate) const MAX_BYTES_TO_ALL: usize = 16 * 1024;
pub(crate) const MAX_BYTES_IN_ALL: usize = 4 * 1024 * 1024;

/// How many candidates may follow one description.
pub(crate) const MAX_CANDIDATES: u16 = 256;

/// The longest name of a room, in characters.
pub(crate) const MAX_ROOM_CHARS: usize = 64;
