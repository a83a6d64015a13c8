//! Values that are kept for this site, as text.

use web_sys::{Storage, window};

/// Where a value is kept, and so for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// By this tab, through a reload (`sessionStorage`).
    Tab,
    /// By this browser, for all its tabs, through a restart (`localStorage`). A private window keeps it
    /// until it is closed.
    Browser,
}

impl Place {
    /// The value under that key.
    #[must_use]
    pub fn load(self, key: &str) -> Option<String> {
        self.storage()?.get_item(key).ok()?
    }

    /// Keeps text under that key, or nothing.
    pub fn keep(self, key: &str, text: Option<&str>) {
        let Some(storage) = self.storage() else {
            return;
        };
        // A full or forbidden storage means a page that remembers nothing.
        let _ = match text {
            Some(text) => storage.set_item(key, text),
            None => storage.remove_item(key),
        };
    }

    fn storage(self) -> Option<Storage> {
        let window = window()?;
        match self {
            Self::Tab => window.session_storage().ok()?,
            Self::Browser => window.local_storage().ok()?,
        }
    }
}
