//! Sentences in the reader's language. What stands in the sources is English, and the key of what stands for it in
//! other languages (locales/, a file each); `cargo xtask test walls` checks that none lacks any.

use super::name::isolated;
use crate::platform::locale::translated;

/// A label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word(pub(super) &'static str);

impl From<Word> for String {
    fn from(word: Word) -> Self {
        say(word.0)
    }
}

/// That sentence.
pub(super) fn say(english: &str) -> String {
    translated(english).unwrap_or_else(|| english.to_owned())
}

/// That sentence, with values in the place of their names in braces.
pub(super) fn fill(english: &str, values: &[(&str, &str)]) -> String {
    let sentence = say(english);
    let mut parts = sentence.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or_default();
        let value = values.iter().find(|(known, _)| *known == name);
        filled.push_str(value.map_or("", |(_, value)| value));
        filled.push_str(rest);
    }
    filled
}

/// That sentence about somebody, who is `{peer}` in it.
pub(super) fn of(english: &str, peer: &str) -> String {
    fill(english, &[("peer", &isolated(peer))])
}
