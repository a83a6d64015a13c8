//! The legs of the call as the browser has them.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    rc::Rc,
};

use gloo_timers::callback::{Interval, Timeout};
use holdfast_call::{Carries, LegEvent, LegId, Purpose, Watch};
use holdfast_protocol::{Candidate, Description, StandbyPath};
use web_sys::MediaStream;

use super::{log::log, now::now};
use crate::{
    media::{Senders, Sending, Source},
    platform::{DomError, task},
    rtc::{
        Decoded, Peer, PeerEvent, Pinned, is_known, is_same, played, send_pictures,
        without_candidates,
    },
};

/// A leg: one peer connection.
pub(super) struct Leg {
    pub(super) id: LegId,
    pub(super) purpose: Purpose,
    /// The rate that its first pictures are sent at, kbit/s; 0: as the browser likes. Decided with the first description,
    /// and the same in every one, because another would begin the browser's reckoning anew.
    pub(super) start: Option<u32>,
    /// It is to be kept off the network of the leg before.
    pub(super) pinned: Option<Pinned>,
    /// The address of this device that it goes out from, as far as that is known.
    pub(super) address: Rc<RefCell<String>>,
    /// What is sent over it.
    pub(super) carries: Carries,
    /// Which of all the connections that this page has made.
    pub(super) serial: u32,
    pub(super) peer: Peer,
    pub(super) senders: Senders,
    /// The streams that come in: camera and microphone, and perhaps a screen.
    pub(super) streams: Vec<MediaStream>,
    /// What comes in, decoded out of sight: while it is kept warm, and until its first picture is there.
    pub(super) decoded: Option<Decoded>,
    /// It restarts its ICE, and waits so long for the ICE servers as they are now.
    pub(super) restart: Option<Timeout>,
    /// It gets its data channel once it is known that the other end is one of ours.
    pub(super) lacks_channel: bool,
}

/// News of a connection.
#[derive(Debug)]
pub(super) enum LegNews {
    /// From the browser.
    Peer(PeerEvent),
    /// An operation of it is over.
    Done(LegEvent),
}

/// The legs that there are.
pub(super) struct Legs {
    all: Vec<Leg>,
    made: u32,
    /// The id of the stream that the other side sends its screen in, if it shares it.
    peer_screen: Option<String>,
    /// The other side's camera is on, as far as it has said anything.
    pub(super) peer_camera: bool,
    /// The highest rates of pictures that are wanted, kbit/s: what we receive, and what we send.
    limits: [Option<u32>; 2],
    /// The network has room for our sound alone.
    pub(super) is_narrow: bool,
    /// How much may be sent over the one that was last read, bit/s.
    available: Rc<Cell<f64>>,
    /// Two of them are listened to.
    watch: Option<Interval>,
    emit: Rc<dyn Fn(u32, LegNews)>,
}

/// The highest rate that the first pictures of a leg that was kept warm are sent at, kbit/s, and what a browser
/// begins with by itself.
const START_RATE: f64 = 1500.0;
const USUAL_RATE: f64 = 300.0;

impl Leg {
    fn send_pictures(&self, limit: Option<u32>) {
        let active = self.carries != Carries::Sound;
        send_pictures(self.peer.connection(), active, limit);
    }
}

impl Legs {
    /// None yet; `emit` is told news of the connection with a number.
    pub(super) fn new(emit: impl Fn(u32, LegNews) + 'static) -> Self {
        Self {
            all: Vec::new(),
            made: 0,
            peer_screen: None,
            peer_camera: true,
            limits: [None; 2],
            is_narrow: false,
            available: Rc::default(),
            watch: None,
            emit: Rc::new(emit),
        }
    }

    // Which there are.

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn by_id(&mut self, id: LegId) -> Option<&mut Leg> {
        self.all.iter_mut().find(|leg| leg.id == id)
    }

    pub(super) fn by_serial(&mut self, serial: u32) -> Option<&mut Leg> {
        self.all.iter_mut().find(|leg| leg.serial == serial)
    }

    /// Whether that connection was made to be kept warm.
    pub(super) fn is_made_as_standby(&self, serial: u32) -> bool {
        let mut legs = self.all.iter();
        legs.any(|leg| leg.serial == serial && leg.purpose != Purpose::Call)
    }

    /// Whether another network would be of use: nothing but a relay is there beside the one that is seen, and that one
    /// goes through none.
    pub(super) fn could_do_with_another_network(&self, seen: Option<u32>) -> bool {
        let relay = Purpose::Standby(StandbyPath::Relay);
        let mut legs = self.all.iter();
        let is_beside = legs.all(|leg| (leg.purpose == relay) == (Some(leg.serial) != seen));
        is_beside && is_known(&self.address(seen))
    }

    /// The address of this device that the one that is seen goes out from; empty where that is not known.
    pub(super) fn address(&self, seen: Option<u32>) -> String {
        let mut legs = self.all.iter();
        let seen = legs.find(|leg| Some(leg.serial) == seen);
        let address = seen.map(|leg| leg.address.borrow().clone());
        address.unwrap_or_default()
    }

    fn is_pinned(&self, serial: Option<u32>) -> bool {
        let mut legs = self.all.iter();
        legs.any(|leg| leg.pinned.is_some() && Some(leg.serial) == serial)
    }

    /// The connections, each with its number.
    pub(super) fn peers(&self) -> impl Iterator<Item = (u32, &Peer)> {
        self.all.iter().map(|leg| (leg.serial, &leg.peer))
    }

    /// Camera and microphone of the other side, as they come in over that connection.
    pub(super) fn stream(&self, serial: u32) -> Option<&MediaStream> {
        self.find(serial, |is_screen| !is_screen)
    }

    /// Their screen, the same way.
    pub(super) fn screen(&self, serial: u32) -> Option<&MediaStream> {
        self.find(serial, |is_screen| is_screen)
    }

    fn find(&self, serial: u32, is_wanted: fn(bool) -> bool) -> Option<&MediaStream> {
        let leg = self.all.iter().find(|leg| leg.serial == serial)?;
        let is_screen = |stream: &MediaStream| Some(stream.id()) == self.peer_screen;
        let mut streams = leg.streams.iter();
        streams.find(|stream| is_wanted(is_screen(stream)))
    }

    /// The other side shares its screen in the stream of that id, or none. Whether that is news.
    pub(super) fn set_peer_screen(&mut self, id: Option<String>) -> bool {
        let is_news = self.peer_screen != id;
        self.peer_screen = id;
        is_news
    }

    /// The senders of our tracks, over all of them that anything is sent over.
    pub(super) fn sending(&mut self) -> Vec<Sending<'_>> {
        let legs = self.all.iter_mut();
        legs.filter(|leg| leg.carries != Carries::Nothing)
            .map(|Leg { peer, senders, .. }| Sending { peer, senders })
            .collect()
    }

    // Making and closing them.

    /// Makes a connection emit its news, and the number it is to have.
    pub(super) fn next(&mut self) -> (u32, impl Fn(PeerEvent) + Clone + 'static) {
        self.made += 1;
        let (emit, serial) = (self.emit.clone(), self.made);
        (serial, move |event| emit(serial, LegNews::Peer(event)))
    }

    pub(super) fn push(&mut self, leg: Leg) {
        self.all.push(leg);
    }

    /// Opens the data channel of a leg whose other end was not known before.
    pub(super) fn open_channel(&mut self, serial: u32) {
        let emit = self.emit.clone();
        if let Some(leg) = self.by_serial(serial)
            && std::mem::take(&mut leg.lacks_channel)
        {
            leg.peer
                .open_channel(move |event| emit(serial, LegNews::Peer(event)));
        }
    }

    pub(super) fn close(&mut self, id: LegId) {
        if let Some(place) = self.all.iter().position(|leg| leg.id == id) {
            self.all.remove(place).peer.end();
        }
    }

    // What the call wants of them.

    /// Sends text over each leg that gets through.
    pub(super) fn send(&self, text: &str) {
        for leg in &self.all {
            leg.peer.send(text);
        }
    }

    /// An answer is made before there are camera and microphone: there is room for them in it.
    pub(super) fn send_later(&mut self, id: LegId) {
        if let Some(leg) = self.by_id(id)
            && let Ok(stream) = MediaStream::new()
        {
            for source in Source::ALL {
                let sender = leg.senders.of(source);
                if sender.is_none() {
                    *sender = leg.peer.send_later(source.kind(), &stream);
                }
            }
        }
    }

    pub(super) fn set_local_description(&mut self, id: LegId) {
        if let Some(leg) = self.by_id(id) {
            let (serial, setting) = (leg.serial, leg.peer.set_local_description());
            let is_pinned = leg.pinned.is_some();
            self.operate(serial, async move {
                let mut set = setting.await?;
                if is_pinned {
                    set.sdp = without_candidates(&set.sdp);
                }
                Ok(LegEvent::LocalDescriptionSet(set))
            });
        }
    }

    pub(super) fn set_remote_description(&mut self, id: LegId, description: &Description) {
        let available = self.available.get() / 1000.0;
        if let Some(leg) = self.by_id(id) {
            // Chromium alone says how much there is, and lets it be set.
            let start = match leg.purpose != Purpose::Call && available > 0.0 {
                true => available.clamp(USUAL_RATE, START_RATE) as u32,
                false => 0,
            };
            let start = Some(*leg.start.get_or_insert(start)).filter(|start| *start > 0);
            let setting = leg.peer.set_remote_description(description, start);
            let serial = leg.serial;
            self.operate(serial, async {
                setting.await.map(|()| LegEvent::RemoteDescriptionSet)
            });
        }
    }

    pub(super) fn add_ice_candidate(
        &mut self,
        id: LegId,
        candidate: &Candidate,
        may_be_refused: bool,
    ) {
        if let Some(leg) = self.by_id(id) {
            let adding = leg.peer.add_ice_candidate(candidate);
            task::spawn(async move {
                if adding.await.is_err() && !may_be_refused {
                    log("a candidate was refused");
                }
            });
        }
    }

    /// Says what goes over a leg; and where it is one of two that are to go over different networks, whether it goes over
    /// that of the one that is seen.
    pub(super) fn read_stats(&mut self, id: LegId, seen: Option<u32>) {
        let available = Rc::clone(&self.available);
        let network = self.address(seen);
        let is_seen_pinned = self.is_pinned(seen);
        if let Some(leg) = self.by_id(id) {
            let (serial, reading) = (leg.serial, leg.peer.traffic());
            // What was made for another network of the other side's may go over the same here.
            let is_theirs = leg.purpose == Purpose::Standby(StandbyPath::OtherNetwork);
            let is_apart = leg.pinned.is_some() || is_seen_pinned && !is_theirs;
            let is_apart = is_apart && seen != Some(serial);
            let address = Rc::clone(&leg.address);
            self.operate(serial, async move {
                let traffic = reading.await.unwrap_or_default();
                if traffic.available > 0.0 {
                    available.set(traffic.available);
                }
                let astray = is_apart && is_same(&traffic.address, &network);
                address.replace(traffic.address);
                Ok(LegEvent::Traffic {
                    received: traffic.received,
                    relayed: traffic.relayed,
                    astray,
                })
            });
        }
    }

    /// Sends so much over a leg; gives whether nothing was sent before, so that its tracks have to be set.
    pub(super) fn carry(&mut self, id: LegId, carries: Carries) -> bool {
        let limit = self.limits[1];
        let Some(leg) = self.by_id(id) else {
            return false;
        };
        let before = std::mem::replace(&mut leg.carries, carries);
        match (before, carries) {
            (_, Carries::Nothing) => leg.senders.hold(),
            // As it was made.
            (Carries::Nothing, Carries::All) if limit.is_none() => {}
            (_, Carries::Sound | Carries::All) => leg.send_pictures(limit),
        }
        before == Carries::Nothing
    }

    /// What was added to a leg is negotiated: pictures are not sent over one that sends none, and at no higher
    /// rate than is wanted.
    pub(super) fn described(&mut self, serial: u32) {
        let limit = self.limits[1];
        if let Some(leg) = self.by_serial(serial)
            && (leg.carries == Carries::Sound || limit.is_some())
        {
            leg.send_pictures(limit);
        }
    }

    /// Whether the person wants to see anything.
    pub(super) fn wants_pictures(&self) -> bool {
        self.limits[0] != Some(0)
    }

    /// Pictures are wanted at no higher rates than these, kbit/s, by ourselves and by the other side. What the
    /// person wants to save counts both ways; who turns the camera on all the same is seen.
    /// Gives whether what the person wants is news.
    pub(super) fn limit(&mut self, ours: Option<u32>, theirs: Option<u32>) -> bool {
        let room = Some(0).filter(|_| self.is_narrow);
        let sent = [ours.filter(|limit| *limit > 0), theirs, room];
        let limits = [ours, sent.into_iter().flatten().min()];
        let before = std::mem::replace(&mut self.limits, limits);
        if before[1] != limits[1] {
            for leg in &self.all {
                leg.send_pictures(limits[1]);
            }
        }
        before[0] != limits[0]
    }

    /// Listens to that leg, and perhaps to another, or to none; says when the first falls silent.
    pub(super) fn watch(&mut self, legs: Option<(LegId, Option<LegId>)>) {
        self.watch = None;
        let Some((live, standby)) = legs else {
            return;
        };
        let mut end = |id| {
            let leg = self.by_id(id)?;
            Some((leg.serial, leg.peer.connection().clone()))
        };
        let (Some((serial, live)), standby) = (end(live), standby.and_then(end)) else {
            return;
        };
        if let Some((warm, _)) = standby {
            let stream = self.stream(warm).cloned();
            if let Some(leg) = self.by_serial(warm) {
                leg.decoded = stream.and_then(|stream| Decoded::of(&stream));
            }
        }
        let emit = self.emit.clone();
        let mut watch = Watch::new(now());
        let every = Watch::every(standby.is_some()).as_millis() as u32;
        self.watch = Some(Interval::new(every, move || {
            let other = standby.as_ref().and_then(|(_, standby)| played(standby));
            if let Some(event) = watch.look(played(&live), other, now()) {
                emit(serial, LegNews::Done(event));
            }
        }));
    }

    /// Says which certificate the transport of a connected leg has met, if the browser does.
    pub(super) fn read_certificate(&mut self, serial: u32) {
        let emit = self.emit.clone();
        if let Some(leg) = self.by_serial(serial) {
            let reading = leg.peer.remote_certificate();
            task::spawn(async move {
                if let Some(met) = reading.await {
                    emit(serial, LegNews::Done(LegEvent::Certificate(met)));
                }
            });
        }
    }

    /// Says when the first picture of a fresh leg is decoded, or that there is nothing to wait for.
    pub(super) fn await_first_frame(&mut self, serial: u32) {
        let emit = self.emit.clone();
        let flows = move || emit(serial, LegNews::Done(LegEvent::MediaFlowing));
        let wants_pictures = self.wants_pictures() && self.peer_camera;
        let stream = self.stream(serial).filter(|_| wants_pictures).cloned();
        let Some(leg) = self.by_serial(serial) else {
            return;
        };
        if leg.decoded.as_ref().is_none_or(|known| !known.is_awaited()) {
            // Always another: one that began without pictures tells nothing of them (Chromium 156).
            leg.decoded = stream.and_then(|stream| Decoded::of(&stream));
            match &mut leg.decoded {
                Some(decoded) => decoded.await_frame(flows),
                None => flows(),
            }
        }
    }

    /// Waits for an operation of a connection, and feeds its outcome back.
    fn operate(
        &self,
        serial: u32,
        operation: impl Future<Output = Result<LegEvent, DomError>> + 'static,
    ) {
        // Boxed, so that what follows is compiled once and not for each operation.
        let operation: Pin<Box<dyn Future<Output = _>>> = Box::pin(operation);
        let emit = self.emit.clone();
        task::spawn(async move {
            let event = operation.await;
            let event =
                event.unwrap_or_else(|error| LegEvent::DescriptionRefused(error.to_string()));
            emit(serial, LegNews::Done(event));
        });
    }
}
