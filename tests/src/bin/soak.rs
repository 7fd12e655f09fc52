//! Goes wrong at random for as long as one likes: kills, lost and late answers, broken connections, second runs, people who
//! edit meanwhile. After each round everybody must have exactly one greeting and one row, and nobody may have lost a line.
//! Started by `scripts/soak`, which says how to repeat what it found.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::sync::Semaphore;
use wikicrew_tests::api::{Api, code_of};
use wikicrew_tests::coop::Member;
use wikicrew_tests::counter::Moment;
use wikicrew_tests::rules::{Fault, Gate, When};
use wikicrew_tests::run::{Job, Running};
use wikicrew_tests::scene::{LATER, Scene};

/// Rounds in one Co-op, before the next one is made: the clock of the runs goes on by some hours only.
const ROUNDS: u64 = 12;
/// Disturbed runs in a round.
const RUNS: u64 = 4;
/// About as many messages as a run has.
const MESSAGES: u64 = 220;

/// A page and a line that somebody wrote on it.
type Line = (String, String);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let [minutes, seed] = numbers[..] else {
        eprintln!("soak MINUTES SEED");
        return ExitCode::FAILURE;
    };
    let end = Instant::now() + Duration::from_secs(60 * minutes);
    let mut soak = Soak {
        random: Random(seed),
        rounds: 0,
        runs: 0,
        kills: 0,
    };
    while Instant::now() < end {
        if let Err(error) = soak.co_op(end).await {
            eprintln!("soak: seed {seed}, round {}: {error:#}", soak.rounds);
            return ExitCode::FAILURE;
        }
    }
    println!(
        "soak: seed {seed}: {} rounds, {} disturbed runs, {} kills, nothing doubled or lost",
        soak.rounds, soak.runs, soak.kills
    );
    ExitCode::SUCCESS
}

/// SplitMix64: the same numbers for the same seed.
struct Random(u64);

impl Random {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

struct Soak {
    random: Random,
    rounds: u64,
    runs: u64,
    kills: u64,
}

impl Soak {
    /// Rounds in one Co-op.
    async fn co_op(&mut self, end: Instant) -> Result<()> {
        let scene = Scene::new().await?;
        let mut clock = 0;
        for n in 0..ROUNDS {
            if Instant::now() >= end {
                break;
            }
            self.rounds += 1;
            self.round(&scene, n, &mut clock).await?;
        }
        Ok(())
    }

    /// New learners, runs that go wrong, then runs that do not; then everything must be right.
    async fn round(&mut self, scene: &Scene, n: u64, clock: &mut i64) -> Result<()> {
        let names: Vec<String> = (0..=self.random.below(3)).map(|i| format!("L{n} {i}")).collect();
        let asked: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "writing")).collect();
        let learners = scene.coop.add_learners(&asked).await?;
        let mut lines = Vec::new();
        for learner in &learners {
            if self.random.one_in(2) {
                scene.coop.world.admin.edit(&learner.talk, "First line.", "").await?;
                lines.push((learner.talk.clone(), "First line.".to_owned()));
            }
        }
        let (gate, mut done) = (Gate::new(), Vec::new());
        for run in 0..RUNS {
            self.runs += 1;
            let what = self
                .disturb(scene, &learners, &gate, &mut lines, *clock)
                .await
                .with_context(|| done.join("\n"))?;
            done.push(format!("run {run} at {clock} s: {what}"));
            // Sometimes too early for what is unknown, sometimes late enough.
            *clock += if self.random.one_in(3) { 60 } else { LATER };
            if self.random.one_in(4) {
                gate.open();
            }
        }
        scene.http.heal();
        for at_last in 0..2 {
            let run = scene.job().later(*clock).run().await.with_context(|| done.join("\n"))?;
            done.push(format!("undisturbed run at {clock} s\n{run}"));
            *clock += LATER;
            if at_last == 0 {
                gate.open();
                scene.http.settle().await;
            }
        }
        scene
            .job()
            .later(*clock)
            .run_ok()
            .await
            .with_context(|| done.join("\n"))?;
        *clock += LATER;
        for learner in &learners {
            scene.greeted_once(learner).await.with_context(|| done.join("\n"))?;
        }
        for (page, line) in &lines {
            let text = scene.coop.world.admin.text(page).await?.unwrap_or_default();
            ensure!(
                text.matches(line.as_str()).count() == 1,
                "{line:?} on {page}:\n{text}\n{}",
                done.join("\n")
            );
        }
        scene.http.forget();
        scene.db.forget();
        Ok(())
    }

    /// One run with one or two things that go wrong; says which.
    async fn disturb(
        &mut self,
        scene: &Scene,
        learners: &[Member],
        gate: &Gate,
        lines: &mut Vec<Line>,
        clock: i64,
    ) -> Result<String> {
        scene.http.heal();
        let learner = &learners[self.random.below(learners.len() as u64) as usize];
        let (job, edit) = (scene.job().later(clock), When::edit_of(&learner.talk).nth(1));
        let mut what = String::new();
        let written = Arc::new(AtomicBool::new(false));
        let is_busy = self.random.one_in(3);
        if is_busy {
            what.push_str("somebody edits; ");
            self.edit_meanwhile(scene, &learner.talk, lines, &written).await?;
        }
        let at = scene.http.counter().count() + 1 + self.random.below(MESSAGES);
        let head_start = Duration::from_millis(100 * self.random.below(12));
        let said = match self.random.below(8) {
            0..=2 => {
                let moment = if self.random.one_in(2) {
                    Moment::BeforeForwarding
                } else {
                    Moment::BeforeAnswer
                };
                what.push_str(&format!("killed at message {at} ({moment:?})"));
                self.killed(scene, job, at, moment).await?
            }
            3 => {
                what.push_str("lock lost, second run");
                self.at_message(scene, job, at, async || {
                    scene.cut_lock();
                    let second = scene.job().later(clock + LATER).start()?;
                    // The first run may be in the middle of a transaction that the second one has to wait for.
                    tokio::time::sleep(head_start).await;
                    Ok(Some(second))
                })
                .await?
            }
            4 => {
                what.push_str("database connections broken");
                self.at_message(scene, job, at, async || {
                    scene.db.cut_all();
                    Ok(None)
                })
                .await?
            }
            5 => {
                what.push_str("answer of the edit lost");
                scene.http.rule(edit, Fault::ForwardAndLose);
                job.run().await?.to_string()
            }
            6 => {
                what.push_str("edit late");
                scene.http.rule(edit, Fault::DeliverLater(gate.clone()));
                job.run().await?.to_string()
            }
            _ => {
                let faults = [
                    Fault::Reset,
                    Fault::TruncatedJson,
                    Fault::HtmlError(503),
                    Fault::readonly(),
                    Fault::badtoken(),
                    Fault::ForwardAndLose,
                ];
                let fault = &faults[self.random.below(faults.len() as u64) as usize];
                let n = 1 + self.random.below(30);
                what.push_str(&format!("{} at request {n}", fault.name()));
                scene.http.rule(When::any().nth(n), fault.clone());
                job.run().await?.to_string()
            }
        };
        if is_busy && !written.load(Ordering::SeqCst) {
            lines.pop();
        }
        Ok(format!("{what}\n{said}"))
    }

    /// Somebody adds a line before the run, and one between look and edit; `written` tells whether the latter came about.
    async fn edit_meanwhile(
        &mut self,
        scene: &Scene,
        page: &str,
        lines: &mut Vec<Line>,
        written: &Arc<AtomicBool>,
    ) -> Result<()> {
        let (admin, page, written) = (scene.coop.world.admin.clone(), page.to_owned(), written.clone());
        let early = format!("Line {}.", lines.len());
        append(&admin, &page, &early).await?;
        lines.push((page.clone(), early));
        let late = format!("Late line {}.", lines.len());
        lines.push((page.clone(), late.clone()));
        let hook = Fault::before(move |_| {
            let (admin, page, late, written) = (admin.clone(), page.clone(), late.clone(), written.clone());
            async move {
                let done = append(&admin, &page, &late).await;
                written.store(done.is_ok(), Ordering::SeqCst);
            }
        });
        scene.http.rule(When::edit_of(&lines[lines.len() - 1].0).nth(1), hook);
        Ok(())
    }

    async fn killed(&mut self, scene: &Scene, job: Job, at: u64, moment: Moment) -> Result<String> {
        let mut strike = scene.http.counter().strike(at, moment);
        let mut running = job.start()?;
        let has_ended = tokio::select! {
            () = strike.reached() => false,
            _ = running.ended() => true,
        };
        if has_ended {
            strike.over();
            return Ok(running.wait().await?.to_string());
        }
        let said = running.kill().await?;
        self.kills += 1;
        strike.release();
        scene.coop.world.db_is_idle().await?;
        strike.over();
        Ok(said)
    }

    /// Starts the run and does something while its message number `at` waits; that may be to start a second run.
    async fn at_message(
        &mut self,
        scene: &Scene,
        job: Job,
        at: u64,
        act: impl AsyncFnOnce() -> Result<Option<Running>>,
    ) -> Result<String> {
        let (reached, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let (tell, wait) = (reached.clone(), gate.clone());
        let counter = scene.http.counter();
        counter.at(at, Moment::BeforeForwarding, move || async move {
            tell.add_permits(1);
            drop(wait.acquire().await);
        });
        let mut running = job.start()?;
        let second = tokio::select! {
            _ = reached.acquire() => act().await?,
            _ = running.ended() => None,
        };
        // Also for a later run that comes to this message.
        gate.add_permits(1);
        let mut said = running.wait().await?.to_string();
        if let Some(second) = second {
            said.push_str(&second.wait().await?.to_string());
        }
        Ok(said)
    }
}

/// Adds a line at the end of a page, again where a late request of the bot comes in between.
async fn append(admin: &Api, page: &str, line: &str) -> Result<()> {
    for _ in 0..5 {
        match admin.append(page, &format!("\n\n{line}"), "").await {
            Err(error)
                if matches!(
                    code_of(&error),
                    Some("editconflict" | "edit-already-exists" | "articleexists")
                ) => {}
            done => return done.map(drop),
        }
    }
    bail!("{page} is edited all the time")
}
