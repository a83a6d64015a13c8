//! The log, on standard error. Nobody waits for who reads it: lines for which there is no room are lost, and
//! counted.

use std::{io::IsTerminal, sync::OnceLock};

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder};
use tracing_subscriber::EnvFilter;

use crate::options::{LogFormat, Options};

/// How many lines may wait to be read.
const WAITING: usize = 4096;

static LOST: OnceLock<ErrorCounter> = OnceLock::new();

/// Begins to log what the filter lets through, or `info` where it is none. What waits is written when the
/// outcome is dropped.
#[must_use]
pub fn start(options: &Options) -> impl Drop + use<> {
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(WAITING)
        .lossy(true)
        .finish(std::io::stderr());
    LOST.get_or_init(|| writer.error_counter());
    let filter = EnvFilter::try_new(&options.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(writer);
    match options.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    guard
}

/// How many lines are lost.
pub(crate) fn lost() -> usize {
    LOST.get().map_or(0, ErrorCounter::dropped_lines)
}
