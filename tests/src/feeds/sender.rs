//! The continuous job, `<job> feed`, as a value.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::run::{Job, Run, Running};

/// How long its log may take to say something.
const PATIENCE: Duration = Duration::from_secs(20);
/// So soon it ends after SIGTERM: Toolforge's own patience is 30 s.
const ENDS: Duration = Duration::from_secs(10);

/// A process `<job> feed` with a folder of its own for temporary files. It is killed with its value.
pub struct Sender {
    job: Job,
    running: Option<Running>,
    folder: PathBuf,
}

impl Sender {
    /// Starts it from the scheduled job (its environment, its clock). Does not wait for anything: see [`Sender::says`]
    /// and [`super::arrives`].
    pub fn start(job: &Job) -> Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("wikicrew-feed-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let of = folder.to_str().context("the temporary folder's name is no text")?;
        let job = job.clone().args(&["feed"]).env("TMPDIR", of);
        let running = job.clone().within(Duration::from_secs(600)).start()?;
        Ok(Self {
            job,
            running: Some(running),
            folder,
        })
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        self.running
            .as_ref()
            .map(|running| running.said().1)
            .unwrap_or_default()
    }

    /// What it wrote to standard output so far.
    pub fn stdout(&self) -> String {
        self.running
            .as_ref()
            .map(|running| running.said().0)
            .unwrap_or_default()
    }

    /// Waits until its log has this text so many times.
    pub async fn says_times(&self, text: &str, times: usize) -> Result<()> {
        let begin = Instant::now();
        while self.log().matches(text).count() < times {
            if begin.elapsed() > PATIENCE {
                bail!(
                    "it did not say {text:?} {times} times within {PATIENCE:?}:\n{}",
                    self.log()
                );
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Waits until its log has this text.
    pub async fn says(&self, text: &str) -> Result<()> {
        self.says_times(text, 1).await
    }

    /// The exit code of `feed --health` beside it, also when it has ended.
    pub async fn health(&self) -> Result<i32> {
        Ok(self.job.clone().args(&["--health"]).run().await?.code)
    }

    /// Makes its last sign of life so much older; while it is at work it soon gives another one.
    pub fn silent_for(&self, age: Duration) -> Result<()> {
        for file in std::fs::read_dir(&self.folder)? {
            let path = file?.path();
            if path.extension().is_some_and(|end| end == "alive") {
                let file = std::fs::File::options().write(true).open(path)?;
                file.set_modified(file.metadata()?.modified()? - age)?;
                return Ok(());
            }
        }
        bail!("it gave no sign of life")
    }

    /// SIGTERM. What it said; errs when it does not end with 0 within ten seconds.
    pub async fn stop(&mut self) -> Result<Run> {
        let running = self.running.take().context("it has ended already")?;
        running.terminate().await?;
        let begin = Instant::now();
        let run = running.wait().await?;
        ensure!(run.code == 0, "it ended with {}\n{run}", run.code);
        ensure!(begin.elapsed() < ENDS, "it took {:?} to end\n{run}", begin.elapsed());
        Ok(run)
    }

    /// SIGKILL. What it had said.
    pub async fn kill(&mut self) -> Result<String> {
        self.running.take().context("it has ended already")?.kill().await
    }

    /// Starts it again as it was, with the clock so many seconds further.
    pub fn again(&mut self, later: i64) -> Result<()> {
        ensure!(self.running.is_none(), "it runs already");
        self.job = self.job.clone().later(later);
        self.running = Some(self.job.clone().within(Duration::from_secs(600)).start()?);
        Ok(())
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        drop(self.running.take());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
