//! What is in the tracked files, and that each job has all its parts.

use std::fs::read_to_string;
use std::process::Command;

use super::crates::{ROOT, bins};

/// Files in git, and those about to be; ignored ones are nobody's business.
fn tracked() -> Vec<String> {
    let out = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    let names = String::from_utf8(out.stdout).unwrap();
    let files: Vec<_> = names
        .split_terminator('\0')
        .filter(|f| is_file(f))
        .map(String::from)
        .collect();
    assert!(files.len() > 20, "the list of tracked files is not there");
    files
}

/// A file that was deleted and not yet committed is still listed.
fn is_file(name: &str) -> bool {
    std::path::Path::new(ROOT).join(name).is_file()
}

fn read(name: &str) -> String {
    read_to_string(format!("{ROOT}/{name}")).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn no_source_file_is_too_long() {
    let mut bad = Vec::new();
    for name in tracked().iter().filter(|n| n.ends_with(".rs")) {
        let lines = read(name).lines().count();
        if lines > 400 {
            eprintln!("{name} has {lines} lines: is there a seam?");
        }
        if lines > 450 {
            bad.push(format!("{name}: {lines} lines"));
        }
    }
    assert!(
        bad.is_empty(),
        "split these (400 lines are the aim):\n{}",
        bad.join("\n")
    );
}

#[test]
fn no_file_names_a_machine_or_a_registry() {
    // In two pieces each, so that this file does not name them either.
    let hosts = [
        ["deb.", "debian.org"],
        ["security.", "debian.org"],
        ["crates", ".io/"],
        ["index.crates", ".io"],
        ["pypi", ".org"],
        ["pythonhosted", ".org"],
        ["registry.", "npmjs.org"],
        ["static.", "rust-lang.org"],
    ];
    let checkout = std::fs::canonicalize(ROOT).unwrap();
    let mut forbidden: Vec<String> = hosts.iter().map(|h| h.concat()).collect();
    forbidden.extend([["/ro", "ot/"], ["/ho", "me/"]].map(|p| p.concat()));
    forbidden.push(format!("{}/", checkout.display()));
    let mut bad = Vec::new();
    for name in tracked().iter().filter(|n| n.as_str() != "Cargo.lock") {
        // Pictures and the like hold no text.
        let Ok(content) = read_to_string(format!("{ROOT}/{name}")) else {
            continue;
        };
        for (n, line) in content.lines().enumerate() {
            for word in forbidden.iter().filter(|w| line.contains(w.as_str())) {
                bad.push(format!("{name}:{}: {word}", n + 1));
            }
        }
    }
    assert!(bad.is_empty(), "these hold on one machine only:\n{}", bad.join("\n"));
}

#[test]
fn only_the_guarded_editor_edits() {
    let may = |n: &str| n.starts_with("shared/wiki/") || n.starts_with("shared/src/editor") || n.starts_with("tests/");
    let raw_edit = ["raw_", "edit"].concat();
    let bad: Vec<_> = tracked()
        .into_iter()
        .filter(|n| n.ends_with(".rs") && !may(n))
        .filter(|n| {
            read(n)
                .lines()
                .any(|l| l.contains(&raw_edit) && !l.trim_start().starts_with("//"))
        })
        .collect();
    assert!(bad.is_empty(), "these go round shared::editor: {bad:?}");
}

#[test]
fn every_job_has_all_its_parts() {
    let (procfile, jobs) = (read("Procfile"), read("jobs.yaml"));
    for bin in bins() {
        assert!(
            is_file(&format!("bins/{bin}/settings.example.wiki")),
            "{bin} has no settings.example.wiki"
        );
        let path = format!("./target/release/{bin}");
        let entry = procfile.lines().find_map(|l| {
            let (entry, command) = l.split_once(": ")?;
            (command.split(' ').next() == Some(path.as_str())).then_some(entry)
        });
        let entry = entry.unwrap_or_else(|| panic!("the Procfile has no entry for {path}"));
        let command = format!("command: {entry}");
        assert!(
            jobs.lines().any(|l| l.trim() == command),
            "jobs.yaml has no job with `{command}`"
        );
    }
}

#[test]
fn one_compiler_everywhere() {
    let toolchain = read("rust-toolchain.toml");
    let pinned = toolchain
        .lines()
        .find_map(|l| l.strip_prefix("channel = "))
        .unwrap()
        .trim_matches('"');
    let version = format!("VERSION={pinned}");
    assert!(
        read("RustConfig").lines().any(|l| l == version),
        "RustConfig must say {version}"
    );
}

#[test]
fn both_licences_are_there() {
    assert!(read("LICENSE-MIT").contains("Wikicrew contributors"));
    assert!(read("LICENSE-APACHE").contains("END OF TERMS AND CONDITIONS"));
}
