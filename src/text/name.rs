//! Names of people in sentences.

/// A name that cannot turn the sentence around it: isolated (U+2068 to U+2069) where it has other
/// letters than ours, which may run from right to left (UAX 9, 2.2).
#[must_use]
pub(super) fn isolated(name: &str) -> String {
    match name.is_ascii() {
        true => name.to_owned(),
        false => format!("\u{2068}{name}\u{2069}"),
    }
}

/// What stands for somebody who has no picture; the style sheet makes a capital of it.
#[must_use]
pub fn initial(name: &str) -> String {
    name.chars().take(1).collect()
}
