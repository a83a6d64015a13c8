//! Values that this browser keeps for this site, as they are, also where they are no text
//! (IndexedDB). A private window keeps them until it is closed.

use gloo_events::EventListener;
use js_sys::Promise;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbObjectStore, IdbRequest, IdbTransactionMode, window};

const NAME: &str = "holdfast";
const STORE: &str = "kept";

/// The value under that key; none if there is none, or the browser keeps nothing.
pub async fn load(key: &str) -> Option<JsValue> {
    let store = store(IdbTransactionMode::Readonly).await.ok()?;
    let value = done(&store.get(&key.into()).ok()?).await.ok()?;
    Some(value).filter(|value| !value.is_undefined())
}

/// Keeps a value under that key, if the browser can.
pub async fn keep(key: &str, value: &JsValue) {
    if let Ok(store) = store(IdbTransactionMode::Readwrite).await
        && let Ok(request) = store.put_with_key(value, &key.into())
    {
        // A full or forbidden database means a browser that is not known again.
        let _ = done(&request).await;
    }
}

/// Forgets everything.
pub async fn clear() {
    if let Ok(store) = store(IdbTransactionMode::Readwrite).await
        && let Ok(request) = store.clear()
    {
        let _ = done(&request).await;
    }
}

async fn store(mode: IdbTransactionMode) -> Result<IdbObjectStore, JsValue> {
    let factory = window().ok_or(JsValue::NULL)?.indexed_db()?;
    let request = factory.ok_or(JsValue::NULL)?.open(NAME)?;
    let fresh = request.clone();
    let _made = EventListener::once(&request, "upgradeneeded", move |_| {
        if let Ok(database) = fresh.result() {
            let database: IdbDatabase = database.unchecked_into();
            let _ = database.create_object_store(STORE);
        }
    });
    let database: IdbDatabase = done(&request).await?.unchecked_into();
    let transaction = database.transaction_with_str_and_mode(STORE, mode)?;
    transaction.object_store(STORE)
}

async fn done(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let promise = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    JsFuture::from(promise).await?;
    request.result()
}
