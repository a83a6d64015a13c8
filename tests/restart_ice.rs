//! `restartIce()`, by the cases of the specification's own tests, on the browser's connections.

mod common;

use common::{End, connect, negotiate, negotiated, property, transports, ufrag, until};
use futures_util::StreamExt;
use gloo_events::EventListener;
use gloo_timers::future::TimeoutFuture;
use holdfast::media::{SourcePreference, acquire};
use holdfast_protocol::SdpType;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{MediaStreamTrack, RtcDataChannel, RtcDataChannelState, RtcSignalingState};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn r34_no_effect_when_closed() {
    let (one, _other) = negotiated().await;
    one.peer.connection().close();
    one.peer.restart_ice();
    one.does_not_fire().await;
}

#[wasm_bindgen_test]
async fn r34_no_effect_before_the_first_negotiation() {
    let end = End::new();
    end.peer.restart_ice();
    end.does_not_fire().await;
    // And what is negotiated first is not negotiated twice.
    end.peer.receive_only("audio");
    end.fires().await;
    negotiate(&end, &End::new()).await;
    end.does_not_fire().await;
}

#[wasm_bindgen_test]
async fn r34_fires_negotiationneeded_after_the_first_negotiation() {
    let (one, _other) = negotiated().await;
    one.peer.restart_ice();
    one.fires().await;
}

#[wasm_bindgen_test]
async fn l29_r34_a_restart_yields_fresh_credentials_exactly_once() {
    let (one, other) = negotiated().await;
    let before = (one.ufrag(), other.ufrag());
    one.peer.restart_ice();
    one.fires().await;
    negotiate(&one, &other).await;
    let restarted = (one.ufrag(), other.ufrag());
    assert_ne!(restarted.0, before.0);
    assert_ne!(restarted.1, before.1);
    negotiate(&one, &other).await;
    assert_eq!((one.ufrag(), other.ufrag()), restarted);
    one.does_not_fire().await;
}

#[wasm_bindgen_test]
async fn l30_the_answerer_restarts_on_seeing_new_credentials_by_itself() {
    let (one, other) = negotiated().await;
    let before = other.ufrag();
    one.peer.restart_ice();
    one.fires().await;
    other.remote(&one.local().await).await;
    assert_ne!(ufrag(&other.local().await.sdp), before);
}

#[wasm_bindgen_test]
async fn r34_keeps_the_dtls_transports() {
    let (one, other) = negotiated().await;
    let before = transports(&one);
    assert!(!before.is_empty() && before[0].is_object());
    one.peer.restart_ice();
    one.fires().await;
    negotiate(&one, &other).await;
    assert_eq!(transports(&one), before);
}

#[wasm_bindgen_test]
async fn r34_works_in_have_local_offer() {
    let (one, other) = negotiated().await;
    let offer = one.local().await;
    let before = one.ufrag();
    one.peer.restart_ice();
    one.does_not_fire().await;
    other.remote(&offer).await;
    one.remote(&other.local().await).await;
    one.fires().await;
    negotiate(&one, &other).await;
    assert_ne!(one.ufrag(), before);
}

#[wasm_bindgen_test]
async fn r34_works_in_have_remote_offer_and_survives_it() {
    let (one, other) = negotiated().await;
    let before = one.ufrag();
    one.remote(&other.local().await).await;
    assert_eq!(one.signaling(), RtcSignalingState::HaveRemoteOffer);
    one.peer.restart_ice();
    one.does_not_fire().await;
    other.remote(&one.local().await).await;
    // The other side's offer was none with new credentials: the restart is still due.
    one.fires().await;
    negotiate(&one, &other).await;
    assert_ne!(one.ufrag(), before);
}

#[wasm_bindgen_test]
async fn r34_survives_a_remote_offer() {
    let (one, other) = negotiated().await;
    let before = one.ufrag();
    one.peer.restart_ice();
    one.fires().await;
    negotiate(&other, &one).await;
    assert_eq!(one.ufrag(), before);
    let offer = one.local().await;
    assert_eq!(offer.kind, SdpType::Offer);
    assert_ne!(ufrag(&offer.sdp), before);
}

#[wasm_bindgen_test]
async fn r34_is_satisfied_by_a_remote_restart() {
    let (one, other) = negotiated().await;
    let before = one.ufrag();
    one.peer.restart_ice();
    one.fires().await;
    other.peer.restart_ice();
    other.fires().await;
    negotiate(&other, &one).await;
    let restarted = one.ufrag();
    assert_ne!(restarted, before);
    one.does_not_fire().await;
    negotiate(&one, &other).await;
    assert_eq!(one.ufrag(), restarted);
}

#[wasm_bindgen_test]
async fn r34_survives_rollback() {
    let (one, other) = negotiated().await;
    let before = one.ufrag();
    one.peer.restart_ice();
    one.fires().await;
    one.local().await;
    // The other side's offer makes the browser roll ours back.
    let offer = other.local().await;
    one.remote(&offer).await;
    assert_eq!(one.signaling(), RtcSignalingState::HaveRemoteOffer);
    other.remote(&one.local().await).await;
    one.fires().await;
    negotiate(&one, &other).await;
    assert_ne!(one.ufrag(), before);
}

#[wasm_bindgen_test]
async fn r34_a_data_channel_stays_usable_through_it() {
    let (one, other) = (End::new(), End::new());
    let here = one.peer.connection().create_data_channel("test");
    let (sender, mut arrived) = common::channel::<RtcDataChannel>();
    let _listener = EventListener::new(other.peer.connection(), "datachannel", move |event| {
        let there = property(event.unchecked_ref(), "channel").unchecked_into();
        sender.unbounded_send(there).expect("the test waits");
    });
    one.fires().await;
    negotiate(&one, &other).await;
    connect(&one, &other).await;
    let there = arrived.next().await.expect("the channel opens there too");
    until("the channel is open", || {
        here.ready_state() == RtcDataChannelState::Open
    })
    .await;
    let (sender, mut heard) = common::channel::<String>();
    let _messages = EventListener::new(&there, "message", move |event| {
        let text = property(event.unchecked_ref(), "data").as_string();
        sender
            .unbounded_send(text.unwrap_or_default())
            .expect("the test waits");
    });

    one.peer.restart_ice();
    one.fires().await;
    here.send_with_str("before").expect("open");
    assert_eq!(heard.next().await.as_deref(), Some("before"));
    negotiate(&one, &other).await;
    here.send_with_str("during").expect("open");
    assert_eq!(heard.next().await.as_deref(), Some("during"));
    connect(&one, &other).await;
    here.send_with_str("after").expect("open");
    assert_eq!(heard.next().await.as_deref(), Some("after"));
}

#[wasm_bindgen_test]
async fn l27_media_goes_on_over_the_old_path_during_a_restart() {
    let (one, other) = (End::new(), End::new());
    let camera = acquire(&SourcePreference::default(), &SourcePreference::OFF).await;
    let camera = camera.expect("a fake camera");
    let track: MediaStreamTrack = camera.get_video_tracks().get(0).unchecked_into();
    one.peer.add_track(&track, &camera);
    one.fires().await;
    negotiate(&one, &other).await;
    connect(&one, &other).await;
    let before = (one.ufrag(), other.ufrag());
    one.peer.restart_ice();
    one.fires().await;
    let offer = one.local().await;
    other.remote(&offer).await;
    assert_ne!(one.ufrag(), before.0, "a restart is under way");
    assert_eq!(one.signaling(), RtcSignalingState::HaveLocalOffer);
    // The answer is held back, and pictures go on: each of three times, more bytes have come.
    for _ in 0..3 {
        let bytes = other.peer.traffic().await.expect("statistics").received;
        let mut more = bytes;
        for _ in 0..100 {
            TimeoutFuture::new(20).await;
            more = other.peer.traffic().await.expect("statistics").received;
            if more > bytes + 5000 {
                break;
            }
        }
        assert!(more > bytes + 5000, "{bytes} bytes, and then {more}");
    }
    assert_eq!(other.signaling(), RtcSignalingState::HaveRemoteOffer);
    let answer = other.local().await;
    one.remote(&answer).await;
    connect(&one, &other).await;
    assert_ne!(other.ufrag(), before.1);
    track.stop();
}
