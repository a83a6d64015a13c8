//! A person's preferences for camera and microphone.

use super::facing::Facing;
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

    /// The kind of its tracks.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Camera => "video",
            Self::Microphone => "audio",
        }
    }

    /// Under which its preference is kept.
    fn key(self) -> &'static str {
        match self {
            Self::Camera => "holdfast-camera",
            Self::Microphone => "holdfast-microphone",
        }
    }
}

/// What is taken of what a microphone hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sound {
    /// As the browser likes: it takes out echo and noise.
    #[default]
    Automatic,
    /// Voices, and as little as can be of what is around them.
    Voice,
    /// Everything, such as music.
    Everything,
}

impl Sound {
    /// Its name, as it is kept; empty for what the browser likes.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Automatic => "",
            Self::Voice => "voice",
            Self::Everything => "all",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn of(key: &str) -> Self {
        match key {
            "voice" => Self::Voice,
            "all" => Self::Everything,
            _ => Self::Automatic,
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
    /// In this call, the camera that looks that way, rather than the device.
    pub facing: Option<Facing>,
    /// The height of the picture in pixels, as near as the camera can.
    pub height: Option<u32>,
    /// What is taken of its sound.
    pub sound: Sound,
}

impl SourcePreference {
    /// Nothing of that source.
    pub const OFF: Self = Self {
        off: true,
        device: None,
        facing: None,
        height: None,
        sound: Sound::Automatic,
    };

    /// What was kept: device and height by this browser; that it is off, and which way it looks, by this tab.
    pub(super) fn load(source: Source) -> Self {
        let kept = Place::Browser.load(source.key()).unwrap_or_default();
        let mut kept = kept.split('\n');
        let mut line = || kept.next().unwrap_or_default();
        let (device, height, sound) = (line(), line(), line());
        let of_tab = Place::Tab.load(source.key()).unwrap_or_default();
        let (off, facing) = of_tab.split_once('\n').unwrap_or((&of_tab, ""));
        Self {
            off: !off.is_empty(),
            device: Some(device.to_owned()).filter(|device| !device.is_empty()),
            facing: Facing::read(facing),
            height: height.parse().ok(),
            sound: Sound::of(sound),
        }
    }

    /// Keeps it for the next page.
    pub(super) fn keep(&self, source: Source) {
        let device = self.device.as_deref().unwrap_or_default();
        let height = self.height.map(|height| height.to_string());
        let height = height.unwrap_or_default();
        let text = format!("{device}\n{height}\n{}", self.sound.key());
        let is_usual = text.len() == 2;
        Place::Browser.keep(source.key(), Some(&*text).filter(|_| !is_usual));
        let off = if self.off { "off" } else { "" };
        let of_tab = [off, self.facing.map_or("", Facing::word)].join("\n");
        let is_usual = of_tab.len() == 1;
        Place::Tab.keep(source.key(), Some(&*of_tab).filter(|_| !is_usual));
    }
}
