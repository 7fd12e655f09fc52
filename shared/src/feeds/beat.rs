//! Whether the continuous job lives: a file that it touches as long as it does its rounds, and that its health check looks
//! at. It is the container's own; where several processes share a folder each wiki has one.

use std::cell::Cell;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::args::CommonArgs;

/// A process whose last beat is older than this hangs: longer than a database or a wiki may keep it waiting.
const DEAD: Duration = Duration::from_secs(10 * 60);

/// It is touched so often.
const EVERY: Duration = Duration::from_secs(5);

/// The file.
pub(super) struct Beat {
    file: PathBuf,
    last: Cell<Option<Instant>>,
}

impl Beat {
    /// That of a job on the wiki that the command line names.
    pub fn new(job: &str, args: &CommonArgs) -> Beat {
        let wiki = args.api_url.as_deref().unwrap_or_default();
        let wiki: String = wiki
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        Beat {
            file: std::env::temp_dir().join(format!("wikicrew-{job}-feed-{wiki}.alive")),
            last: Cell::new(None),
        }
    }

    /// It lives. A failure is told and no more: without the file the process is started again, which is what it is for.
    pub fn beat(&self) {
        if self.last.get().is_some_and(|last| last.elapsed() < EVERY) {
            return;
        }
        self.last.set(Some(Instant::now()));
        // Removed first, so that nobody's link is followed.
        let written = match std::fs::remove_file(&self.file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => std::fs::File::create_new(&self.file).and_then(|mut file| file.write_all(b"alive\n")),
        };
        if let Err(error) = written {
            tracing::warn!("{}: {error}", self.file.display());
        }
    }

    /// It ends by itself.
    pub fn end(&self) {
        let _ = std::fs::remove_file(&self.file);
    }

    /// Whether another process did so lately.
    pub fn is_alive(&self) -> bool {
        let written = std::fs::metadata(&self.file).and_then(|about| about.modified());
        // A time ahead of ours is one of just now.
        written.is_ok_and(|at| at.elapsed().unwrap_or_default() < DEAD)
    }
}
