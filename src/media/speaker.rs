//! What the other side is heard from (Audio Output Devices API).

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::Array;
use wasm_bindgen::JsValue;
use web_sys::{AudioContext, HtmlVideoElement, window};

use super::{
    device::{media_devices, on_change},
    ringer::{Note, play},
};
use crate::platform::{JsObject, storage::Place};

/// Under which the one that was chosen is kept.
const KEPT: &str = "holdfast-speaker";

/// What a test sounds like, how loud it is, of 1, and how long it takes, ms.
const TEST: [Note; 3] = [(523.3, 0.0, 0.3), (659.3, 0.25, 0.55), (784.0, 0.5, 1.1)];
const LOUDNESS: f32 = 0.3;
const TESTED: u32 = 1_500;

/// The browser's own choice.
const ASK: &str = "selectAudioOutput";

/// The speakers that there are, and the elements that are heard from one of them.
#[derive(Debug, Clone)]
pub struct Speakers(Vec<HtmlVideoElement>);

impl Speakers {
    /// None where the browser lets no page choose, as none that is not secure may.
    #[must_use]
    pub fn of(elements: Vec<HtmlVideoElement>) -> Option<Self> {
        let can = |element: &HtmlVideoElement| JsObject(element.into()).can("setSinkId");
        let can = elements.iter().all(can) && media_devices().is_ok();
        can.then_some(Self(elements))
    }

    /// The `deviceId` of the one that was chosen; empty if none was.
    #[must_use]
    pub fn chosen() -> String {
        Place::Browser.load(KEPT).unwrap_or_default()
    }

    /// Is heard from that one from now on; from the system's own if it is empty.
    pub fn choose(&self, id: &str) {
        Place::Browser.keep(KEPT, Some(id).filter(|id| !id.is_empty()));
        self.use_it(id);
    }

    /// Whether the browser has a choice of its own, as Firefox 153 has.
    #[must_use]
    pub fn can_ask() -> bool {
        media_devices().is_ok_and(|devices| JsObject(devices.into()).can(ASK))
    }

    /// Lets the person choose in the browser's own way; gives what was chosen, and is heard from it.
    pub async fn ask(&self) -> Option<String> {
        let devices = JsObject(media_devices().ok()?.into());
        let id = devices.ask(ASK, &[]).await?.string("deviceId")?;
        self.choose(&id);
        Some(id)
    }

    /// Those that there are, by id and name. One that was chosen is used whenever it is among them, and the
    /// system's own while it is not.
    pub async fn look(&self) -> Vec<(String, String)> {
        let Ok(devices) = media_devices() else {
            return Vec::new();
        };
        let list = JsObject(devices.into()).ask("enumerateDevices", &[]).await;
        let list = list.map_or_else(Array::new, |list| Array::from(&list.0));
        let speakers = list.iter().filter_map(|entry| {
            let entry = JsObject(entry);
            let is_speaker = entry.string("kind")? == "audiooutput";
            let (id, label) = (entry.string("deviceId")?, entry.string("label")?);
            // The first stands for the system's own, which is the choice of none.
            let is_one = is_speaker && !matches!(id.as_str(), "" | "default");
            is_one.then_some((id, label))
        });
        let speakers: Vec<_> = speakers.collect();
        let chosen = Self::chosen();
        let is_there = speakers.iter().any(|(id, _)| *id == chosen);
        self.use_it(if is_there { &chosen } else { "" });
        speakers
    }

    /// Plays three notes where the other side is heard.
    pub fn test() {
        // Where the browser makes no sound, that is what the test shows.
        let Ok(context) = AudioContext::new() else {
            return;
        };
        let element = Self::play(&context).ok();
        Timeout::new(TESTED, move || {
            drop(context.close());
            // An element that plays lives on.
            element
                .iter()
                .for_each(|element| element.set("srcObject", &JsValue::NULL));
        })
        .forget();
    }

    fn play(context: &AudioContext) -> Result<JsObject, JsValue> {
        let out = context.create_media_stream_destination()?;
        for note in TEST {
            play(context, &out, note, LOUDNESS)?;
        }
        let page = window().and_then(|window| window.document());
        let element = page.ok_or(JsValue::NULL)?.create_element("audio")?;
        let element = JsObject(element.into());
        element.set("srcObject", &out.stream());
        element.attempt("setSinkId", &[&Self::chosen().into()]);
        element.attempt("play", &[]);
        Ok(element)
    }

    /// Calls back when one is plugged in or out.
    #[must_use]
    pub fn on_change(changed: impl Fn() + 'static) -> Option<EventListener> {
        on_change(changed)
    }

    fn use_it(&self, id: &str) {
        for element in &self.0 {
            let element = JsObject(element.into());
            if element.string("sinkId").as_deref() != Some(id) {
                element.attempt("setSinkId", &[&JsValue::from(id)]);
            }
        }
    }
}
