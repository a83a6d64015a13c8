//! Enums whose variants are words on the wire.

/// Declares an enum with the word of each variant, in one table for both directions.
macro_rules! wire_words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = concat!("`", $word, "`")] #[doc = ""] $(#[$of])* $variant,)+
        }

        impl $name {
            const WORDS: &[(Self, &'static str)] = &[$((Self::$variant, $word),)+];

            /// The variant with this word; none for a word of a later version.
            #[must_use]
            pub fn from_wire(word: &str) -> Option<Self> {
                let known = Self::WORDS.iter().find(|(_, known)| *known == word);
                known.map(|(variant, _)| *variant)
            }

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                // In the order of declaration.
                Self::WORDS[self as usize].1
            }
        }
    };
}

pub(crate) use wire_words;
