//! Messages over a WebSocket to a signaling server, ours or the sample's.

use std::{cell::Cell, rc::Rc};

use futures_util::StreamExt;
use gloo_net::websocket::{Message as Frame, WebSocketError, futures::WebSocket};
use holdfast_protocol::{ClientMessage, SESSION_SUBPROTOCOL, SUBPROTOCOL};
use js_sys::Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use super::transport::{Transport, TransportEvent};
use crate::{
    platform::{DomError, bindings::DecompressionStream, task},
    wire::{decode, encode},
};

/// The close code of a connection whose session goes on over another (RFC 6455, 7.4.2).
const MOVED: u16 = 4001;

/// A connection to a server. Dropping it closes the socket, but not the session.
#[derive(Debug)]
pub(super) struct WebSocketTransport {
    socket: web_sys::WebSocket,
    /// Messages are for nobody any more.
    dropped: Rc<Cell<bool>>,
}

impl WebSocketTransport {
    /// Begins to connect.
    ///
    /// # Errors
    /// When the URL is none a WebSocket can have.
    pub(super) fn open(url: &str, emit: impl Fn(TransportEvent) + 'static) -> Result<Self, String> {
        let protocols = Array::of2(&SESSION_SUBPROTOCOL.into(), &SUBPROTOCOL.into());
        let socket = web_sys::WebSocket::new_with_str_sequence(url, &protocols);
        let socket = socket.map_err(|error| DomError::from(error).to_string())?;
        let mut stream = WebSocket::try_from(socket.clone()).map_err(|error| error.to_string())?;
        let dropped = Rc::new(Cell::new(false));
        let deaf = dropped.clone();
        task::spawn(async move {
            let mut opened = false;
            let mut reason = String::new();
            while let Some(frame) = stream.next().await {
                if deaf.get() {
                    return;
                }
                match frame {
                    Ok(frame) => {
                        opened = true;
                        emit(read(frame).await);
                    }
                    Err(WebSocketError::ConnectionClose(close)) => {
                        reason = close.reason;
                        break;
                    }
                    Err(_) => {}
                }
            }
            if !deaf.get() {
                emit(TransportEvent::Closed { opened, reason });
            }
        });
        Ok(Self { socket, dropped })
    }
}

async fn read(frame: Frame) -> TransportEvent {
    let text = match frame {
        Frame::Text(text) => text,
        Frame::Bytes(packed) => inflate(packed).await.unwrap_or_default(),
    };
    match decode(&text) {
        Ok(message) => TransportEvent::Received(message),
        Err(why) => TransportEvent::Unreadable(why),
    }
}

/// Text that was compressed (RFC 1951).
async fn inflate(mut packed: Vec<u8>) -> Result<String, JsValue> {
    let inflater = DecompressionStream::new("deflate-raw")?;
    let packed = Response::new_with_opt_u8_array(Some(&mut packed))?.body();
    let stream = packed.ok_or(JsValue::NULL)?.pipe_through(&inflater);
    let text = Response::new_with_opt_readable_stream(Some(&stream))?.text()?;
    let text = JsFuture::from(text).await?;
    Ok(text.as_string().unwrap_or_default())
}

impl Transport for WebSocketTransport {
    fn send(&self, message: ClientMessage) {
        // Nothing is sent before the server has spoken, so the socket is open, or closing; then the
        // stream tells of it.
        let _ = self.socket.send_with_str(&encode(&message));
    }

    fn leave(&self) {
        // At once, not in a task: Firefox 153 runs none for a page that is going.
        let _ = self.socket.close_with_code(1000);
    }
}

impl Drop for WebSocketTransport {
    fn drop(&mut self) {
        self.dropped.set(true);
        // Without effect after `leave`.
        let _ = self.socket.close_with_code(MOVED);
    }
}
