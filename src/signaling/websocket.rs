//! Messages over a WebSocket to a signaling server, ours or the sample's.

use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::{FutureExt, SinkExt, StreamExt, select_biased};
use gloo_net::websocket::{Message as Frame, WebSocketError, futures::WebSocket};
use holdfast_protocol::{Message, SUBPROTOCOL};

use super::{Transport, TransportEvent};
use crate::{
    json::{decode, encode},
    task,
};

/// A connection to a server. Dropping it closes the socket.
#[derive(Debug)]
pub struct WebSocketLink {
    // Bounded by what a person does; the socket itself takes frames as fast as they come.
    outgoing: UnboundedSender<Message>,
}

impl WebSocketLink {
    /// Begins to connect.
    ///
    /// # Errors
    /// When the URL is none a WebSocket can have.
    pub fn open(url: &str, emit: impl Fn(TransportEvent) + 'static) -> Result<Self, String> {
        let socket = WebSocket::open_with_protocol(url, SUBPROTOCOL);
        let socket = socket.map_err(|error| error.to_string())?;
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
                            let _ = sink.close().await;
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
        Ok(Self { outgoing })
    }
}

impl Transport for WebSocketLink {
    fn send(&self, message: Message) {
        // The task ends only after it has said `Closed`, which makes an end of this link too.
        let _ = self.outgoing.unbounded_send(message);
    }
}
