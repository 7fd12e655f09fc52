//! The licence gate: every crate that a job links, or that acts while it is built, allows what we do with it.
//!
//! No GPL, LGPL or AGPL id is in the list, which is its point. `deny.toml` has the same list for `cargo deny`.

use super::crates::{bins, linked_into, packages, text};

const ALLOWED: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "CDLA-Permissive-2.0",
    "MPL-2.0",
    "CC0-1.0",
    "Apache-2.0 WITH LLVM-exception",
];

/// Whether an SPDX expression can be met with the list: `OR` is our choice, `AND` binds both. The old `A/B` is an `OR`.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    any_of(&tokens, &mut at).is_some_and(|met| met && at == tokens.len())
}

fn any_of(tokens: &[&str], at: &mut usize) -> Option<bool> {
    let mut met = all_of(tokens, at)?;
    while tokens.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all_of(tokens, at)?;
    }
    Some(met)
}

fn all_of(tokens: &[&str], at: &mut usize) -> Option<bool> {
    let mut met = one(tokens, at)?;
    while tokens.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(tokens, at)?;
    }
    Some(met)
}

fn one(tokens: &[&str], at: &mut usize) -> Option<bool> {
    let token = *tokens.get(*at)?;
    *at += 1;
    if token == "(" {
        let met = any_of(tokens, at)?;
        (tokens.get(*at) == Some(&")")).then(|| *at += 1)?;
        return Some(met);
    }
    if tokens.get(*at) == Some(&"WITH") {
        let whole = format!("{token} WITH {}", tokens.get(*at + 1)?);
        *at += 2;
        // An exception only adds rights, so the bare licence being allowed is enough.
        return Some(ALLOWED.contains(&whole.as_str()) || ALLOWED.contains(&token));
    }
    Some(ALLOWED.contains(&token))
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    for yes in [
        "MIT",
        "MIT OR Apache-2.0",
        "MIT/Apache-2.0",
        "MIT OR GPL-3.0-or-later",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception",
        "ISC AND (Apache-2.0 OR ISC) AND (Apache-2.0 OR ISC OR MIT)",
        "GPL-2.0-only OR MIT AND ISC",
    ] {
        assert!(is_allowed(yes), "{yes}");
    }
    for no in [
        "",
        "GPL-3.0-or-later",
        "LGPL-2.1-only",
        "MIT AND AGPL-3.0-only",
        "MIT AND (GPL-2.0-only OR LGPL-3.0-only)",
        "GPL-2.0-only OR LGPL-2.1-only AND MIT",
        "GPL-2.0-only WITH Classpath-exception-2.0",
        "WTFPL",
        "MIT AND",
        "(MIT",
        "MIT)",
        "MIT Apache-2.0",
    ] {
        assert!(!is_allowed(no), "{no}");
    }
}

#[test]
fn everything_in_a_job_has_an_allowed_licence() {
    let mut bad = Vec::new();
    for bin in bins() {
        let ids = linked_into(bin);
        assert!(ids.len() > 50, "{bin}: the graph is not there");
        for p in packages().iter().filter(|p| ids.contains(text(p, "id"))) {
            let licence = p["license"].as_str().unwrap_or("");
            if !is_allowed(licence) {
                bad.push(format!(
                    "{bin}: {} {}: {licence:?}",
                    text(p, "name"),
                    text(p, "version")
                ));
            }
        }
    }
    assert!(
        bad.is_empty(),
        "not in the list of allowed licences:\n{}",
        bad.join("\n")
    );
}

#[test]
fn cargo_deny_has_the_same_list() {
    let deny = std::fs::read_to_string(format!("{}/deny.toml", super::crates::ROOT)).unwrap();
    let list = deny.split_once("allow = [").unwrap().1.split_once(']').unwrap().0;
    let listed: Vec<_> = list.split('"').skip(1).step_by(2).collect();
    assert_eq!(listed, ALLOWED);
}
