//! The workspace as `cargo metadata` sees it, and the arrows between its crates.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

/// The checkout. Its own path appears in no tracked file, this one included.
pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What Toolforge runs; other platforms' crates are not even downloaded.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

static METADATA: LazyLock<Value> = LazyLock::new(|| {
    let out = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--locked",
            "--format-version",
            "1",
            "--filter-platform",
            PLATFORM,
        ])
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    serde_json::from_slice(&out.stdout).unwrap()
});

/// Every package of the locked graph.
pub fn packages() -> &'static [Value] {
    METADATA["packages"].as_array().unwrap()
}

pub fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no text {key} in {value}"))
}

/// Our own packages by name.
pub fn members() -> BTreeMap<&'static str, &'static Value> {
    let ids: Vec<_> = METADATA["workspace_members"].as_array().unwrap().iter().collect();
    packages()
        .iter()
        .filter(|p| ids.contains(&&p["id"]))
        .map(|p| (text(p, "name"), p))
        .collect()
}

/// The names of the packages under `bins/`.
pub fn bins() -> BTreeSet<&'static str> {
    let is_bin = |p: &Value| text(p, "manifest_path").rsplit('/').nth(2) == Some("bins");
    members()
        .into_iter()
        .filter(|(_, p)| is_bin(p))
        .map(|(name, _)| name)
        .collect()
}

/// The crates that a package names itself, for running, building or testing.
fn named(package: &'static Value) -> BTreeSet<&'static str> {
    package["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| text(d, "name"))
        .collect()
}

/// The ids of everything that is linked into `name` or acts while it is built; its tests' own needs are left out.
pub fn linked_into(name: &str) -> BTreeSet<&'static str> {
    let nodes: BTreeMap<_, _> = METADATA["resolve"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| (text(n, "id"), n))
        .collect();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![text(members()[name], "id")];
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        for dep in nodes[id]["deps"].as_array().unwrap() {
            if dep["dep_kinds"].as_array().unwrap().iter().any(|k| k["kind"] != "dev") {
                waiting.push(text(dep, "pkg"));
            }
        }
    }
    seen
}

/// The same as names.
fn names_linked_into(name: &str) -> BTreeSet<&'static str> {
    let ids = linked_into(name);
    packages()
        .iter()
        .filter(|p| ids.contains(text(p, "id")))
        .map(|p| text(p, "name"))
        .collect()
}

#[test]
fn our_crates_look_only_downwards() {
    let members = members();
    let ours: BTreeSet<_> = members.keys().copied().collect();
    let bins = bins();
    assert!(!bins.is_empty());
    for (name, package) in &members {
        let may: &[&str] = match *name {
            "wikicrew-core" => &[],
            "wikicrew-wiki" | "wikicrew-db" | "wikicrew-sink" => &["wikicrew-core"],
            "shared" => &["wikicrew-core", "wikicrew-wiki", "wikicrew-db", "wikicrew-sink"],
            "wikicrew-tests" => continue,
            bin => {
                assert!(bins.contains(bin), "{bin}: a new crate needs its place in this test");
                &["shared"]
            }
        };
        let bad: Vec<_> = named(package)
            .intersection(&ours)
            .filter(|d| !may.contains(d))
            .copied()
            .collect();
        assert!(
            bad.is_empty(),
            "{name} may name {may:?} of our crates only, but names {bad:?}"
        );
    }
}

#[test]
fn the_core_does_no_input_or_output() {
    let linked = names_linked_into("wikicrew-core");
    for io in [
        "tokio",
        "mio",
        "reqwest",
        "hyper",
        "socket2",
        "mediawiki",
        "mysql_async",
        "rand",
    ] {
        assert!(!linked.contains(io), "wikicrew-core pulls in {io}");
    }
    assert!(
        !named(members()["wikicrew-core"]).contains("tokio"),
        "the core's tests need no runtime either"
    );
}

#[test]
fn wiki_database_and_sinks_each_have_one_door() {
    let doors = [
        ("mediawiki", &["wikicrew-wiki"][..]),
        ("reqwest", &["wikicrew-wiki", "wikicrew-sink", "wikicrew-tests"]),
        ("tokio-rustls", &["wikicrew-sink", "wikicrew-tests"]),
        ("rustls-platform-verifier", &["wikicrew-sink"]),
        ("hmac", &["wikicrew-sink"]),
        ("mysql_async", &["wikicrew-db", "wikicrew-tests"]),
        ("refinery", &["wikicrew-db", "wikicrew-tests"]),
    ];
    for (library, may) in doors {
        let bad: Vec<_> = members()
            .into_iter()
            .filter(|(n, p)| named(p).contains(library) && !may.contains(n))
            .map(|(name, _)| name)
            .collect();
        assert!(bad.is_empty(), "only {may:?} may name {library}, but so does {bad:?}");
    }
}

#[test]
fn a_plain_build_makes_the_jobs_and_nothing_else() {
    let ids: Vec<_> = METADATA["workspace_default_members"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    let built: BTreeSet<_> = members()
        .into_iter()
        .filter(|(_, p)| ids.contains(&&p["id"]))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(built, bins(), "default-members");
}

#[test]
fn all_packages_are_alike() {
    for (name, package) in members() {
        assert_eq!(text(package, "edition"), "2024", "{name}");
        assert_eq!(text(package, "license"), "MIT OR Apache-2.0", "{name}");
        assert!(
            text(package, "description").len() > 10,
            "{name} has no real description"
        );
        let manifest = std::fs::read_to_string(text(package, "manifest_path")).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{name} does not take the workspace's lints"
        );
    }
}

#[test]
fn dependencies_come_from_the_registry_only() {
    for package in packages() {
        let source = package["source"].as_str();
        let ours = members().contains_key(text(package, "name"));
        assert!(
            source.map_or(ours, |s| s.starts_with("registry+")),
            "{} comes from {source:?}",
            text(package, "name")
        );
    }
}

#[test]
fn heavy_crates_come_once_and_tls_is_rustls() {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for bin in bins() {
        let ids = linked_into(bin);
        for p in packages().iter().filter(|p| ids.contains(text(p, "id"))) {
            let known = versions.entry(text(p, "name")).or_default();
            if !known.contains(&text(p, "version")) {
                known.push(text(p, "version"));
            }
        }
    }
    for once in [
        "tokio",
        "hyper",
        "reqwest",
        "rustls",
        "mysql_async",
        "chrono",
        "regex",
        "url",
    ] {
        let found = versions.get(once).map_or(0, Vec::len);
        assert!(found <= 1, "{once} comes in versions {:?}", versions[once]);
    }
    for tls in ["openssl", "openssl-sys", "native-tls"] {
        assert!(!versions.contains_key(tls), "{tls} is a second TLS stack");
    }
}
