//! The clipboard, where there is one and where there is none.

use holdfast::platform::clipboard;
use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// A page that came over http has no `navigator.clipboard`.
#[wasm_bindgen_test]
async fn a_page_without_a_clipboard_goes_on() {
    let navigator = web_sys::window().expect("a window").navigator();
    let none = Object::new();
    Reflect::set(&none, &"configurable".into(), &JsValue::TRUE).expect("is set");
    Reflect::set(&none, &"value".into(), &JsValue::UNDEFINED).expect("is set");
    Object::define_property(&navigator, &"clipboard".into(), &none);
    assert!(!clipboard::write("a link").await);
    Reflect::delete_property(&navigator, &"clipboard".into()).expect("is there again");
    // Whether this browser lets a page copy that nobody looks at is its own matter.
    let _ = clipboard::write("a link").await;
}
