//! The gaps of each scenario, of both sides: a table, JSON, a drawing.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    fs,
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::{Browsers, Policy, Scenario, Setting, delay::Distance, ears::Heard, page::LOST};

/// The effect of a fault.
pub(crate) struct Outcome {
    /// At Ann, and at Bob: from the moment the new path was there to the first new picture, ms; the
    /// longest pause of pictures where there always was a path.
    pub(crate) pictures: [f64; 2],
    /// The same for sound.
    pub(crate) sounds: [f64; 2],
    /// What came out of the speakers, if that was recorded.
    pub(crate) heard: Option<[Heard; 2]>,
    /// Somebody saw an end, or no picture came.
    pub(crate) lost: bool,
    /// The fingerprints of both sides are what they were.
    pub(crate) same_call: bool,
}

impl Outcome {
    /// Whether it is the same call, and no picture stood still for longer than that, ms.
    pub(crate) fn is_within(&self, bound: f64) -> bool {
        let longest = self.pictures[0].max(self.pictures[1]);
        !self.lost && self.same_call && longest <= bound
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ([ann, bob], [ann_hears, bob_hears]) = (self.pictures, self.sounds);
        write!(f, "Ann {ann:.0} ms, sound {ann_hears:.0}; ")?;
        write!(f, "Bob {bob:.0} ms, sound {bob_hears:.0}")?;
        for heard in self.heard.into_iter().flatten() {
            write!(
                f,
                "; silent {:.0}, doubled {:.0}",
                heard.silent, heard.doubled
            )?;
        }
        f.write_str(if self.lost { "; LOST" } else { "" })?;
        f.write_str(match self.same_call {
            true => "",
            false => "; another fingerprint",
        })
    }
}

/// The gaps of each scenario, of both sides.
#[derive(Default)]
pub(crate) struct Results {
    rows: BTreeMap<Key, Row>,
}

type Key = (Setting, Scenario);

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    policy: String,
    browsers: String,
    #[serde(default)]
    distance: Distance,
    scenario: String,
    faults: usize,
    lost: usize,
    other_fingerprint: usize,
    picture_ms: Vec<f64>,
    sound_ms: Vec<f64>,
    #[serde(default)]
    silent_ms: Vec<f64>,
    #[serde(default)]
    doubled_ms: Vec<f64>,
}

impl Results {
    /// Results that earlier runs have left there.
    pub(crate) fn load(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join("faults.json")).unwrap_or_default();
        let rows: Vec<Row> = serde_json::from_str(&text).unwrap_or_default();
        let keyed = rows.into_iter().filter_map(|row| Some((row.key()?, row)));
        Self {
            rows: keyed.collect(),
        }
    }

    /// Writes table, JSON and drawing.
    pub(crate) fn save(&self, folder: &Path) {
        let rows: Vec<&Row> = self.rows.values().collect();
        let json = serde_json::to_string_pretty(&rows).expect("plain data");
        for (name, text) in [
            ("faults.json", json),
            ("faults.md", self.table()),
            ("faults.svg", self.svg()),
        ] {
            fs::write(folder.join(name), text).expect("the folder can be written to");
        }
    }

    pub(crate) fn add(&mut self, setting: Setting, scenario: Scenario, outcome: &Outcome) {
        let row = self.rows.entry((setting, scenario)).or_default();
        row.policy = format!("{:?}", setting.policy);
        row.browsers = format!("{:?}", setting.browsers);
        row.distance = setting.distance;
        row.scenario = format!("{scenario:?}");
        row.faults += 1;
        row.lost += usize::from(outcome.lost);
        row.other_fingerprint += usize::from(!outcome.same_call);
        row.picture_ms.extend(outcome.pictures);
        let sounds = outcome.sounds.into_iter();
        row.sound_ms.extend(sounds.filter(|sound| !sound.is_nan()));
        for heard in outcome.heard.into_iter().flatten() {
            row.silent_ms.push(heard.silent);
            row.doubled_ms.push(heard.doubled);
        }
    }

    pub(crate) fn table(&self) -> String {
        let mut table = String::from(
            "| policy | browsers | distance | scenario | faults | lost | picture: median | p95 | longest | sound: median | p95 | silence heard: median | p95 | two heard: p95 |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
        );
        for row in self.rows.values() {
            let (picture, sound) = (sorted(&row.picture_ms), sorted(&row.sound_ms));
            let heard = match row.silent_ms.is_empty() {
                true => "| | | |".to_owned(),
                false => {
                    let (silent, doubled) = (sorted(&row.silent_ms), sorted(&row.doubled_ms));
                    format!(
                        "| {:.0} | {:.0} | {:.0} |",
                        part(&silent, 0.5),
                        part(&silent, 0.95),
                        part(&doubled, 0.95)
                    )
                }
            };
            let _ = writeln!(
                table,
                "| {} | {} | {} | {} | {} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} {heard}",
                row.policy,
                row.browsers,
                row.distance,
                row.scenario,
                row.faults,
                row.lost,
                part(&picture, 0.5),
                part(&picture, 0.95),
                part(&picture, 1.0),
                part(&sound, 0.5),
                part(&sound, 0.95),
            );
        }
        table
    }

    /// Every gap as a dot, on a scale of powers of ten: the four policies of a scenario together.
    fn svg(&self) -> String {
        let (left, right, line) = (250.0, 900.0, 16.0);
        let mut rows: Vec<(&Key, &Row)> = self.rows.iter().collect();
        rows.sort_by_key(|((setting, scenario), _)| {
            (
                *scenario,
                setting.browsers,
                setting.distance,
                setting.policy,
            )
        });
        let height = 50.0 + line * rows.len() as f64;
        let across = |gap: f64| {
            let place = (gap.clamp(10.0, LOST) / 10.0).log10() / (LOST / 10.0).log10();
            left + place * (right - left - 20.0)
        };
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {right} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
        );
        for tick in [10.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0, LOST] {
            let x = across(tick);
            let label = match tick {
                tick if tick >= LOST => "lost".into(),
                tick if tick >= 1000.0 => format!("{} s", tick / 1000.0),
                tick => format!("{tick} ms"),
            };
            let _ = writeln!(
                svg,
                "<line x1=\"{x:.0}\" x2=\"{x:.0}\" y1=\"24\" y2=\"{height}\" stroke=\"#ddd\"/><text x=\"{x:.0}\" y=\"16\" text-anchor=\"middle\">{label}</text>"
            );
        }
        for (n, ((setting, scenario), row)) in rows.into_iter().enumerate() {
            let Setting {
                policy,
                browsers,
                distance,
            } = setting;
            let y = 44.0 + line * n as f64;
            let side = match browsers {
                Browsers::ChromiumChromium => "",
                Browsers::FirefoxChromium => " (Firefox moves)",
                Browsers::ChromiumFirefox => " (to Firefox)",
            };
            let afar = match *distance == Distance::default() {
                true => String::new(),
                false => format!(", {distance}"),
            };
            let colour = match policy {
                Policy::Race => "#1b6ac9",
                Policy::Restart => "#1e8e3e",
                Policy::Textbook => "#b06000",
                Policy::Sample => "#c5221f",
            };
            let _ = writeln!(
                svg,
                "<text x=\"4\" y=\"{:.0}\" fill=\"{colour}\">{scenario:?}, {policy:?}{side}{afar}</text>",
                y + 4.0
            );
            for gap in &row.picture_ms {
                let x = across(*gap);
                let _ = writeln!(
                    svg,
                    "<circle cx=\"{x:.1}\" cy=\"{y:.0}\" r=\"4\" fill=\"{colour}\" fill-opacity=\"0.4\"/>"
                );
            }
        }
        svg + "</svg>\n"
    }
}

impl Row {
    fn key(&self) -> Option<Key> {
        let setting = Setting {
            policy: named(&self.policy)?,
            browsers: named(&self.browsers)?,
            distance: self.distance,
        };
        Some((setting, named(&self.scenario)?))
    }
}

fn named<T: clap::ValueEnum + fmt::Debug>(name: &str) -> Option<T> {
    let mut variants = T::value_variants().iter();
    let found = variants.find(|variant| format!("{variant:?}") == name);
    found.cloned()
}

pub(crate) fn sorted(gaps: &[f64]) -> Vec<f64> {
    let mut gaps = gaps.to_vec();
    gaps.sort_by(f64::total_cmp);
    gaps
}

/// The value below which that part of sorted values lies.
pub(crate) fn part(sorted: &[f64], part: f64) -> f64 {
    let place = (sorted.len() as f64 * part).ceil() as usize;
    sorted
        .get(place.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_gap_another_fingerprint_and_a_lost_call_are_not_within_bounds() {
        let good = || Outcome {
            pictures: [200.0, 300.0],
            sounds: [f64::NAN; 2],
            heard: None,
            lost: false,
            same_call: true,
        };
        assert!(good().is_within(300.0));
        assert!(!good().is_within(299.0));
        assert!(
            !Outcome {
                lost: true,
                ..good()
            }
            .is_within(300.0)
        );
        let other = Outcome {
            same_call: false,
            ..good()
        };
        assert!(!other.is_within(300.0));
    }
}
