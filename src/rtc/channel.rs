//! The data channels of a connection.

use std::{cell::RefCell, rc::Rc};

use gloo_events::EventListener;
use holdfast_protocol::MAX_MESSAGE_BYTES;
use wasm_bindgen::JsCast;
use web_sys::{MessageEvent, RtcDataChannel};

/// One of each side's, when both have made an offer; more is not meant well.
pub const MAX_CHANNELS: usize = 2;

/// The most that waits in a channel that does not get through, bytes.
const MAX_BUFFERED: u32 = 256 * 1024;

/// The label of ours.
pub(super) const LABEL: &str = "holdfast";

/// News of a channel.
pub(super) enum ChannelEvent {
    Open,
    Message(String),
}

/// A channel, and what listens to it.
type Listened = (RtcDataChannel, [EventListener; 2]);

/// The data channels of a connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Channels(Rc<RefCell<Vec<Listened>>>);

impl Channels {
    /// Takes a channel in; `emit` is told its news.
    pub(super) fn add(&self, channel: RtcDataChannel, emit: Rc<dyn Fn(ChannelEvent)>) {
        if self.0.borrow().len() == MAX_CHANNELS {
            return channel.close();
        }
        let opened = emit.clone();
        let open = EventListener::new(&channel, "open", move |_| opened(ChannelEvent::Open));
        let message = EventListener::new(&channel, "message", move |event| {
            let event: &MessageEvent = event.unchecked_ref();
            let text = event.data().as_string();
            if let Some(text) = text.filter(|text| text.len() <= MAX_MESSAGE_BYTES) {
                emit(ChannelEvent::Message(text));
            }
        });
        self.0.borrow_mut().push((channel, [open, message]));
    }

    /// Sends text over every channel that is open.
    pub(super) fn send(&self, text: &str) {
        for (channel, _) in self.0.borrow().iter() {
            if channel.buffered_amount() < MAX_BUFFERED {
                // One that is not open refuses.
                let _ = channel.send_with_str(text);
            }
        }
    }

    /// Listens no more.
    pub(super) fn clear(&self) {
        self.0.borrow_mut().clear();
    }
}
