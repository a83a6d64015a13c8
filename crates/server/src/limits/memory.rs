//! What messages take up that are kept until they are acknowledged, in all: one budget for the whole process.

use std::{fs, path::Path, sync::Arc};

use crate::sync::atomic::{AtomicIsize, Ordering};

/// The part of the machine's memory that they may take up, unless somebody says otherwise; and where nobody knows
/// how much there is.
const PART: usize = 4;
const UNKNOWN: usize = 512 * 1024 * 1024;

/// Once there is too much, it is freed down to so many eighths, so that it is not looked for each time.
const EIGHTHS: usize = 7;

/// How many bytes a part counts for itself before it tells: a count that all cores share takes longer than what it
/// counts.
const UNTOLD: isize = 4096;

/// A budget, and what is used of it, in bytes: exact but for what each part has yet to tell.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    used: Arc<Used>,
    /// What has been used since, here.
    untold: Arc<AtomicIsize>,
}

#[derive(Debug)]
struct Used {
    bytes: AtomicIsize,
    limit: usize,
}

/// What is used of it at one place; given back when that goes.
#[derive(Debug)]
pub(crate) struct Taken {
    memory: Memory,
    bytes: usize,
}

impl Memory {
    /// A budget of so many MiB, or of a quarter of what the machine has.
    pub(crate) fn of(mebibytes: Option<u64>) -> Self {
        let limit = mebibytes.map(|mebibytes| mebibytes.saturating_mul(1024 * 1024));
        let limit = limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        Self::limited(limit.unwrap_or_else(|| installed().map_or(UNKNOWN, |bytes| bytes / PART)))
    }

    pub(crate) fn limited(limit: usize) -> Self {
        let bytes = AtomicIsize::new(0);
        Self {
            used: Arc::new(Used { bytes, limit }),
            untold: Arc::new(AtomicIsize::new(0)),
        }
    }

    /// The same budget, for a part that counts by itself.
    pub(crate) fn part(&self) -> Self {
        Self {
            used: self.used.clone(),
            untold: Arc::new(AtomicIsize::new(0)),
        }
    }

    /// How much is used.
    pub(crate) fn used(&self) -> usize {
        let bytes = self.used.bytes.load(Ordering::Relaxed);
        usize::try_from(bytes).unwrap_or_default()
    }

    /// How much is to be freed, if there is too much.
    pub(crate) fn excess(&self) -> Option<usize> {
        let (used, limit) = (self.used(), self.used.limit);
        (used > limit).then(|| used - limit / 8 * EIGHTHS)
    }

    /// A place that nothing is used at yet.
    pub(crate) fn place(&self) -> Taken {
        let memory = self.clone();
        Taken { memory, bytes: 0 }
    }

    fn change(&self, bytes: isize) {
        let untold = self.untold.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if untold.abs() >= UNTOLD {
            let untold = self.untold.swap(0, Ordering::Relaxed);
            self.used.bytes.fetch_add(untold, Ordering::Relaxed);
        }
    }
}

impl Taken {
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn add(&mut self, bytes: usize) {
        self.bytes += bytes;
        // No message has 2^63 bytes.
        self.memory.change(bytes as isize);
    }

    pub(crate) fn give_back(&mut self, bytes: usize) {
        self.bytes -= bytes;
        self.memory.change(-(bytes as isize));
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.give_back(self.bytes);
    }
}

/// How much memory this process may have, as far as Linux says: the machine's, or its control groups'.
fn installed() -> Option<usize> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let machine = line
        .trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<usize>()
        .ok()?
        * 1024;
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    // The second version has one line (cgroups(7)), and a limit holds for all groups below.
    let group = groups.lines().find_map(|line| line.strip_prefix("0::/"));
    let root = Path::new("/sys/fs/cgroup");
    let group = root.join(group.unwrap_or_default());
    let above = group.ancestors().take_while(|path| path.starts_with(root));
    let limits = above.filter_map(|path| limit(&path.join("memory.max")));
    Some(limits.fold(machine, usize::min))
}

/// The limit that such a file says, unless it says `max`.
fn limit(file: &Path) -> Option<usize> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_at_a_place_is_given_back_with_it() {
        let memory = Memory::limited(800_000);
        let (mut one, mut other) = (memory.part().place(), memory.part().place());
        one.add(500_000);
        other.add(300_000);
        assert_eq!((memory.used(), memory.excess()), (800_000, None));
        other.add(4096);
        assert_eq!(memory.excess(), Some(104_096));
        other.give_back(104_096);
        assert_eq!((other.bytes(), memory.used()), (200_000, 700_000));
        drop(one);
        assert_eq!(memory.used(), 200_000);
        drop(other);
        assert_eq!(memory.used(), 0);
    }

    #[test]
    fn a_part_counts_a_little_by_itself_and_tells_what_adds_up() {
        let memory = Memory::limited(800_000);
        let part = memory.part();
        let mut places: Vec<Taken> = (0..10).map(|_| part.place()).collect();
        for place in &mut places {
            place.add(1000);
        }
        assert_eq!(memory.used(), 10_000, "told after five and after ten");
        places.pop();
        assert_eq!(memory.used(), 10_000, "not yet");
        drop(places);
        assert_eq!(memory.used(), 0);
    }

    #[test]
    fn a_quarter_of_the_machine_is_the_budget_unless_somebody_says_otherwise() {
        assert_eq!(Memory::of(Some(3)).used.limit, 3 * 1024 * 1024);
        let machine = installed().expect("Linux says it");
        assert_eq!(Memory::of(None).used.limit, machine / 4);
        assert!(machine > 100 * 1024 * 1024, "{machine}");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("memory.max");
        fs::write(&file, "max\n").expect("written");
        assert_eq!(limit(&file), None);
        fs::write(&file, "536870912\n").expect("written");
        assert_eq!(limit(&file), Some(536_870_912));
    }
}
