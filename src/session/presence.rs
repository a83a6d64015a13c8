//! The people here, in the order of the alphabet.

use std::cmp::Ordering;

use js_sys::{JsString, RegExp};

/// Somebody who is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their name; nobody else in the room has it.
    pub name: String,
    /// Whether they can be called.
    pub status: PersonStatus,
}

/// Whether somebody can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonStatus {
    /// They can.
    Free,
    /// They are in a call.
    Busy,
    /// Their link to the server is lost; a call rings when they are back.
    Away,
}

/// Everybody who is here. Made for some ten thousand: one who comes or goes moves the others in
/// memory, and nothing else.
#[derive(Debug, Clone, Default)]
pub struct Presence(Vec<Person>);

impl Presence {
    /// These and nobody else. Our server gives many in their order.
    #[must_use]
    pub fn new(free: Vec<String>, busy: Vec<String>, away: Vec<String>) -> Self {
        let mut people = Self::default();
        people.change(free, busy, away, &[]);
        people
    }

    /// These have come or changed, and these are gone.
    pub fn change(
        &mut self,
        free: Vec<String>,
        busy: Vec<String>,
        away: Vec<String>,
        gone: &[String],
    ) {
        for name in gone {
            self.remove(name);
        }
        for (names, status) in [
            (free, PersonStatus::Free),
            (busy, PersonStatus::Busy),
            (away, PersonStatus::Away),
        ] {
            for name in names {
                self.put(name, status);
            }
        }
    }

    /// Somebody comes, or their call has begun or ended.
    pub fn put(&mut self, name: String, status: PersonStatus) {
        match self.find(&name) {
            Ok(place) => self.0[place].status = status,
            Err(place) => self.0.insert(place, Person { name, status }),
        }
    }

    /// Somebody goes.
    pub fn remove(&mut self, name: &str) {
        if let Ok(place) = self.find(name) {
            self.0.remove(place);
        }
    }

    /// Whether somebody can be called; none if they are not here.
    #[must_use]
    pub fn status(&self, name: &str) -> Option<PersonStatus> {
        let place = self.find(name).ok()?;
        Some(self.0[place].status)
    }

    /// Whether somebody's link to the server is lost.
    #[must_use]
    pub fn is_away(&self, name: &str) -> bool {
        self.status(name) == Some(PersonStatus::Away)
    }

    /// Whether somebody is here.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those whose names hold these letters, whether large or small, with accents or without.
    pub fn named_like(&self, letters: &str) -> impl Iterator<Item = &Person> {
        let marks = RegExp::new(r"[\u0300-\u036f]", "g");
        let letters = String::from(plain(letters, &marks));
        // Without any, no name is looked at.
        let holds = move |person: &&Person| {
            letters.is_empty() || plain(&person.name, &marks).includes(&letters, 0)
        };
        self.0.iter().filter(holds)
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        match self.0.last() {
            Some(last) if order(&last.name, name).is_ge() => {
                self.0.binary_search_by(|person| order(&person.name, name))
            }
            // Behind all others, as each of many is that come in their order.
            _ => Err(self.0.len()),
        }
    }
}

/// Small letters, and none of the marks above and below them.
fn plain(text: &str, marks: &RegExp) -> JsString {
    let parts = JsString::from(text).normalize("NFD").to_lower_case();
    parts.replace_by_pattern(marks, "")
}

/// Large and small letters side by side; names that differ in nothing else have an order too.
fn order(one: &str, other: &str) -> Ordering {
    let folded = one
        .bytes()
        .map(|byte| byte.to_ascii_lowercase())
        .cmp(other.bytes().map(|byte| byte.to_ascii_lowercase()));
    folded.then_with(|| one.cmp(other))
}
