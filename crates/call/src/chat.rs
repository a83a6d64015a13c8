//! Text chat between the two sides of a call: over its data channels alone, kept until it has come.

use holdfast_protocol::{ChannelMessage, Sequence};

/// One side's chat.
#[derive(Debug, Default)]
pub(crate) struct Chat {
    log: Sequence<String>,
}

impl Chat {
    /// The person writes: what goes over every open channel.
    pub(crate) fn send(&mut self, text: String) -> ChannelMessage {
        let nth = self.log.sent_count();
        self.log.sent(text.clone());
        ChannelMessage::Text { nth, text }
    }

    /// What goes over a channel that has just opened: how much has come, and what has not.
    pub(crate) fn again(&self) -> Vec<ChannelMessage> {
        let unacked = u32::try_from(self.log.unacked_count()).unwrap_or(u32::MAX);
        let first = self.log.sent_count().wrapping_sub(unacked);
        let texts = self.log.unacked().cloned();
        let texts = (first..)
            .zip(texts)
            .map(|(nth, text)| ChannelMessage::Text { nth, text });
        [self.ack()].into_iter().chain(texts).collect()
    }

    /// How much has come.
    pub(crate) fn ack(&self) -> ChannelMessage {
        ChannelMessage::Ack {
            acked: self.log.received_count(),
        }
    }

    /// A text has come; gives whether it is new. It may come over two channels, or twice over one.
    pub(crate) fn received(&mut self, nth: u32) -> bool {
        let is_new = nth == self.log.received_count();
        if is_new {
            self.log.received();
        }
        is_new
    }

    /// So many of our texts have come there.
    pub(crate) fn acked(&mut self, acked: u32) {
        self.log.acked(acked, drop);
    }

    /// The other side's page was loaded anew: counts begin again, with what that page has not been
    /// told.
    pub(crate) fn restart(&mut self) {
        let waiting = std::mem::take(&mut self.log).into_unacked();
        waiting.into_iter().for_each(|text| self.log.sent(text));
    }
}
