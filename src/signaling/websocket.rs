//! Messages over a WebSocket to a signaling server, ours or the sample's.

use std::{cell::Cell, rc::Rc};

use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::{FutureExt, SinkExt, StreamExt, select_biased};
use gloo_net::websocket::{Message as Frame, WebSocketError, futures::WebSocket};
use holdfast_protocol::{Message, SESSION_SUBPROTOCOL, SUBPROTOCOL};
use js_sys::Array;

use super::{Transport, TransportEvent};
use crate::{
    json::{decode, encode},
    rtc::DomError,
    task,
};

/// The close code of a connection whose session goes on over another (RFC 6455, 7.4.2).
const MOVED: u16 = 4001;

/// A connection to a server. Dropping it closes the socket, but not the session.
#[derive(Debug)]
pub struct WebSocketLink {
    socket: web_sys::WebSocket,
    /// Nobody will come back: what is queued is sent, and then that.
    left: Rc<Cell<bool>>,
    // Bounded by what a person does; the socket itself takes frames as fast as they come.
    outgoing: UnboundedSender<Message>,
}

impl WebSocketLink {
    /// Begins to connect.
    ///
    /// # Errors
    /// When the URL is none a WebSocket can have.
    pub fn open(url: &str, emit: impl Fn(TransportEvent) + 'static) -> Result<Self, String> {
        let protocols = Array::of2(&SESSION_SUBPROTOCOL.into(), &SUBPROTOCOL.into());
        let native = web_sys::WebSocket::new_with_str_sequence(url, &protocols);
        let native = native.map_err(|error| DomError::from(error).to_string())?;
        let socket = WebSocket::try_from(native.clone()).map_err(|error| error.to_string())?;
        let own = native.clone();
        let left = Rc::new(Cell::new(false));
        let leaving = left.clone();
        let (outgoing, mut waiting) = unbounded::<Message>();
        task::spawn(async move {
            let (mut sink, mut stream) = socket.split();
            let mut opened = false;
            let reason = loop {
                select_biased! {
                    message = waiting.next().fuse() => match message {
                        Some(message) => {
                            // A frame that cannot be sent means a close, which the stream tells.
                            let _ = sink.send(Frame::Text(encode(&message))).await;
                        }
                        None => {
                            if leaving.get() {
                                // 1000 needs no reason, and an open socket none to be closed.
                                let _ = native.close_with_code(1000);
                            }
                            return;
                        }
                    },
                    frame = stream.next().fuse() => match frame {
                        Some(Ok(Frame::Text(text))) => {
                            opened = true;
                            emit(match decode(&text) {
                                Ok(message) => TransportEvent::Received(message),
                                Err(why) => TransportEvent::Unreadable(why),
                            });
                        }
                        Some(Ok(Frame::Bytes(_))) => {
                            emit(TransportEvent::Unreadable("a binary frame".into()));
                        }
                        Some(Err(WebSocketError::ConnectionClose(close))) => break close.reason,
                        Some(Err(_)) => {}
                        None => break String::new(),
                    },
                }
            };
            emit(TransportEvent::Closed { opened, reason });
        });
        Ok(Self {
            socket: own,
            left,
            outgoing,
        })
    }
}

impl Transport for WebSocketLink {
    fn send(&self, message: Message) {
        // The task ends only after it has said `Closed`, which makes an end of this link too.
        let _ = self.outgoing.unbounded_send(message);
    }

    fn leave(&self) {
        self.left.set(true);
    }
}

impl Drop for WebSocketLink {
    fn drop(&mut self) {
        if !self.left.get() {
            let _ = self.socket.close_with_code(MOVED);
        }
    }
}
