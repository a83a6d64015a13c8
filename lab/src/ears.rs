//! What is heard: each browser plays into a sink of its own, which is recorded.
//!
//! Whoever speaks is a tone that rises and begins again. Of what comes out, the level is looked at, 5 ms at a time:
//! silence is a tenth of the usual level or less, and two at once are half as loud again or more.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::sleep;

use crate::{
    page::now,
    results::{part, sorted},
};

/// Samples a second, and of one look.
const RATE: u32 = 48_000;
const LOOK: usize = 240;
const LOOK_MS: f64 = 5.0;

/// How loud silence is at most, and two at once at least, of what is usual.
const SILENT: f64 = 0.1;
const DOUBLED: f64 = 1.5;

/// How long before a fault what is usual is looked at, ms.
const BEFORE: f64 = 3000.0;

/// A sound server, and what each of two people hears.
pub(crate) struct Ears {
    folder: tempfile::TempDir,
    server: Child,
    heard: Vec<Recording>,
}

/// What one person hears.
struct Recording {
    recorder: Child,
    /// When the first sample came, ms since 1970, and the level of each look since.
    levels: Arc<Mutex<(f64, Vec<f64>)>>,
}

/// What somebody has heard of a fault, ms.
#[derive(Clone, Copy)]
pub(crate) struct Heard {
    /// The longest silence, beyond the longest of the seconds before.
    pub(crate) silent: f64,
    /// How long two were heard at once, beyond that of as long before.
    pub(crate) doubled: f64,
}

impl Ears {
    /// Starts to record.
    ///
    /// # Panics
    /// Where there is no PulseAudio.
    pub(crate) async fn start(people: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("sound");
        let mut command = Command::new("pulseaudio");
        command.args([
            "-n",
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--use-pid-file=no",
        ]);
        let listen = format!(
            "--load=module-native-protocol-unix auth-anonymous=1 socket={}",
            socket.display()
        );
        let sinks = people
            .iter()
            .map(|name| format!("--load=module-null-sink sink_name={name} rate={RATE} channels=1"));
        command.args(std::iter::once(listen).chain(sinks));
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
        let server = quiet.spawn();
        let server = server.expect("pulseaudio is there (Debian: pulseaudio and pulseaudio-utils)");
        while !socket.exists() {
            sleep(Duration::from_millis(20)).await;
        }
        let heard = people.iter().map(|name| Recording::start(&socket, name));
        Self {
            heard: heard.collect(),
            folder,
            server,
        }
    }

    /// What a browser finds in its environment, so that its person hears it.
    pub(crate) fn environment(&self, name: &str) -> Vec<(&'static str, String)> {
        let socket = self.folder.path().join("sound");
        vec![
            ("PULSE_SERVER", format!("unix:{}", socket.display())),
            ("PULSE_SINK", name.to_owned()),
        ]
    }

    /// What goes into the microphones: a tone that rises for a second, for ten seconds, as a WAV file.
    pub(crate) fn voice(&self) -> PathBuf {
        let file = self.folder.path().join("voice.wav");
        let samples = (0..10 * RATE).map(|n| {
            let time = f64::from(n % RATE) / f64::from(RATE);
            let phase = std::f64::consts::TAU * (400.0 * time + 800.0 * time * time);
            (phase.sin() * 8000.0) as i16
        });
        let samples: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
        fs::write(&file, wav(&samples)).expect("written");
        file
    }

    /// What each has heard from that moment on, ms since 1970.
    pub(crate) fn since(&self, at: f64) -> [Heard; 2] {
        [0, 1].map(|person| self.heard[person].since(at))
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        let recorders = self.heard.iter_mut().map(|heard| &mut heard.recorder);
        for process in recorders.chain([&mut self.server]) {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

impl Recording {
    fn start(socket: &Path, name: &str) -> Self {
        let mut command = Command::new("parec");
        command.args([
            &format!("--server=unix:{}", socket.display()),
            &format!("--device={name}.monitor"),
            &format!("--rate={RATE}"),
            "--format=s16le",
            "--channels=1",
            "--latency-msec=20",
        ]);
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut recorder = piped
            .spawn()
            .expect("parec is there (Debian: pulseaudio-utils)");
        let mut sound = recorder.stdout.take().expect("piped");
        let levels = Arc::new(Mutex::new((0.0, Vec::new())));
        let kept = Arc::clone(&levels);
        std::thread::spawn(move || {
            let mut bytes = [0; 2 * LOOK];
            while sound.read_exact(&mut bytes).is_ok() {
                let mut kept = kept.lock().expect("nobody panics with it");
                if kept.1.is_empty() {
                    kept.0 = now();
                }
                kept.1.push(level(&bytes));
            }
        });
        Self { recorder, levels }
    }

    fn since(&self, at: f64) -> Heard {
        let kept = self.levels.lock().expect("nobody panics with it");
        let (begin, levels) = &*kept;
        let place = |at: f64| ((at - begin) / LOOK_MS).max(0.0) as usize;
        let (before, after) = (place(at - BEFORE), place(at));
        score(
            &levels[before..after.min(levels.len())],
            &levels[after.min(levels.len())..],
        )
    }
}

/// How loud some samples are: the root of the mean of their squares.
fn level(bytes: &[u8]) -> f64 {
    let samples = bytes
        .chunks_exact(2)
        .map(|two| f64::from(i16::from_le_bytes([two[0], two[1]])));
    let squares: f64 = samples.map(|sample| sample * sample).sum();
    (squares / (bytes.len() / 2) as f64).sqrt()
}

fn score(before: &[f64], after: &[f64]) -> Heard {
    let usual = part(&sorted(before), 0.5);
    assert!(usual > 0.0, "nothing was heard before the fault");
    let silence = |levels: &[f64]| {
        let silences = levels.split(|level| *level > usual * SILENT);
        silences.map(<[f64]>::len).max().unwrap_or_default() as f64 * LOOK_MS
    };
    let doubled = |levels: &[f64]| {
        let loud = levels.iter().filter(|level| **level >= usual * DOUBLED);
        loud.count() as f64 * LOOK_MS
    };
    let share = doubled(before) * after.len() as f64 / before.len().max(1) as f64;
    Heard {
        silent: (silence(after) - silence(before)).max(0.0),
        doubled: (doubled(after) - share).max(0.0),
    }
}

/// Those samples as a WAV file: 16 bit, one channel.
fn wav(samples: &[u8]) -> Vec<u8> {
    let length = u32::try_from(samples.len()).expect("seconds, not hours");
    [
        b"RIFF".as_slice(),
        &(36 + length).to_le_bytes(),
        b"WAVEfmt ",
        &16_u32.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &RATE.to_le_bytes(),
        &(2 * RATE).to_le_bytes(),
        &2_u16.to_le_bytes(),
        &16_u16.to_le_bytes(),
        b"data",
        &length.to_le_bytes(),
        samples,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_and_two_at_once_are_told_by_how_long_they_last() {
        let usual = [vec![1000.0; 300], vec![0.0; 4], vec![1000.0; 296]].concat();
        let after = [
            vec![1000.0; 100],
            vec![20.0; 30],
            vec![1600.0; 8],
            vec![1000.0; 500],
        ]
        .concat();
        let heard = score(&usual, &after);
        assert_eq!((heard.silent, heard.doubled), (130.0, 40.0));
        let heard = score(&usual, &usual);
        assert_eq!((heard.silent, heard.doubled), (0.0, 0.0));
    }
}
