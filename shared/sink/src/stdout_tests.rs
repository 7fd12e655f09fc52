use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::*;

/// More than a pipe holds, 64 KiB.
const TOO_MUCH: usize = 256 << 10;

const SOON: Duration = Duration::from_millis(200);

#[tokio::test]
async fn whatever_the_text_it_is_one_line_without_commands_for_the_terminal() {
    let (mut theirs, ours) = io::pipe().unwrap();
    let writer = start(ours).unwrap();
    line_to(&writer, "[[A]]\r\nforged\u{2028}\x1b[2J\u{202e}\x00 end")
        .await
        .unwrap();
    line_to(&writer, "").await.unwrap();
    drop(writer);
    let mut got = String::new();
    theirs.read_to_string(&mut got).unwrap();
    assert!(
        got.starts_with("[[A]]  forged ") && got.ends_with(" end\n\n"),
        "{got:?}"
    );
    assert_eq!(got.lines().count(), 2);
    assert!(got.chars().all(|c| c == '\n' || !c.is_control()), "{got:?}");
    assert!(!got.contains('\u{202e}'));
}

#[tokio::test]
async fn a_closed_pipe_is_an_error() {
    let (theirs, ours) = io::pipe().unwrap();
    drop(theirs);
    let writer = start(ours).unwrap();
    for _ in 0..2 {
        let error = line_to(&writer, "nobody reads this").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}

#[tokio::test]
async fn a_line_given_up_behind_a_stuck_one_does_not_come_out() {
    let (mut theirs, ours) = io::pipe().unwrap();
    let writer = start(ours).unwrap();
    let stuck = "a".repeat(TOO_MUCH);
    let mut first = Box::pin(line_to(&writer, &stuck));
    assert!(timeout(Duration::ZERO, &mut first).await.is_err());
    // Its turn has come.
    theirs.read_exact(&mut [0]).unwrap();
    drop(first);
    for given_up in ["b", "c", "d"] {
        assert!(timeout(SOON, line_to(&writer, given_up)).await.is_err());
    }
    let reader = thread::spawn(move || {
        let mut got = String::new();
        theirs.read_to_string(&mut got).map(|_| got)
    });
    line_to(&writer, "e").await.unwrap();
    drop(writer);
    let got = reader.join().unwrap().unwrap();
    assert!(got == format!("{}\ne\n", &stuck[1..]), "{}", got.trim_matches('a'));
}

/// What the process started below has on its command line, where the tests look for names of tests.
const CHILD: &str = "its-output-is-not-read";

/// It starts itself with a pipe that nobody reads.
#[test]
fn a_pipe_that_nobody_reads_does_not_hold_up_the_end_of_the_process() {
    if std::env::args().any(|word| word == CHILD) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let stuck = runtime.block_on(async { timeout(SOON, line(&"a".repeat(TOO_MUCH))).await.is_err() });
        // As at the end of `main`. Not by a return: the tests' own words would wait for the reader too.
        drop(runtime);
        std::process::exit(if stuck { 0 } else { 3 });
    }
    let name = "stdout::tests::a_pipe_that_nobody_reads_does_not_hold_up_the_end_of_the_process";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, CHILD, "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break Some(status),
            None if begin.elapsed() > Duration::from_secs(10) => break None,
            None => thread::sleep(Duration::from_millis(20)),
        }
    };
    child.kill().ok();
    child.wait().unwrap();
    assert_eq!(status.and_then(|status| status.code()), Some(0), "it did not end");
}
