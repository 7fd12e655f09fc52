//! Runs a built job as its operator would: a process, its environment, its exit code.
//!
//! The environment is empty but for what the test gives, so that no variable of the developer's shell decides a test.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::dbproxy::DbProxy;
use crate::proxy::FaultProxy;

/// How long a run may take unless the test says otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A job to be run: binary, arguments, environment. Build it with `World::job`.
#[derive(Clone)]
pub struct Job {
    name: String,
    program: Option<PathBuf>,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    clock_offset: i64,
    timeout: Duration,
}

impl Job {
    /// A job with nothing in its environment but the test clock (no pauses, real time).
    pub fn new(name: &str) -> Self {
        let (args, env) = (Vec::new(), BTreeMap::new());
        Self {
            name: name.into(),
            program: None,
            args,
            env,
            clock_offset: 0,
            timeout: TIMEOUT,
        }
    }

    /// Runs this program in the job's place, with the job's environment.
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Adds arguments.
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, key: &str, value: &str) -> Self {
        self.env.insert(key.into(), value.into());
        self
    }

    /// Takes an environment variable away.
    pub fn without(mut self, key: &str) -> Self {
        self.env.remove(key);
        self
    }

    /// Talks to the wiki through this proxy.
    pub fn through(self, proxy: &FaultProxy) -> Self {
        self.env("WIKICREW_API_URL", proxy.url())
    }

    /// Talks to the database through this proxy.
    pub fn over(self, proxy: &DbProxy) -> Self {
        self.env("WIKICREW_DATABASE_URL", proxy.url())
    }

    /// Lets the job believe that it is so many seconds later.
    pub fn later(mut self, seconds: i64) -> Self {
        self.clock_offset += seconds;
        self
    }

    /// Gives up after this time instead of a minute.
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Runs it to its end. Errs when it does not end in time or was ended by a signal; any exit code is fine.
    pub async fn run(&self) -> Result<Run> {
        self.start()?.wait().await
    }

    /// Runs it and wants this exit code; anything else is an error that shows what it printed.
    pub async fn run_to(&self, code: i32) -> Result<Run> {
        let run = self.run().await?;
        ensure!(run.code == code, "exit code {} instead of {code}\n{run}", run.code);
        Ok(run)
    }

    /// Runs it and wants exit code 0.
    pub async fn run_ok(&self) -> Result<Run> {
        self.run_to(0).await
    }

    /// Starts it. It is killed when the handle is dropped.
    pub fn start(&self) -> Result<Running> {
        let program = self.program.clone().map_or_else(|| binary(&self.name), Ok)?;
        let mut command = Command::new(&program);
        command.env_clear().args(&self.args).envs(&self.env);
        if !self.env.contains_key("WIKICREW_TEST_CLOCK") {
            command.env("WIKICREW_TEST_CLOCK", format!("offset={},pauses=0", self.clock_offset));
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let stdout = collect(child.stdout.take());
        let stderr = collect(child.stderr.take());
        let call = format!("{} {}", self.name, self.args.join(" "));
        Ok(Running {
            child,
            stdout,
            stderr,
            call,
            started: Instant::now(),
            timeout: self.timeout,
        })
    }
}

/// The built binary beside the running test or program: same target folder, same profile.
fn binary(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe().context("asking where the test binary is")?;
    let folder = test
        .ancestors()
        .find(|folder| folder.ends_with("deps"))
        .and_then(|deps| deps.parent());
    let path = folder
        .or(test.parent())
        .context("the test binary is in no folder")?
        .join(name);
    ensure!(
        path.is_file(),
        "{} is not built: run `cargo build --workspace --bins`",
        path.display()
    );
    Ok(path)
}

/// What a process wrote into a pipe: so far, and all of it when the task has ended.
struct Collected {
    bytes: Arc<Mutex<Vec<u8>>>,
    reading: JoinHandle<()>,
}

impl Collected {
    fn so_far(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    async fn whole(mut self) -> Result<String> {
        (&mut self.reading).await?;
        Ok(self.so_far())
    }
}

fn collect(pipe: Option<impl AsyncRead + Unpin + Send + 'static>) -> Collected {
    let bytes = Arc::new(Mutex::new(Vec::new()));
    let kept = bytes.clone();
    let reading = tokio::spawn(async move {
        let Some(mut pipe) = pipe else { return };
        let mut part = [0; 8_192];
        // A pipe that breaks has given what it had.
        while let Ok(count @ 1..) = pipe.read(&mut part).await {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend_from_slice(&part[..count]);
        }
    });
    Collected { bytes, reading }
}

/// A job at work.
pub struct Running {
    child: Child,
    stdout: Collected,
    stderr: Collected,
    call: String,
    started: Instant,
    timeout: Duration,
}

impl Running {
    /// What it wrote so far: for people, and its log.
    pub fn said(&self) -> (String, String) {
        (self.stdout.so_far(), self.stderr.so_far())
    }

    /// Returns when the process has ended, by itself or by a signal; says how.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        self.child.wait().await.context("waiting for the job")
    }

    /// SIGKILL, and waits until the process is gone. Returns what it had printed.
    pub async fn kill(mut self) -> Result<String> {
        self.child.start_kill().context("killing the job")?;
        self.child.wait().await.context("waiting for the killed job")?;
        let (stdout, stderr) = (self.stdout.whole().await?, self.stderr.whole().await?);
        Ok(format!("{stdout}{stderr}"))
    }

    /// SIGTERM; does not wait.
    pub async fn terminate(&self) -> Result<()> {
        let pid = self.child.id().context("the job has ended already")?.to_string();
        let done = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .await
            .context("running kill")?;
        ensure!(done.success(), "kill -TERM {pid}: {done}");
        Ok(())
    }

    /// Waits for its end. Errs when it does not end in time (it is then killed) or was ended by a signal.
    pub async fn wait(mut self) -> Result<Run> {
        let left = self.timeout.saturating_sub(self.started.elapsed());
        let ended = tokio::time::timeout(left, self.child.wait()).await;
        let seconds = self.started.elapsed().as_secs_f64();
        let status = match ended {
            Ok(status) => status.context("waiting for the job")?,
            Err(_) => {
                let (call, timeout) = (self.call.clone(), self.timeout);
                let said = self.kill().await?;
                bail!("`{call}` was still running after {timeout:?}; it had said:\n{said}");
            }
        };
        let (stdout, stderr) = (self.stdout.whole().await?, self.stderr.whole().await?);
        let Some(code) = status.code() else {
            bail!("`{}` was ended by {status}\n{stdout}{stderr}", self.call)
        };
        Ok(Run {
            code,
            stdout,
            stderr,
            seconds,
            call: self.call,
        })
    }
}

/// A run that has ended.
#[derive(Clone)]
pub struct Run {
    /// The exit code.
    pub code: i32,
    /// What it printed for people.
    pub stdout: String,
    /// Its log.
    pub stderr: String,
    /// How long it took.
    pub seconds: f64,
    call: String,
}

impl Run {
    /// Whether log or output contain this text.
    pub fn says(&self, text: &str) -> bool {
        self.stdout.contains(text) || self.stderr.contains(text)
    }

    /// The run's summary line (`Edited: … Wrote DB: … Errors: …`).
    pub fn summary(&self) -> Result<&str> {
        let mut lines = self.stderr.lines().chain(self.stdout.lines());
        lines
            .find(|line| line.contains("Edited: "))
            .with_context(|| format!("no summary line\n{self}"))
    }
}

/// All that it said, for a failed assertion.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "`{}` ended with {} after {:.1} s",
            self.call, self.code, self.seconds
        )?;
        writeln!(f, "--- stdout\n{}--- stderr\n{}---", self.stdout, self.stderr)
    }
}
