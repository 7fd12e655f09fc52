//! The two classic log files of MatchBot, for `--log-dir`: `matchbot.log` with one tab-separated line per run, and
//! `matchbot_errors.log` with every error, handled ones too, and its chain of causes.
//! A new `matchbot.log` begins every 30 days; two older ones are kept, 60 days each.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use chrono::{NaiveDateTime, TimeDelta};
use shared::core::types::Timestamp;

const LOG: &str = "matchbot.log";
const ERRORS: &str = "matchbot_errors.log";
const NEW_FILE_AFTER: TimeDelta = TimeDelta::days(30);
const KEEP_BACKUP: TimeDelta = TimeDelta::days(60);
const TIME: &str = "%Y-%m-%d %H:%M:%S%.6f";

/// MatchBot's run line: `INFO⇥time⇥Edited: False⇥Wrote DB: False⇥Errors: False`, then our own fields, also
/// tab-separated. `started`: start of the run.
pub fn run_line(started: Timestamp, edited: bool, wrote_db: bool, errors: bool, more: &str) -> String {
    let python = |value: bool| if value { "True" } else { "False" };
    let line = format!(
        "INFO\t{}\tEdited: {}\tWrote DB: {}\tErrors: {}",
        started.format(TIME),
        python(edited),
        python(wrote_db),
        python(errors)
    );
    if more.is_empty() {
        line
    } else {
        format!("{line}\t{more}")
    }
}

/// Appends `line` to `matchbot.log` in `dir`, starting a new file when the present one began 30 days ago.
pub fn append_run(dir: &Path, line: &str, now: Timestamp) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let path = dir.join(LOG);
    rotate(dir, &path, now)?;
    append(&path, line)
}

/// Appends one error (text with its causes, newlines kept) to `matchbot_errors.log`.
pub fn append_error(dir: &Path, text: &str, now: Timestamp) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    append(&dir.join(ERRORS), &format!("{} - ERROR - {text}", now.format(TIME)))
}

/// One write per line, so that two runs cannot mix theirs.
fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{line}\n").as_bytes())
}

/// The age of a file is that of its first line: the original took the last write and so never rotated.
fn rotate(dir: &Path, path: &Path, now: Timestamp) -> io::Result<()> {
    let backup = |n: u8| dir.join(format!("{LOG}.{n}"));
    for n in [1, 2] {
        if first_time(&backup(n)).is_some_and(|begun| now - begun > NEW_FILE_AFTER + KEEP_BACKUP) {
            fs::remove_file(backup(n))?;
        }
    }
    if first_time(path).is_some_and(|begun| now - begun >= NEW_FILE_AFTER) {
        rename_if_there(&backup(1), &backup(2))?;
        rename_if_there(path, &backup(1))?;
    }
    Ok(())
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn first_time(path: &Path) -> Option<Timestamp> {
    let mut line = String::new();
    BufReader::new(File::open(path).ok()?).read_line(&mut line).ok()?;
    let time = NaiveDateTime::parse_from_str(line.split('\t').nth(1)?, TIME).ok()?;
    Some(time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn day(n: i64) -> Timestamp {
        chrono::Utc
            .timestamp_opt(1_800_000_000 + n * 86_400, 45_650_401)
            .single()
            .unwrap()
    }

    #[test]
    fn the_line_is_the_originals() {
        let time = chrono::Utc.timestamp_opt(1_420_074_045, 650_401_000).single().unwrap();
        assert_eq!(
            run_line(time, false, true, false, ""),
            "INFO\t2015-01-01 01:00:45.650401\tEdited: False\tWrote DB: True\tErrors: False"
        );
    }

    #[test]
    fn a_file_is_rotated_by_the_age_of_its_first_line_and_two_backups_are_kept() {
        let dir = std::env::temp_dir().join(format!("wikicrew-runlog-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        // Every five minutes would be the same: the last write is always fresh.
        for n in 0..=100 {
            append_run(&dir, &run_line(day(n), false, false, false, ""), day(n)).unwrap();
        }
        let lines = |name: &str| fs::read_to_string(dir.join(name)).map(|text| text.lines().count()).ok();
        assert_eq!(lines("matchbot.log"), Some(11));
        assert_eq!(lines("matchbot.log.1"), Some(30));
        assert_eq!(lines("matchbot.log.2"), Some(30));
        assert_eq!(lines("matchbot.log.3"), None);
        // After a long pause the backups are older than 60 days and go.
        append_run(&dir, &run_line(day(300), false, false, false, ""), day(300)).unwrap();
        assert_eq!(lines("matchbot.log.2"), None);
        fs::remove_dir_all(&dir).unwrap();
    }
}
