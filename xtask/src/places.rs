//! The places in the sources that panics would name, and what some of them would say.
//!
//! The compiler puts a `core::panic::Location` (file, line, column) beside whatever may panic, and where
//! a page runs there is nothing that the message could be written to. So all of them name the same:
//! nothing. That is 2 kB of the first load.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::wasm::{Reader, change_sections};

/// The section of a module that fills its memory (WebAssembly core specification, 5.5.14).
const DATA: u8 = 11;

/// A `Location` in memory: where the file's name is and how long, the line, the column.
const LOCATION: usize = 16;

/// An empty name, which has to be somewhere, and no place in it.
const NOWHERE: [u8; LOCATION] = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// The longest sentences of panics that the libraries below the page can end in. One that is not there any more is
/// not found, which costs nothing but its bytes.
const SENTENCES: [&str; 50] = [
    "internal error: entered unreachable code: The JS binding should only ever produce a valid value or the specific 'invalid' value",
    "Dereferenced SendWrapper<T> variable from a thread different to the one it has been created with.",
    "internal error: entered unreachable code: JsValue passed is not an Error type -- this is a bug",
    "use of std::thread::current() is not possible after the thread's local data has been destroyed",
    "Dropped SendWrapper<T> variable from a thread different to the one it has been created with.",
    "a formatting trait implementation returned an error when the underlying stream did not",
    "Executor::spawn_local called, but no global 'spawn_local' function is configured.",
    "recursive use of an object detected which would lead to unsafe aliasing in rust",
    "internal error: entered unreachable code: message event, received Unknown: ",
    "cannot access a Thread Local Storage value during or after destruction: ",
    "cannot convert float seconds to Duration: value is either too big or NaN",
    "buffer space exhausted; sending this messages would overflow the state",
    "Executor::spawn called, but no global 'spawn' function is configured.",
    "the guard should always be in place until the Drop implementation",
    "Tried to access a reactive value that has already been disposed.",
    "Attempted to initialize thread-local while it is being dropped",
    "cannot convert float seconds to Duration: value is negative",
    "one-time initialization may not be performed recursively",
    "a Display implementation returned an error unexpectedly",
    "failed to generate unique thread ID: bitspace exhausted",
    "attempt to join into collection with len > usize::MAX",
    "cannot clone `Sender` -- too many outstanding senders",
    "closure invoked recursively or after being dropped",
    "called `Option::unwrap_throw()` on a `None` value",
    "called `Result::unwrap_throw()` on an `Err` value",
    "assertion failed: psize <= size + max_overhead",
    "assertion failed: psize >= size + min_overhead",
    "LazyCell instance has previously been poisoned",
    "overflow when multiplying duration by scalar",
    "js_value passed has no string representation",
    "called `Option::unwrap()` on a `None` value",
    "called `Result::unwrap()` on an `Err` value",
    "Once instance has previously been poisoned",
    "assertion failed: (*next).value.is_some()",
    "assertion failed: (*tail).value.is_none()",
    "No guard available even without polling",
    "QueueHead dropped without a waker list",
    "Tried to shrink to a larger capacity",
    "`async fn` resumed after completion",
    "overflow when subtracting durations",
    "Got a QuickInitGuard in slow init",
    "cannot recursively acquire mutex",
    "finish: callbacks should be Some",
    "RefCell already mutably borrowed",
    "Polled future after completion",
    "Polled future after finished",
    "FnOnce called more than once",
    "Hash table capacity overflow",
    "overflow in Duration::new",
    "cannot poll Select twice",
];

/// Takes them out of a module.
pub(crate) fn forget(file: &Path) -> Result<()> {
    let module = change_sections(&std::fs::read(file)?, |id, body| match id {
        DATA => without_places(body),
        _ => Ok(body.to_vec()),
    })?;
    std::fs::write(file, module)?;
    Ok(())
}

/// A piece of memory, and where in the section it is.
struct Segment {
    address: usize,
    start: usize,
    size: usize,
}

fn without_places(section: &[u8]) -> Result<Vec<u8>> {
    let segments = segments(section).context("the data of a module")?;
    let mut out = section.to_vec();
    for segment in &segments {
        // A `Location` is aligned as its numbers are.
        let first = segment.address.next_multiple_of(4) - segment.address;
        let last = segment.size.saturating_sub(LOCATION - 1);
        for place in (first..last).step_by(4).map(|at| segment.start + at) {
            let Some(name) = file_name(section, &segments, place) else {
                continue;
            };
            out[name].fill(0);
            out[place..place + LOCATION].copy_from_slice(&NOWHERE);
        }
    }
    for sentence in SENTENCES.map(str::as_bytes) {
        let mut windows = out.windows(sentence.len());
        if let Some(at) = windows.position(|window| window == sentence) {
            out[at..at + sentence.len()].fill(0);
        }
    }
    Ok(out)
}

/// Where in the section the name of a source file is that a `Location` there would name.
fn file_name(section: &[u8], segments: &[Segment], place: usize) -> Option<std::ops::Range<usize>> {
    let word = |nth: usize| {
        let at = place + 4 * nth;
        let bytes = section.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    let (address, length, line, column) = (word(0)?, word(1)?, word(2)?, word(3)?);
    let is_place = (4..300).contains(&length) && line > 0 && (1..1000).contains(&column);
    let in_segment = |segment: &&Segment| {
        segment.address <= address && address + length <= segment.address + segment.size
    };
    let segment = segments.iter().find(in_segment).filter(|_| is_place)?;
    let start = segment.start + address - segment.address;
    let name = start..start + length;
    section[name.clone()].ends_with(b".rs").then_some(name)
}

/// The pieces of memory that the section fills.
fn segments(section: &[u8]) -> Result<Vec<Segment>> {
    let mut reader = Reader { bytes: section };
    let count = reader.number()?;
    let mut segments = Vec::new();
    for _ in 0..count {
        let kind = reader.number()?;
        // Of an active one, the address: `i32.const`, a number, `end`.
        let address = match kind {
            0 => {
                ensure!(reader.take(1)? == [0x41], "an address that is no constant");
                let address = reader.number()?;
                ensure!(reader.take(1)? == [0x0b], "an address with more to it");
                address
            }
            _ => anyhow::bail!("a piece of another kind"),
        };
        let size = reader.number()?;
        let start = section.len() - reader.bytes.len();
        reader.take(size)?;
        segments.push(Segment {
            address,
            start,
            size,
        });
    }
    Ok(segments)
}

#[cfg(test)]
mod tests {
    use super::{NOWHERE, SENTENCES, without_places};

    /// Two pieces of memory: a text with a file's name in it at 100, and at 200 what follows.
    fn section(words: [u32; 4]) -> Vec<u8> {
        let text = b"not hereawayk.rskept";
        let mut section = vec![2, 0, 0x41, 100, 0x0b, text.len() as u8];
        section.extend(text);
        section.extend([0, 0x41, 0xc8, 0x01, 0x0b, 16]);
        section.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        section
    }

    #[test]
    fn a_place_and_its_name_are_gone_and_nothing_else_is() {
        let out = without_places(&section([112, 4, 70, 9])).expect("a section");
        assert_eq!(&out[6..26], b"not hereaway\0\0\0\0kept");
        assert_eq!(out[32..], NOWHERE);
    }

    #[test]
    fn a_sentence_is_gone_and_what_is_beside_it_is_not() {
        let text = format!("<{}>", SENTENCES[5]);
        let mut section = vec![1, 0, 0x41, 100, 0x0b, text.len() as u8];
        section.extend(text.bytes());
        let out = without_places(&section).expect("a section");
        assert_eq!(out[6..8], [b'<', 0]);
        assert_eq!(out[out.len() - 2..], [0, b'>']);
    }

    #[test]
    fn what_only_looks_alike_stays() {
        // Another text, no line, and a name that is in no piece of memory.
        for words in [[108, 4, 70, 9], [112, 4, 0, 9], [500, 4, 70, 9]] {
            let section = section(words);
            assert_eq!(without_places(&section).expect("a section"), section);
        }
    }
}
