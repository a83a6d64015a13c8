//! A person's preferences for camera and microphone.

/// Which kind of local media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Video.
    Camera,
    /// Audio.
    Microphone,
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
}
