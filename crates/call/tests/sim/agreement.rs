//! What holds when everything has come to rest.

use holdfast_call::{CallState, Carries};
use holdfast_jsep::SignalingState;
use holdfast_protocol::SignalBody;

use super::{NAMES, Sim, eve};

impl Sim {
    /// Both sides agree: no call and nothing held, or the same call with negotiation at rest, on
    /// one leg that carries.
    pub(crate) fn assert_agreement(&self) {
        let [ann, bob] = &self.ends;
        // Of two tokens, when both had called, one side may not have heard of the other's.
        assert_eq!(
            ann.endpoint.id().is_some(),
            bob.endpoint.id().is_some(),
            "Ann: {:?}, Bob: {:?}",
            ann.endpoint.view(),
            bob.endpoint.view()
        );
        for (side, end) in self.ends.iter().enumerate() {
            let in_order = end.read.is_sorted_by(|one, next| one < next);
            assert!(in_order, "{} reads {:?}", NAMES[side], end.read);
            let view = end.endpoint.view();
            match &end.legs[..] {
                [] => {
                    assert_eq!(view.state, CallState::Idle);
                    assert!(!end.has_media, "camera and microphone are still on");
                    assert_eq!(
                        end.endpoint.poll_timeout(),
                        None,
                        "a timer is still running"
                    );
                }
                [leg] => {
                    assert!(
                        matches!(view.state, CallState::Connected { .. }),
                        "{view:?}"
                    );
                    assert_eq!(leg.pc.signaling_state(), SignalingState::Stable);
                    assert!(!leg.operating);
                    assert_eq!(end.used, Some(leg.id), "another leg is shown");
                    assert_eq!(end.played, Some(leg.id), "another leg is heard");
                    assert_eq!(leg.carries, Carries::All, "no pictures are sent");
                }
                [one, other] if self.network.has_two_ways() => {
                    let shown = end.legs.iter().find(|leg| Some(leg.id) == end.used);
                    let shown = shown.expect("a leg that is there is shown");
                    assert_eq!(end.used, end.played, "one leg is shown, another heard");
                    assert!(self.carries(side, shown.serial), "what is shown is dead");
                    assert!(!one.operating && !other.operating);
                    let there = &self.ends[1 - side].legs;
                    let sends = there.iter().find(|leg| Some(leg.id) == end.used);
                    let sends = sends.expect("a leg has two ends").carries;
                    assert_eq!(sends, Carries::All, "no picture comes where it is shown");
                }
                _ => panic!("two legs are left"),
            }
        }
        for leg in &ann.legs {
            let theirs = bob.legs.iter().find(|theirs| theirs.id == leg.id);
            let theirs = theirs.expect("the two have not the same legs");
            let swapped = theirs.pc.settled().map(|(local, remote)| (remote, local));
            assert_eq!(
                leg.pc.settled(),
                swapped,
                "the two have not settled on the same offer"
            );
        }
    }

    /// Somebody else was given nothing of the call, whatever name they had: only that somebody looks
    /// for the other side, and answers to calls of their own.
    pub(crate) fn assert_eve_has_nothing(&self) {
        for signal in &self.eve.received {
            let is_nothing = match signal.body {
                SignalBody::Here { .. } | SignalBody::HangUp(_) => true,
                SignalBody::Ringing => {
                    let token = signal.tag.as_ref().map(|tag| &tag.call);
                    token.is_some_and(|token| token.page.starts_with(eve::PAGE))
                }
                _ => false,
            };
            assert!(is_nothing, "Eve has {signal:?}");
        }
    }

    /// Nothing came that did not fit. (What a server took down with it may leave candidates behind
    /// whose offer is lost; they are refused, which is logged and does no harm.)
    pub(crate) fn assert_nothing_amiss(&self) {
        for end in &self.ends {
            assert_eq!(end.logged, Vec::<String>::new());
        }
    }
}
