//! One room: who is in it under which name, and which changes of presence the others have yet to be
//! sent.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use super::{
    key::Key,
    lines::{Line, Lines},
    name::{likeness, plain},
    news::{News, Statuses},
    presence::{PresenceFeed, Status},
};

/// The name of a client that gives none.
const NO_NAME: &str = "Guest";

/// Numbers are tried in turn up to this one, then at random.
const LAST_IN_TURN: u32 = 20;

/// The least time between two changes sent to a room, for each person in it.
const TIME_PER_PERSON: Duration = Duration::from_micros(100);

/// The least time between two whole lists, for each person on them.
const LIST_TIME_PER_PERSON: Duration = Duration::from_millis(1);

/// The room of one person alone, in the place of a lobby where nobody is to see anybody. Nobody can ask for a room of
/// such a name.
pub(super) fn alone(key: Key) -> Arc<str> {
    format!("{ALONE}{key}").into()
}

const ALONE: char = '~';

/// Whether somebody is alone in that room, and always will be.
pub(crate) fn is_alone(room: &str) -> bool {
    room.starts_with(ALONE)
}

/// Everybody in one room.
#[derive(Default)]
pub(super) struct Room {
    /// In the order of arrival, which is the order of the user list.
    people: BTreeMap<Key, Member>,
    names: HashMap<Arc<str>, Key>,
    /// The same, by what a name looks like: no two may look alike.
    likenesses: HashMap<String, Key>,
    /// Names of people whose session is over, by what they look like: whose they are, and until when
    /// nobody else gets them.
    kept: HashMap<String, (u64, Instant)>,
    /// Counts the changes sent.
    version: u32,
    /// Names whose status has changed since the last of them, and what it was.
    changed: BTreeMap<Arc<str>, Option<Status>>,
    /// No change is sent before that.
    due: Option<Instant>,
    /// The sample's clients have yet to be sent a list, and are not before that.
    list_owed: bool,
    list_due: Option<Instant>,
    pub(super) lines: Lines,
    /// How many of the people are of other servers.
    remote: usize,
}

struct Member {
    name: Arc<str>,
    in_call: bool,
    away: bool,
    feed: PresenceFeed,
}

impl Member {
    fn status(&self) -> Status {
        match (self.in_call, self.away) {
            (true, _) => Status::Busy,
            (false, true) => Status::Away,
            (false, false) => Status::Free,
        }
    }
}

impl Room {
    pub(super) fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.people.len()
    }

    /// Everybody, in the order of arrival.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        self.people.keys().copied()
    }

    /// The client of that name.
    pub(super) fn find(&self, name: &str) -> Option<Key> {
        self.names.get(name).copied()
    }

    /// Whether somebody of this server is in it.
    pub(super) fn has_local(&self) -> bool {
        self.remote < self.people.len()
    }

    /// Whether somebody can be called.
    pub(super) fn status(&self, key: Key) -> Option<Status> {
        self.people.get(&key).map(Member::status)
    }

    /// The line that is on its way, and some who are to be handed it now.
    pub(super) fn next_line(&mut self) -> Option<(Line, Vec<Key>)> {
        self.lines.next(self.people.keys().copied())
    }

    /// How somebody learns who is here.
    pub(super) fn feed(&self, key: Key) -> Option<PresenceFeed> {
        self.people.get(&key).map(|member| member.feed)
    }

    /// Who has a name that looks like that.
    pub(super) fn find_alike(&self, likeness: &str) -> Option<Key> {
        self.likenesses.get(likeness).copied()
    }

    /// A name is that owner's until then, though nobody has it.
    pub(super) fn keep(&mut self, name: &str, owner: u64, until: Instant) {
        let now = Instant::now();
        self.kept.retain(|_, (_, until)| *until > now);
        self.kept.insert(likeness(name), (owner, until));
    }

    /// Somebody comes in, or takes another name. Gives what they are called: what they ask for, or
    /// the nearest that is free; or kept for them.
    pub(super) fn enter(
        &mut self,
        key: Key,
        wanted: &str,
        owner: Option<u64>,
        feed: PresenceFeed,
    ) -> Arc<str> {
        // Of another server's client, as that has it: who must give way is told there.
        let alike = self.find_alike(&likeness(wanted));
        let is_theirs = feed == PresenceFeed::Remote && alike.is_none_or(|has| has == key);
        let name = match is_theirs {
            true => wanted.into(),
            false => self.free_name(key, wanted, owner),
        };
        match self.people.get_mut(&key) {
            Some(member) if member.name == name => {
                self.list_owed = true;
                return name;
            }
            Some(member) => {
                let status = member.status();
                let before = std::mem::replace(&mut member.name, name.clone());
                self.forget_name(&before);
                self.mark_changed(before, Some(status));
            }
            None => {
                let member = Member {
                    name: name.clone(),
                    in_call: false,
                    away: false,
                    feed,
                };
                self.remote += usize::from(feed == PresenceFeed::Remote);
                self.people.insert(key, member);
            }
        }
        self.names.insert(name.clone(), key);
        self.likenesses.insert(likeness(&name), key);
        self.mark_changed(name.clone(), None);
        self.list_owed = true;
        name
    }

    /// Somebody leaves their name to another. Gives the one they have in its place.
    pub(super) fn rename(&mut self, key: Key) -> Arc<str> {
        let Some(name) = self.people.get(&key).map(|member| member.name.clone()) else {
            return NO_NAME.into();
        };
        // Nobody has this key, so the name counts as taken.
        self.likenesses.insert(likeness(&name), Key::MAX);
        let given = self.enter(key, &name, None, PresenceFeed::Changes);
        self.forget_name(&name);
        given
    }

    /// Somebody is elsewhere from now on, or here.
    pub(super) fn set_feed(&mut self, key: Key, feed: PresenceFeed) {
        if let Some(member) = self.people.get_mut(&key) {
            let is_remote = |feed| usize::from(feed == PresenceFeed::Remote);
            self.remote = self.remote + is_remote(feed) - is_remote(member.feed);
            member.feed = feed;
        }
    }

    fn free_name(&self, key: Key, wanted: &str, owner: Option<u64>) -> Arc<str> {
        let base = plain(wanted).unwrap_or_else(|| NO_NAME.to_owned());
        let now = Instant::now();
        let is_free = |name: &str| {
            let likeness = likeness(name);
            let has = self.likenesses.get(&likeness);
            let kept = self.kept.get(&likeness).filter(|(_, until)| *until > now);
            has.is_none_or(|has| *has == key) && kept.is_none_or(|(of, _)| Some(*of) == owner)
        };
        let mut name = base.clone();
        let mut number = 2_u32;
        while !is_free(&name) {
            name = format!("{base}{number}");
            number = match number {
                // Who looks for the next free number among thousands keeps everybody waiting.
                LAST_IN_TURN.. => getrandom::u32().unwrap_or(number) % 1_000_000_000,
                _ => number + 1,
            };
        }
        name.into()
    }

    fn forget_name(&mut self, name: &str) {
        self.names.remove(name);
        self.likenesses.remove(&likeness(name));
    }

    /// Somebody is gone.
    pub(super) fn leave(&mut self, key: Key) {
        if let Some(member) = self.people.remove(&key) {
            self.remote -= usize::from(member.feed == PresenceFeed::Remote);
            self.forget_name(&member.name);
            let status = member.status();
            self.mark_changed(member.name, Some(status));
            self.list_owed = true;
        }
    }

    /// Somebody is in a call, or is not. Whether that is news.
    pub(super) fn set_in_call(&mut self, key: Key, in_call: bool) -> bool {
        self.change(key, |member| member.in_call = in_call)
    }

    /// Somebody's link to the server is lost, or is not. Whether that is news.
    pub(super) fn set_away(&mut self, key: Key, away: bool) -> bool {
        self.change(key, |member| member.away = away)
    }

    /// Whether that changes somebody's status.
    fn change(&mut self, key: Key, change: impl FnOnce(&mut Member)) -> bool {
        let Some(member) = self.people.get_mut(&key) else {
            return false;
        };
        let before = member.status();
        change(member);
        if member.status() == before {
            return false;
        }
        let name = member.name.clone();
        self.mark_changed(name, Some(before));
        true
    }

    /// Somebody comes back who knew everything up to `version`. Whether they have to be told more.
    pub(super) fn come_back(&mut self, key: Key, version: Option<u32>) -> bool {
        let Some(member) = self.people.get_mut(&key) else {
            return false;
        };
        // Who has yet to be told everything cannot know it.
        let is_late = version != Some(self.version) || member.feed == PresenceFeed::Snapshot;
        member.feed = match is_late {
            true => PresenceFeed::Snapshot,
            false => PresenceFeed::Changes,
        };
        is_late
    }

    /// Notes the status that the others were told last, unless that is noted already.
    fn mark_changed(&mut self, name: Arc<str>, before: Option<Status>) {
        self.changed.entry(name).or_insert(before);
    }

    /// What people have yet to be told, if they are to be told of something now; and whether something is left
    /// for later.
    pub(super) fn take_news(&mut self, now: Instant) -> (Option<News>, bool) {
        if self.due.is_some_and(|due| due > now) {
            return (None, true);
        }
        let people = u32::try_from(self.people.len()).unwrap_or(u32::MAX);
        self.due = Some(now + TIME_PER_PERSON * people);
        let wants = |feed| self.people.values().any(|member| member.feed == feed);
        self.list_owed &= wants(PresenceFeed::Lists);
        let is_due = self.list_due.is_none_or(|due| due <= now);
        let names = || self.people.values().map(|member| member.name.clone());
        let list = (self.list_owed && is_due).then(|| names().collect());
        if list.is_some() {
            self.list_due = Some(now + LIST_TIME_PER_PERSON * people);
            self.list_owed = false;
        }
        let has_newcomers = wants(PresenceFeed::Snapshot);
        let changes = self.take_changes();
        self.version = self.version.wrapping_add(u32::from(!changes.is_empty()));
        let members = self.people.values();
        let all = || members.map(|member| (member.name.clone(), Some(member.status())));
        let snapshot = has_newcomers.then(|| (self.version, all().collect()));
        let mut receivers = Vec::with_capacity(self.people.len());
        for (key, member) in &mut self.people {
            let is_told = match member.feed {
                PresenceFeed::Lists => list.is_some(),
                PresenceFeed::Changes => !changes.is_empty(),
                PresenceFeed::Snapshot => true,
                PresenceFeed::Remote => false,
            };
            receivers.extend(is_told.then_some((*key, member.feed)));
            if member.feed == PresenceFeed::Snapshot {
                member.feed = PresenceFeed::Changes;
            }
        }
        let news = News {
            list,
            changes,
            snapshot,
            receivers,
        };
        (Some(news), self.list_owed)
    }

    /// What is no longer as the others were told last.
    fn take_changes(&mut self) -> Statuses {
        let changed = std::mem::take(&mut self.changed).into_iter();
        let now = changed.map(|(name, before)| (self.status_of(&name), name, before));
        now.filter(|(status, _, before)| status != before)
            .map(|(status, name, _)| (name, status))
            .collect()
    }

    fn status_of(&self, name: &str) -> Option<Status> {
        let key = self.find(name)?;
        self.status(key)
    }
}
