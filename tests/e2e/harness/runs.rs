//! Running programs in a job's place: environment, exit codes, signals, time-outs.

use std::time::Duration;

use anyhow::Result;
use wikicrew_tests::run::Job;

fn shell(script: &str) -> Job {
    Job::new("probe").program("/bin/sh").args(&["-c", script])
}

#[tokio::test]
async fn a_run_shows_what_was_said_and_how_it_ended() -> Result<()> {
    let run = shell("echo out; echo Edited: False >&2; exit 78").run_to(78).await?;
    assert_eq!((run.stdout.as_str(), run.summary()?), ("out\n", "Edited: False"));
    let error = shell("echo why >&2; exit 1").run_ok().await.err().unwrap().to_string();
    assert!(
        error.contains("exit code 1 instead of 0") && error.contains("why"),
        "{error}"
    );
    Ok(())
}

#[tokio::test]
async fn nothing_is_in_the_environment_but_what_the_test_gave() -> Result<()> {
    let env = async |job: Job| anyhow::Ok(job.program("/usr/bin/env").run_ok().await?.stdout);
    assert_eq!(
        env(Job::new("probe").env("A", "b")).await?,
        "A=b\nWIKICREW_TEST_CLOCK=offset=0,pauses=0\n"
    );
    let later = env(Job::new("probe").env("A", "b").without("A").later(600)).await?;
    assert_eq!(later, "WIKICREW_TEST_CLOCK=offset=600,pauses=0\n");
    Ok(())
}

#[tokio::test]
async fn signals_reach_the_process() -> Result<()> {
    let script = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.02; done";
    let running = shell(script).start()?;
    tokio::time::sleep(Duration::from_millis(200)).await;
    running.terminate().await?;
    assert_eq!(running.wait().await?.stdout, "up\nbye\n");

    let running = shell(script).start()?;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(running.kill().await?, "up\n");
    Ok(())
}

#[tokio::test]
async fn a_run_that_hangs_is_ended_with_what_it_had_said() -> Result<()> {
    let hanging = shell("echo so far; exec sleep 30").within(Duration::from_millis(300));
    let error = hanging.run().await.err().unwrap().to_string();
    assert!(error.contains("still running") && error.contains("so far"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_job_that_is_not_built_says_how_to_build_it() {
    let error = Job::new("no-such-job").run().await.err().unwrap().to_string();
    assert!(
        error.ends_with("no-such-job is not built: run `cargo build --workspace --bins`"),
        "{error}"
    );
}
