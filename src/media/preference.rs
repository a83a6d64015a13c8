//! A person's preferences for camera and microphone.

use crate::platform::storage::Place;

/// Which kind of local media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Video.
    Camera,
    /// Audio.
    Microphone,
}

impl Source {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Camera, Self::Microphone];

    /// Under which its preference is kept.
    fn key(self) -> &'static str {
        match self {
            Self::Camera => "holdfast-camera",
            Self::Microphone => "holdfast-microphone",
        }
    }
}

/// A person's preference for one source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourcePreference {
    /// Not at all.
    pub off: bool,
    /// This device, by its `deviceId`; whichever the browser likes if none.
    pub device: Option<String>,
    /// The height of the picture in pixels, as near as the camera can.
    pub height: Option<u32>,
}

impl SourcePreference {
    /// Nothing of that source.
    pub const OFF: Self = Self {
        off: true,
        device: None,
        height: None,
    };

    /// What was kept: device and height by this browser; that it is off, by this tab.
    pub(super) fn load(source: Source) -> Self {
        let kept = Place::Browser.load(source.key()).unwrap_or_default();
        let (device, height) = kept.split_once('\n').unwrap_or_default();
        Self {
            off: Place::Tab.load(source.key()).is_some(),
            device: Some(device.to_owned()).filter(|device| !device.is_empty()),
            height: height.parse().ok(),
        }
    }

    /// Keeps it for the next page.
    pub(super) fn keep(&self, source: Source) {
        let device = self.device.as_deref().unwrap_or_default();
        let height = self.height.map(|height| height.to_string());
        let height = height.unwrap_or_default();
        let is_usual = device.is_empty() && height.is_empty();
        let text = format!("{device}\n{height}");
        Place::Browser.keep(source.key(), Some(&*text).filter(|_| !is_usual));
        Place::Tab.keep(source.key(), Some("off").filter(|_| self.off));
    }
}
