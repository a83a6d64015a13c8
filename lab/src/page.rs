//! Measurements in a page: when pictures are decoded, when sound is, and whether anybody is
//! shown an end.

use std::time::{SystemTime, UNIX_EPOCH};

use e2e::Person;
use serde::Deserialize;
use serde_json::{Value, json};

/// After how long without a picture a call counts as lost, ms.
pub(crate) const LOST: f64 = 25_000.0;

/// Pictures, or sounds, that come further apart than this have paused, ms.
const PAUSE: f64 = 300.0;

/// How a gap is measured.
#[derive(Clone, Copy)]
pub(crate) enum Since {
    /// From that moment, when a path was there again, to the first picture after the last pause.
    Path(f64),
    /// The longest pause from that moment on: there always was a path.
    Fault(f64),
}

/// When pictures and sounds came, ms since 1970.
#[derive(Deserialize, Default)]
pub(crate) struct Seen {
    frames: Vec<f64>,
    /// None in a page that was loaded anew, whose connections cannot be looked at.
    sounds: Option<Vec<f64>>,
}

/// Milliseconds since 1970, as `Date.now()` has them.
pub(crate) fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_secs_f64() * 1000.0
}

/// Watches from now on. Sound counts when a packet of it has been decoded
/// (`RTCRtpReceiver.getSynchronizationSources()`), looked at every 40 ms.
pub(crate) async fn watch(person: &Person) {
    let script = "
        if (window.lab) {
            lab.frames = lab.frames.slice(-1);
            lab.sounds = lab.sounds?.slice(-1);
            lab.ended = false;
            return;
        }
        window.lab = { frames: [], sounds: window.peers && [], ended: false };
        const video = document.querySelector('#received_video');
        const count = () => { lab.frames.push(Date.now()); video.requestVideoFrameCallback(count); };
        video.requestVideoFrameCallback(count);
        let last;
        if (window.peers) setInterval(() => {
            const heard = [];
            for (const peer of peers) {
                try {
                    for (const receiver of peer.getReceivers()) {
                        if (receiver.track.kind === 'audio') {
                            heard.push(receiver.getSynchronizationSources()[0]?.rtpTimestamp);
                        }
                    }
                } catch { /* in Firefox, a connection whose frame has gone throws */ }
            }
            const now = heard.join();
            if (now !== last) lab.sounds.push(Date.now());
            last = now;
        }, 40);
        let talks = false;
        new MutationObserver(() => {
            const idle = document.querySelector('#hangup-button').disabled;
            if (talks && idle) lab.ended = true;
            talks = !idle;
        }).observe(document.body, { subtree: true, attributes: true });";
    person.run(script, json!([])).await;
}

/// Pictures and sound since [`watch`].
pub(crate) async fn seen(person: &Person) -> Seen {
    let seen = person.run("return window.lab ?? null", json!([])).await;
    serde_json::from_value(seen).unwrap_or_default()
}

impl Seen {
    /// How long the pictures stood still; none while they do.
    pub(crate) fn picture_gap(&self, since: Since) -> Option<f64> {
        gap(&self.frames, since)
    }

    /// How long there was no sound; none while there is none, not a number where nobody can tell.
    pub(crate) fn sound_gap(&self, since: Since) -> Option<f64> {
        self.sounds
            .as_ref()
            .map_or(Some(f64::NAN), |sounds| gap(sounds, since))
    }
}

fn gap(moments: &[f64], since: Since) -> Option<f64> {
    let pairs = moments.iter().zip(moments.iter().skip(1));
    match since {
        Since::Path(path) => {
            let first = *moments.iter().find(|moment| **moment > path)?;
            // What came first may have been on its way before; the last pause counts.
            moments.last().filter(|last| **last > first + 1500.0)?;
            let pauses = pairs.filter(|(one, next)| **next > path && *next - *one > PAUSE);
            let end = pauses.map(|(_, next)| *next).fold(first, f64::max);
            Some(end - path)
        }
        Since::Fault(at) => {
            moments.last().filter(|last| now() - **last < 1000.0)?;
            let after = pairs.filter(|(one, _)| **one > at - 300.0);
            Some(after.map(|(one, next)| next - one).fold(0.0, f64::max))
        }
    }
}

/// Whether the page asks who is there: one that has been loaded anew may know.
pub(crate) async fn asks_for_a_name(person: &Person) -> bool {
    let ready =
        "return (document.querySelector('#name') ?? document.querySelector('.userlistbox li'))
        ?.checkVisibility() ?? false";
    person.until("the page is ready", ready, json!([])).await;
    let script = "return document.querySelector('#name')?.checkVisibility() ?? false";
    person.run(script, json!([])).await == json!(true)
}

/// Whether somebody is shown that the call is over, or was since [`watch`].
pub(crate) async fn is_over(person: &Person) -> bool {
    let script =
        "return window.lab?.ended === true || document.querySelector('#hangup-button').disabled";
    person.run(script, json!([])).await == json!(true)
}

/// The fingerprint of the other side's certificate.
pub(crate) async fn fingerprint(person: &Person) -> Value {
    let script = "const found = (window.peers ?? []).map(peer => {
            try {
                const { connectionState, remoteDescription } = peer;
                return connectionState !== 'closed'
                    && remoteDescription?.sdp.match(/a=fingerprint:(.*)/)?.[1];
            } catch { return null; }
        });
        return found.findLast(Boolean) ?? null";
    person.run(script, json!([])).await
}

/// Which TURN server the person's media goes through: the address of the relayed candidate.
pub(crate) async fn relay_in_use(person: &Person) -> Option<String> {
    let script = "const [done] = arguments;
        (async () => {
            for (const peer of (window.peers ?? []).toReversed()) {
                const report = await peer.getStats().catch(() => new Map());
                for (const stats of report.values()) {
                    const { localCandidateId, selectedCandidatePairId } = stats;
                    const pair = stats.type === 'transport' && report.get(selectedCandidatePairId);
                    const local = pair && report.get(pair.localCandidateId);
                    if (local?.candidateType === 'relay') return local.address;
                }
            }
            return null;
        })().then(done);";
    let page = person.browser().await;
    let found = page.execute_async(script, Vec::new()).await;
    found.expect("the script runs").as_str().map(str::to_owned)
}

/// The page's text, and the state of its connections.
pub(crate) async fn state(person: &Person) -> Value {
    let script = "return [
        document.querySelector('.state')?.innerText,
        document.querySelector('.notices')?.innerText,
        ...(window.peers ?? []).map(peer => {
            try {
                return [peer.signalingState, peer.iceConnectionState, peer.connectionState].join(' ');
            } catch { return 'gone'; }
        }),
    ].join(' | ')";
    person.run(script, json!([])).await
}
