//! One peer connection, and an end to everything it holds when it is dropped.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use holdfast_protocol::{Candidate, Description, SdpType};
use js_sys::{Array, Function, JsString, Object, Reflect, RegExp};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    MediaStream, MediaStreamTrack, RtcConfiguration, RtcIceCandidateInit, RtcRtpSender,
    RtcRtpTransceiver, RtcRtpTransceiverDirection, RtcRtpTransceiverInit, RtcSdpType,
    RtcSessionDescriptionInit,
};

use super::{
    channel::{Channels, LABEL},
    configuration::Configuration,
    listeners::{Emit, Listeners, PeerEvent, channel_news},
    peer_connection::PeerConnection,
    realm::Realm,
    stats::{self, Traffic},
    warm::start_at,
};
use crate::platform::{DomError, JsObject, task};

/// The states of a connection, in the specification's words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeerState {
    /// `signalingState`
    pub signaling: String,
    /// `iceGatheringState`
    pub gathering: String,
    /// `iceConnectionState`
    pub ice: String,
    /// `connectionState`
    pub connection: String,
}

/// How long the last words of a connection take to get out, ms.
const LAST_WORDS: u32 = 200;

/// A peer connection. Dropping it detaches the listeners, then closes.
#[derive(Debug)]
pub struct Peer {
    connection: PeerConnection,
    listeners: Listeners,
    channels: Channels,
    /// Dropped last: the connection does not outlive it.
    _realm: Option<Realm>,
}

impl Peer {
    /// Makes a connection; `emit` is told its news. A `fresh` one sees the network as it is now,
    /// where others of this page may still see it as it was.
    ///
    /// # Errors
    /// As the `RTCPeerConnection()` constructor: a configuration that the browser does not take.
    pub fn new(
        configuration: &Configuration,
        fresh: bool,
        emit: impl Fn(PeerEvent) + 'static,
    ) -> Result<Self, DomError> {
        Self::with(configuration, fresh, &(Rc::new(emit) as _))
    }

    /// Compiled once, whatever is told the news.
    fn with(configuration: &Configuration, fresh: bool, emit: &Emit) -> Result<Self, DomError> {
        let realm = if fresh { Realm::new() } else { None };
        let window = realm.as_ref().and_then(Realm::window);
        let window = window.unwrap_or_else(|| js_sys::global().into());
        let constructor = Reflect::get(&window, &"RTCPeerConnection".into())?;
        let constructor: Function = constructor.unchecked_into();
        let connection = Reflect::construct(&constructor, &Array::of1(configuration.as_browser()))?;
        let connection: PeerConnection = connection.unchecked_into();
        let channels = Channels::default();
        Ok(Self {
            listeners: Listeners::new(&connection, &channels, emit),
            connection,
            channels,
            _realm: realm,
        })
    }

    /// The browser's own object.
    #[must_use]
    pub fn connection(&self) -> &PeerConnection {
        &self.connection
    }

    /// The states as they are now.
    #[must_use]
    pub fn state(&self) -> PeerState {
        let connection = JsObject(self.connection.clone().into());
        let word = |field| connection.string(field).unwrap_or_default();
        PeerState {
            signaling: word("signalingState"),
            gathering: word("iceGatheringState"),
            ice: word("iceConnectionState"),
            connection: word("connectionState"),
        }
    }

    /// Makes a data channel, reliable and in order; what comes over it is `emit`ted like the rest.
    /// The other side listens to it of itself.
    pub fn open_channel(&self, emit: impl Fn(PeerEvent) + 'static) {
        let channel = self.connection.create_data_channel(LABEL);
        self.channels.add(channel, channel_news(Rc::new(emit)));
    }

    /// Sends text over every data channel that is open.
    pub fn send(&self, text: &str) {
        self.channels.send(text);
    }

    /// `addTrack()`
    pub fn add_track(&self, track: &MediaStreamTrack, stream: &MediaStream) -> RtcRtpSender {
        self.connection.add_track_0(track, stream)
    }

    /// Sends that track, or none, where another was sent: in the same media section, so that a
    /// camera can go off and on as often as it likes. The other side sees tracks come and go; where it `is_told` by
    /// other means what is off, nothing is negotiated, and its tracks stay.
    /// `done` is called when the browser has changed over, or has failed to.
    pub fn set_track(
        &self,
        sender: &RtcRtpSender,
        track: Option<&MediaStreamTrack>,
        is_told: bool,
        done: impl FnOnce() + 'static,
    ) {
        let direction = match track {
            Some(_) => Some(RtcRtpTransceiverDirection::Sendrecv),
            None => Some(RtcRtpTransceiverDirection::Recvonly).filter(|_| !is_told),
        };
        let mut transceivers = self.transceivers();
        if let Some(direction) = direction
            && let Some(transceiver) = transceivers.find(|known| known.sender() == *sender)
        {
            transceiver.set_direction(direction);
        }
        let replacing = JsFuture::from(sender.replace_track(track));
        task::spawn(async move {
            // A track that does not fit what was negotiated is refused; nothing can be done here.
            let _ = replacing.await;
            done();
        });
    }

    /// Will send a kind of media where the other side has offered some, once there is a track: so it goes without
    /// another exchange. None if none is offered, or something is sent there already.
    #[must_use]
    pub fn send_later(&self, kind: &str, stream: &MediaStream) -> Option<RtcRtpSender> {
        let mut transceivers = self.transceivers();
        let transceiver = transceivers.find(|transceiver| {
            let is_free = transceiver.direction() == RtcRtpTransceiverDirection::Recvonly;
            is_free && transceiver.receiver().track().kind() == kind
        })?;
        transceiver.set_direction(RtcRtpTransceiverDirection::Sendrecv);
        let sender = transceiver.sender();
        JsObject(sender.clone().into()).call("setStreams", &[stream]);
        Some(sender)
    }

    fn transceivers(&self) -> impl Iterator<Item = RtcRtpTransceiver> + use<> {
        let all = self.connection.get_transceivers().into_iter();
        all.map(JsCast::unchecked_into)
    }

    /// Asks to receive a kind of media (`audio`, `video`) that this end does not send.
    pub fn receive_only(&self, kind: &str) {
        let init = RtcRtpTransceiverInit::new();
        init.set_direction(RtcRtpTransceiverDirection::Recvonly);
        self.connection
            .add_transceiver_with_str_and_init(kind, &init);
    }

    /// `setLocalDescription()` without argument; gives what was set. Begins at once, whenever the
    /// future is polled.
    pub fn set_local_description(
        &self,
    ) -> impl Future<Output = Result<Description, DomError>> + use<> {
        let connection = self.connection.clone();
        let setting = JsFuture::from(connection.set_local_description_implicitly());
        async move {
            setting.await?;
            let missing = || DomError {
                name: "InvalidStateError".into(),
                message: "the connection has no local description".into(),
            };
            let set = connection.local_description().ok_or_else(missing)?;
            let kind = match set.type_() {
                RtcSdpType::Offer => SdpType::Offer,
                RtcSdpType::Answer => SdpType::Answer,
                RtcSdpType::Pranswer | RtcSdpType::Rollback | _ => return Err(missing()),
            };
            let sdp = set.sdp();
            Ok(Description { kind, sdp })
        }
    }

    /// `setRemoteDescription()`. Begins at once, whenever the future is polled. `start`: the first pictures are
    /// sent at that rate, kbit/s, where the browser lets it be set.
    pub fn set_remote_description(
        &self,
        description: &Description,
        start: Option<u32>,
    ) -> impl Future<Output = Result<(), DomError>> + use<> {
        let init = RtcSessionDescriptionInit::new(match description.kind {
            SdpType::Offer => RtcSdpType::Offer,
            SdpType::Answer => RtcSdpType::Answer,
        });
        let mut sdp = JsString::from(&*description.sdp);
        if description.kind == SdpType::Answer && self.is_dtls_client() {
            let active = RegExp::new("a=setup:active", "g");
            sdp = sdp.replace_by_pattern(&active, "a=setup:passive");
        }
        if let Some(rate) = start {
            sdp = start_at(&sdp, rate);
        }
        let _ = Reflect::set(&init, &"sdp".into(), &sdp);
        done(self.connection.set_remote_description(&init))
    }

    /// Whether this side opened the DTLS association, which goes on through every later exchange: the
    /// answer has to say so (RFC 8842, 5.5), and Firefox 153 always says that it is the client itself.
    fn is_dtls_client(&self) -> bool {
        let connection = JsObject(self.connection.clone().into());
        let says = |description: &str, role: &str| {
            let sdp = connection
                .object(description)
                .and_then(|of| of.string("sdp"));
            sdp.is_some_and(|sdp| JsString::from(sdp).includes(role, 0))
        };
        says("currentLocalDescription", "a=setup:active")
            || says("currentRemoteDescription", "a=setup:passive")
    }

    /// `addIceCandidate()`. Begins at once, whenever the future is polled.
    pub fn add_ice_candidate(
        &self,
        candidate: &Candidate,
    ) -> impl Future<Output = Result<(), DomError>> + use<> {
        // Of strings and numbers it cannot fail.
        let init = candidate.serialize(&Serializer::json_compatible());
        let init = init.unwrap_or_default();
        let init: RtcIceCandidateInit = init.unchecked_into();
        let connection = &self.connection;
        done(connection.add_ice_candidate_with_opt_rtc_ice_candidate_init(Some(&init)))
    }

    /// `restartIce()`: without effect before the first negotiation (WebRTC 1.0, 4.4.3.2), where
    /// Chromium 156 fires `negotiationneeded` all the same.
    pub fn restart_ice(&self) {
        if self.connection.local_description().is_some() {
            self.connection.restart_ice();
        }
    }

    /// What goes over it; none when the browser does not say.
    pub fn traffic(&self) -> impl Future<Output = Option<Traffic>> + use<> {
        stats::traffic(self.connection.get_stats())
    }

    /// All that the connection tells of itself, an `RTCStatsReport`; none where it does not.
    pub fn report(&self) -> impl Future<Output = Option<JsValue>> + use<> {
        let report = JsFuture::from(self.connection.get_stats());
        async { report.await.ok() }
    }

    /// The fingerprint of the certificate that the transport has met; none when the browser does not say.
    pub fn remote_certificate(&self) -> impl Future<Output = Option<String>> + use<> {
        stats::remote_certificate(self.connection.get_stats())
    }

    /// Changes the ICE servers and leaves the rest of the configuration as it is: what
    /// `setConfiguration()` is not given, it resets or refuses to change (WebRTC 1.0, 4.4.1.6).
    ///
    /// # Errors
    /// `InvalidAccessError`, `InvalidStateError`, `InvalidModificationError`, `SyntaxError`.
    pub fn set_ice_servers(&self, servers: &JsValue) -> Result<(), DomError> {
        let present = self.connection.get_configuration();
        let configuration = Object::assign(&Object::new(), &present);
        let _ = Reflect::set(&configuration, &"iceServers".into(), servers);
        let configuration: RtcConfiguration = configuration.unchecked_into();
        Ok(self.connection.try_set_configuration(&configuration)?)
    }

    /// Detaches the listeners.
    fn deafen(&mut self) {
        self.listeners.clear();
        self.channels.clear();
    }

    /// Ends it, a moment later: what has just been sent gets out first, which `close()` does not
    /// wait for.
    pub fn end(mut self) {
        self.deafen();
        Timeout::new(LAST_WORDS, move || drop(self)).forget();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.deafen();
        self.connection.close();
    }
}

fn done(promise: js_sys::Promise) -> impl Future<Output = Result<(), DomError>> {
    let promise = JsFuture::from(promise);
    async move {
        promise.await?;
        Ok(())
    }
}
