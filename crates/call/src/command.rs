//! Commands: the output of an endpoint, for its driver.

use holdfast_protocol::{Candidate, ChannelMessage, Description, Signal, StandbyPath};

use crate::secret::Secret;

/// One leg of a call: one `RTCPeerConnection`. Both sides give it the same number.
pub type LegId = u32;

/// What a leg is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// To be the call's: its first, or one that races.
    #[default]
    Call,
    /// To be kept warm beside the call's.
    ///
    /// Whoever offers one that is to go through a relay asks for that (`iceTransportPolicy: "relay"`). Whoever
    /// answers one that is to go over another network than the call's own tells no way over that one, and is the
    /// side that has both: there alone it helps (Chromium 156).
    Standby(StandbyPath),
}

/// What is sent over a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// Nothing: it rings.
    Nothing,
    /// Sound alone; pictures are there, and inactive.
    Sound,
    /// Everything.
    All,
}

/// Something the driver is to do, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Ask for camera and microphone; answer with `MediaReady` or `MediaRefused`.
    AcquireMedia,
    /// Stop all local tracks, and forget a request for them that is under way. No answer.
    ReleaseMedia,
    /// Make a peer connection and add the local tracks to it, and, if this side
    /// `offers`, a data channel; on leg 0 only once `Endpoint::reaches` the other side, whose client may
    /// be the sample's. Above leg 0, with a fresh view of the network.
    OpenLeg {
        /// Its number.
        leg: LegId,
        /// Whether this side makes the first offer, and so must ask to receive the kinds of media
        /// that it does not send.
        offers: bool,
        /// What for. What is kept warm [carries](Carries) sound alone, and its sound is decoded and not
        /// played.
        purpose: Purpose,
    },
    /// Detach the handlers, then close. Nothing may come of that leg afterwards.
    CloseLeg(LegId),
    /// `setLocalDescription()` without argument; answer with `LocalDescriptionSet` or
    /// `DescriptionRefused`.
    SetLocalDescription(LegId),
    /// `setRemoteDescription()`; answer with `RemoteDescriptionSet` or `DescriptionRefused`.
    SetRemoteDescription(LegId, Description),
    /// `addIceCandidate()`, in the order of the commands. No answer; that it is rejected is for the log.
    AddIceCandidate {
        /// To which leg.
        leg: LegId,
        /// The candidate.
        candidate: Candidate,
        /// Whether it may belong to a description that was ignored: then that is nothing to log.
        may_be_refused: bool,
    },
    /// Keep that key for whoever the call is with: to be given with the next
    /// [`Dial`](crate::Event::Dial) of them.
    KeepContact(Secret),
    /// Set the configuration as it is now, then `restartIce()`. No answer.
    RestartIce(LegId),
    /// Play the sound of that leg from now on, in place of another's; answer with `MediaFlowing` when its
    /// first picture is decoded, or there is none to wait for.
    PlayLeg(LegId),
    /// Show and play what that leg receives, in place of another's.
    UseLeg(LegId),
    /// From now on, send so much over that leg.
    Carry(LegId, Carries),
    /// Listen whether the call's leg falls silent, and if there is another, whether that is heard, by
    /// [`Watch`](crate::Watch); answer with `Unheard`. None: no more.
    Watch(Option<(LegId, Option<LegId>)>),
    /// Read what goes over the transport of that leg; answer with `Traffic`.
    ReadStats(LegId),
    /// Find out whether the signaling server can be reached, on the open link and over new
    /// sockets at once; answer with `LinkUp`. Ask the other side over the legs as well; answer with
    /// `PeerAnswers`.
    ProbeLink,
    /// Send to the person named by `target`: through the server, and over every leg that has an
    /// open data channel. Whatever comes twice is acted on once.
    Send(Signal),
    /// Send to the person named by `target`, through the server alone: it is none of the call's, and the
    /// other side of that has nothing to learn of it.
    SendByServer(Signal),
    /// Send over every leg that has an open data channel, and through no server.
    SendDirect(ChannelMessage),
    /// The other side has written this to us.
    ShowText {
        /// The author.
        from: String,
        /// The text.
        text: String,
    },
    /// Tell the person.
    Notify(Notice),
    /// Tell whoever reads the log.
    Log(String),
}

/// Why something a person asked for is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Nobody calls themselves.
    CannotCallYourself,
    /// One call at a time.
    AlreadyInCall {
        /// With this person.
        with: String,
    },
    /// Somebody called while we are in a call, and was told so.
    CalledMeanwhile {
        /// The caller.
        peer: String,
    },
}
