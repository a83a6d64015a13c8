//! Shares of what waits for one receiver: whoever sends much fills their own share, and nobody
//! else's; and the receiver does not pay for it.

/// How much may wait for a receiver.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

/// The part of it that one sender may take up who is not in a call with the receiver, and the part
/// that all of those may.
const STRANGER: usize = 8;
const STRANGERS: usize = 2;

/// A sender, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sender {
    pub(crate) key: u64,
    /// In a call with the receiver.
    pub(crate) is_partner: bool,
}

/// No room is left for that sender's messages.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// What waits for one receiver, by sender.
#[derive(Debug, Default)]
pub(crate) struct Shares(Vec<Share>);

#[derive(Debug)]
struct Share {
    of: Sender,
    messages: usize,
    bytes: usize,
}

impl Shares {
    /// Takes up room for a message.
    pub(crate) fn take(&mut self, sender: Sender, bytes: usize, room: Room) -> Result<(), Full> {
        let fits = |of: &dyn Fn(&Share) -> bool, part: usize| {
            let shares = self.0.iter().filter(|share| of(share));
            let (messages, waiting) = shares.fold((1, bytes), |(messages, bytes), share| {
                (messages + share.messages, bytes + share.bytes)
            });
            messages <= room.messages / part && waiting <= room.bytes / part
        };
        let has_room = match sender.is_partner {
            true => fits(&|_| true, 1),
            false => {
                fits(&|share| share.of == sender, STRANGER)
                    && fits(&|share| !share.of.is_partner, STRANGERS)
            }
        };
        if !has_room {
            return Err(Full);
        }
        match self.0.iter_mut().find(|share| share.of == sender) {
            Some(share) => {
                share.messages += 1;
                share.bytes += bytes;
            }
            None => self.0.push(Share {
                of: sender,
                messages: 1,
                bytes,
            }),
        }
        Ok(())
    }

    /// A message of that sender waits no more.
    pub(crate) fn give_back(&mut self, sender: Sender, bytes: usize) {
        let Some(place) = self.0.iter().position(|share| share.of == sender) else {
            return;
        };
        let share = &mut self.0[place];
        share.messages -= 1;
        share.bytes -= bytes;
        if share.messages == 0 {
            self.0.swap_remove(place);
        }
        if self.0.is_empty() {
            // Most receivers are idle, and need no memory for it.
            self.0 = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room {
        messages: 80,
        bytes: 8000,
    };

    fn sender(key: u64, is_partner: bool) -> Sender {
        Sender { key, is_partner }
    }

    /// How many messages of that size are taken.
    fn taken(shares: &mut Shares, sender: Sender, bytes: usize) -> usize {
        (0..1000)
            .take_while(|_| shares.take(sender, bytes, ROOM).is_ok())
            .count()
    }

    #[test]
    fn a_stranger_takes_an_eighth_whatever_the_size() {
        assert_eq!(taken(&mut Shares::default(), sender(1, false), 0), 10);
        assert_eq!(taken(&mut Shares::default(), sender(1, false), 500), 2);
        assert_eq!(taken(&mut Shares::default(), sender(1, true), 500), 16);
    }

    #[test]
    fn strangers_take_half_and_the_other_side_of_a_call_still_gets_through() {
        let mut shares = Shares::default();
        let all: usize = (0..100)
            .map(|key| taken(&mut shares, sender(key, false), 0))
            .sum();
        assert_eq!(all, 40);
        assert_eq!(taken(&mut shares, sender(200, true), 0), 40);
    }

    #[test]
    fn what_has_left_makes_room() {
        let mut shares = Shares::default();
        let one = sender(1, false);
        assert_eq!(taken(&mut shares, one, 500), 2);
        shares.give_back(one, 500);
        assert_eq!(taken(&mut shares, one, 500), 1);
        shares.give_back(one, 500);
        shares.give_back(one, 500);
        assert!(shares.0.is_empty());
        shares.give_back(one, 500);
    }
}
