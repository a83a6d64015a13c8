//! Names as people see them: what may stand in one, and which look alike.

use holdfast_protocol::MAX_NAME_CHARS;
use precis_core::{DerivedPropertyValue, FreeformClass, StringClass};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_security::skeleton;

/// The blank of Braille counts as a symbol, and shows nothing.
const BLANK: char = '\u{2800}';

/// The plane of tags and variations, and a variation of Mongolian, shows nothing either.
const TAGS: std::ops::RangeInclusive<char> = '\u{e0000}'..='\u{e0fff}';
const VARIATION: char = '\u{180f}';

/// A name as it may be shown (RFC 8266, 2.1: spaces made one, NFKC, case kept), without anything that
/// cannot be seen or that turns what stands beside it around; cut to its length. None if nothing is
/// left.
pub(super) fn plain(wanted: &str) -> Option<String> {
    let seen: String = wanted.chars().filter(is_seen).nfkc().collect();
    let words: Vec<&str> = seen.split_whitespace().collect();
    let name: String = words.join(" ").chars().take(MAX_NAME_CHARS).collect();
    let name = name.trim_end();
    (!name.is_empty()).then(|| name.to_owned())
}

/// Whether a character belongs to the freeform class (RFC 8264, 4.3), or would, had it been known in
/// the Unicode (6.3) that the class is made of.
fn is_seen(c: &char) -> bool {
    match FreeformClass::default().get_value_from_char(*c) {
        DerivedPropertyValue::PValid | DerivedPropertyValue::SpecClassPval => *c != BLANK,
        DerivedPropertyValue::Unassigned => {
            let is_other = matches!(
                c.general_category_group(),
                GeneralCategoryGroup::Other | GeneralCategoryGroup::Separator
            );
            !is_other && !TAGS.contains(c) && *c != VARIATION
        }
        DerivedPropertyValue::SpecClassDis
        | DerivedPropertyValue::ContextJ
        | DerivedPropertyValue::ContextO
        | DerivedPropertyValue::Disallowed => false,
    }
}

/// The same for all names that people take for one another (UTS 39, 4), whatever their case.
pub(super) fn likeness(name: &str) -> String {
    // A capital I looks like a small l, so case comes second; and what it makes may look like
    // something else again.
    let shape: String = skeleton(name).collect();
    let lower = shape.to_lowercase();
    skeleton(&lower).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_cannot_be_seen_is_in_a_name() {
        for (wanted, shown) in [
            ("Ann", Some("Ann")),
            ("  Ann \u{a0} Lee ", Some("Ann Lee")),
            ("A\u{200b}n\u{ad}n\u{feff}", Some("Ann")),
            ("\u{202e}nnA", Some("nnA")),
            ("\u{2066}Ann\u{2069}", Some("Ann")),
            ("Zo\u{7}e", Some("Zoe")),
            ("Zoe\u{301}", Some("Zo\u{e9}")),
            ("\u{ff21}nn", Some("Ann")),
            ("\u{2800}\u{2800}", None),
            ("\u{3164}", None),
            ("\u{200d}", None),
            (" \u{2003} ", None),
            ("", None),
            ("이재명", Some("이재명")),
            ("فاطمة", Some("فاطمة")),
            ("🦊 Max", Some("🦊 Max")),
            ("\u{e0041}\u{13430}\u{180f}", None),
        ] {
            assert_eq!(plain(wanted).as_deref(), shown, "{wanted:?}");
        }
    }

    #[test]
    fn a_name_is_cut_to_its_length_and_ends_in_no_space() {
        assert_eq!(plain(&"é".repeat(100)), Some("é".repeat(40)));
        let spaced = format!("{} b", "a".repeat(39));
        assert_eq!(plain(&spaced), Some("a".repeat(39)));
    }

    #[test]
    fn names_that_look_alike_are_alike_and_others_are_not() {
        let ann = likeness("Ann");
        for alike in ["ann", "ANN", "\u{410}nn", "Ann"] {
            assert_eq!(likeness(alike), ann, "{alike}");
        }
        assert_eq!(likeness("Alice"), likeness("A\u{49}ice"), "capital i");
        assert_eq!(likeness("B\u{43e}b"), likeness("Bob"), "a Cyrillic o");
        let apart = ["Ann", "Anna", "Ann2", "Ann3", "Bob", "Zoe", "Zo\u{e9}"];
        for (n, one) in apart.iter().enumerate() {
            for other in &apart[n + 1..] {
                assert_ne!(likeness(one), likeness(other), "{one} {other}");
            }
        }
    }
}
