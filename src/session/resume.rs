//! What a page remembers of itself when it is loaded anew: `sessionStorage`, one line a field.

use holdfast_call::CallRecord;
use holdfast_protocol::CallId;
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::Storage;

const KEY: &str = "holdfast";

/// A session, and the call in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Memory {
    /// The id that the server knows the session by; empty with a server that knows none.
    pub(super) session: String,
    pub(super) name: String,
    pub(super) call: CallRecord,
}

/// Remembers that, or nothing.
pub(super) fn remember(memory: Option<&Memory>) {
    let Some(storage) = storage() else { return };
    // A full or forbidden storage means a page that does not come back; the call goes on.
    let _ = match memory {
        Some(memory) => storage.set_item(KEY, &memory.write()),
        None => storage.remove_item(KEY),
    };
}

/// What was remembered before the page was loaded anew.
pub(super) fn recall() -> Option<Memory> {
    Memory::read(&storage()?.get_item(KEY).ok()??)
}

/// Whether no other tab is in that session: a tab that was duplicated has the same memory. The
/// browser holds the claim until the page is gone, however it goes.
pub(super) async fn claim(session: &str) -> bool {
    if session.is_empty() {
        // A server that knows no sessions: there is nothing that two tabs could both be in.
        return true;
    }
    let request = || {
        let navigator = Reflect::get(&js_sys::global(), &"navigator".into())?;
        let locks = Reflect::get(&navigator, &"locks".into())?;
        let request: Function = Reflect::get(&locks, &"request".into())?.dyn_into()?;
        let options = Object::new();
        Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE)?;
        let claimed = Promise::new(&mut |resolve, _| {
            let callback = Closure::once_into_js(move |lock: JsValue| {
                let granted = JsValue::from_bool(lock.is_object());
                let _ = resolve.call1(&JsValue::NULL, &granted);
                // Held for ever: the promise is never resolved.
                match lock.is_object() {
                    true => Promise::new(&mut |_, _| {}).into(),
                    false => JsValue::UNDEFINED,
                }
            });
            let arguments = Array::of3(&session.into(), &options, &callback);
            let _ = request.apply(&locks, &arguments);
        });
        Ok::<_, JsValue>(claimed)
    };
    match request() {
        Ok(claimed) => JsFuture::from(claimed)
            .await
            .is_ok_and(|granted| granted.is_truthy()),
        // A page without secure origin has no locks, and no camera either.
        Err(_) => true,
    }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.session_storage().ok()?
}

impl Memory {
    fn write(&self) -> String {
        let call = &self.call;
        let merged = call.merged.as_ref();
        let fields = [
            self.session.clone(),
            self.name.clone(),
            call.peer.clone(),
            call.call.page.clone(),
            call.call.nth.to_string(),
            merged.map(|call| call.page.clone()).unwrap_or_default(),
            merged.map_or(0, |call| call.nth).to_string(),
            u32::from(call.polite).to_string(),
            call.life.to_string(),
            call.leg.to_string(),
        ];
        fields.join("\n")
    }

    fn read(text: &str) -> Option<Self> {
        let mut fields = text.split('\n');
        let session = fields.next()?.to_owned();
        let name = fields.next()?.to_owned();
        let peer = fields.next()?.to_owned();
        let mut call = || {
            let page = fields.next()?.to_owned();
            let nth = fields.next()?.parse().ok()?;
            Some(CallId { page, nth })
        };
        let (call, merged) = (call()?, call()?);
        let mut number = || fields.next()?.parse::<u32>().ok();
        let call = CallRecord {
            peer,
            call,
            merged: Some(merged).filter(|merged| !merged.page.is_empty()),
            polite: number()? > 0,
            life: number()?,
            leg: number()?,
        };
        Some(Self {
            session,
            name,
            call,
        })
    }
}
