//! A WebSocket that takes no more memory than it needs.

use std::task::{Context, Poll};

use futures_util::{FutureExt, SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tungstenite::{
    Error, Message,
    protocol::{CloseFrame, Role, WebSocketConfig},
};

use crate::{limits::MAX_FRAME_BYTES, meter::Received};

/// Each connection holds as much, also when it is idle: most messages are shorter. tungstenite's
/// default is 128 KiB.
const READ_BUFFER_BYTES: usize = 1024;

/// What may be around one message: the heads of a few frames, and a byte for so many of the message, where it
/// is in many.
const AROUND_MESSAGE: usize = 64;
const AROUND_BYTES: usize = 4;

type Io = TokioIo<Upgraded>;

/// A WebSocket.
pub(crate) struct Socket {
    /// There is always one, but for the moment in which another takes its place.
    stream: Option<WebSocketStream<Io>>,
    received: Received,
    /// How many bytes have come more than are in messages, each in one frame: none of them waits to be
    /// read if it is 0. Nothing if that cannot be known, because some came before it was allowed.
    unread: Option<usize>,
    /// The same, where messages may be in several frames.
    aside: usize,
    /// How much is on its way out.
    leaving: usize,
    /// Its buffers have become large.
    has_grown: bool,
}

impl Socket {
    pub(super) fn new(io: Io, received: Received) -> Self {
        // The request is no part of it.
        received.take();
        Self {
            stream: around(io),
            received,
            unread: Some(0),
            aside: 0,
            leaving: 0,
            has_grown: false,
        }
    }

    /// The next message that has come, or the end.
    pub(super) fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Message, Error>>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(None);
        };
        let next = stream.poll_next_unpin(context);
        let came = self.received.take();
        self.unread = self.unread.map(|unread| unread + came);
        self.aside += came;
        if let Poll::Ready(Some(Ok(message))) = &next {
            let bytes = message.len();
            let unread = self.unread.take();
            self.unread = unread.and_then(|unread| unread.checked_sub(bytes + head(bytes)));
            let around = bytes / AROUND_BYTES + AROUND_MESSAGE;
            self.aside = self.aside.saturating_sub(bytes + around);
            self.has_grown |= bytes > READ_BUFFER_BYTES;
        }
        next
    }

    /// How many bytes have come that are part of no message yet, or of none at all.
    pub(super) fn aside(&self) -> usize {
        self.aside
    }

    /// Takes a message to be sent.
    ///
    /// # Errors
    /// When it cannot be sent any more.
    pub(super) fn start_send(&mut self, message: Message) -> Result<(), Error> {
        self.leaving += message.len();
        self.has_grown |= self.leaving > READ_BUFFER_BYTES;
        self.stream()
            .ok_or(Error::AlreadyClosed)?
            .start_send_unpin(message)
    }

    /// Whether the next message may be taken.
    pub(super) fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.stream() {
            Some(stream) => stream.poll_ready_unpin(context),
            None => Poll::Ready(Err(Error::AlreadyClosed)),
        }
    }

    /// Whether everything has left.
    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(Err(Error::AlreadyClosed));
        };
        let flushed = stream.poll_flush_unpin(context);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.leaving = 0;
        }
        flushed
    }

    /// Says why it is closed, or answers the other side that has closed it.
    ///
    /// # Errors
    /// When it does not get through.
    pub(super) async fn close(&mut self, frame: Option<CloseFrame>) -> Result<(), Error> {
        let stream = self.stream().ok_or(Error::AlreadyClosed)?;
        // Nothing more can be said to who has closed it, but the answer to that waits to be sent.
        let _ = stream.send(Message::Close(frame)).await;
        SinkExt::close(stream).await
    }

    /// Lets large buffers go, if there is nothing in them. tungstenite never makes its own smaller: one with
    /// small ones takes its place.
    pub(super) fn slim(&mut self, context: &mut Context<'_>) {
        let may_go = self.has_grown && self.unread == Some(0);
        // An answer to a ping may wait in it that nobody has put there.
        if may_go && matches!(self.poll_flush(context), Poll::Ready(Ok(()))) {
            let io = self.stream.take().map(WebSocketStream::into_inner);
            self.stream = io.and_then(around);
            self.has_grown = false;
        }
    }

    fn stream(&mut self) -> Option<&mut WebSocketStream<Io>> {
        self.stream.as_mut()
    }
}

fn around(io: Io) -> Option<WebSocketStream<Io>> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_FRAME_BYTES))
        .max_frame_size(Some(MAX_FRAME_BYTES))
        .read_buffer_size(READ_BUFFER_BYTES);
    // It waits for nothing.
    WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).now_or_never()
}

/// The bytes before so many in a client's frame (RFC 6455, 5.2).
fn head(bytes: usize) -> usize {
    match bytes {
        0..126 => 6,
        126..65_536 => 8,
        _ => 14,
    }
}
