//! Log lines on stderr, one per event, for people or as JSON. Only Wikicrew's own crates can be made more
//! talkative: libraries that see passwords and tokens stay at `warn`, whatever `-vv` or `RUST_LOG` ask for.

use tracing_subscriber::EnvFilter;

use crate::args::CommonArgs;

/// Crates whose level follows `-v` and `RUST_LOG`.
const OWN: &[&str] = &[
    "shared",
    "wikicrew_core",
    "wikicrew_wiki",
    "wikicrew_db",
    "wikicrew_sink",
    "matchbot",
    "infobox_check",
    "coi_report",
    "linkreport_gen",
];

/// Installs the subscriber. `rust_log` is the value of `RUST_LOG`: a single level, taken for our own crates only.
/// A second call in one process does nothing.
pub fn init(args: &CommonArgs, rust_log: Option<&str>) {
    let asked = match (args.quiet, args.verbose) {
        (true, _) => "warn",
        (_, 0) => rust_log.filter(|level| is_level(level)).unwrap_or("info"),
        (_, 1) => "debug",
        _ => "trace",
    };
    let mut filter = EnvFilter::new("warn");
    for own in OWN {
        if let Ok(directive) = format!("{own}={asked}").parse() {
            filter = filter.add_directive(directive);
        }
    }
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    // A second initialisation can only come from tests that share a process; the first one stays.
    let _ = if args.json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.compact().with_ansi(false).try_init()
    };
}

fn is_level(text: &str) -> bool {
    ["error", "warn", "info", "debug", "trace"].contains(&text)
}
