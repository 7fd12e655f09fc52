//! How fast it is decided which links edits added: the texts are there, nothing is stored.

use crate::{Outcome, events, target};
use chrono::{DateTime, Utc};
use std::collections::HashSet;
use std::hint::black_box;
use std::time::Instant;
use wikicrew_core::addition::{Decision, NewUser, Record, Rules, decide, read_line};
use wikicrew_core::link::PathHosts;

/// Edits per second that one core has to decide on.
const TARGET: f64 = 4_000.0;

/// Decides on `n` edits three times; the best time counts.
pub fn measure(n: u64) -> Outcome<bool> {
    let now: DateTime<Utc> = "2026-11-20T12:00:00Z".parse()?;
    let mut bytes = 0;
    let mut edits = Vec::new();
    for number in 0..n {
        let line = events::edit(number, now).to_string();
        bytes += line.len();
        match read_line(line.as_bytes())? {
            Some(Record::Edit(edit)) => edits.push(*edit),
            _ => return Err("what was made is no edit".into()),
        }
    }
    let tags: HashSet<String> = ["ref", "references", "gallery", "math", "nowiki", "pre", "poem"]
        .map(str::to_owned)
        .into();
    let path_hosts = PathHosts::default();
    let rules = Rules {
        extension_tags: &tags,
        templates: &[],
        path_hosts: &path_hosts,
        new_user: NewUser::default(),
        namespaces: &[],
    };
    let mut best = f64::INFINITY;
    let mut added = 0;
    for _ in 0..3 {
        let start = Instant::now();
        let with_links = edits.iter().filter(|edit| {
            let decision = decide(Some(edit), None, &rules);
            matches!(black_box(decision), Decision::Links(..))
        });
        added = with_links.count();
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!(
        "       {n} edits of {:.1} kB (two texts), {added} of them add links",
        bytes as f64 / n as f64 / 1e3
    );
    let speed = n as f64 / best;
    let (is, wanted) = (format!("{speed:.0}/s"), format!("{TARGET:.0}/s"));
    Ok(target(
        "which links an edit added, by one core",
        speed >= TARGET,
        &is,
        &wanted,
    ))
}
