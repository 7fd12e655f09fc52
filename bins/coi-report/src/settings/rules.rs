//! What is a hit, and whom the overlap rules pass over.

use chrono::TimeDelta;
use shared::core::hit::{Config, Skip};
use shared::core::overlap::NearMiss;
use shared::core::settings::MapNode;

/// Most groups and tags that are passed over.
const SKIPPED: usize = 100;
/// Longest name of a group or a tag, in bytes, as MediaWiki has it.
const NAME_BYTES: usize = 255;
/// Default of `auto_monitor.expires`.
pub(super) const AUTO_EXPIRES: TimeDelta = TimeDelta::days(180);
/// Default of `auto_monitor.common_host`.
pub(super) const COMMON_HOST: u32 = 1_000;

/// How long the job's own entries of the monitor list stay, and what never becomes one.
pub(super) struct Auto {
    /// After the last hit.
    pub expires: TimeDelta,
    /// Adders of a host that is too common.
    pub common_host: u32,
}

pub(super) fn config(root: &MapNode<'_>) -> (Config, Auto) {
    let default = Config::default();
    let score = root.section("score");
    score.known(&["threshold", "deterioration", "near_misses"]);
    let limit = score.number("threshold", 1.0..=100.0).unwrap_or(default.limit);
    let proximity = root.section("ip_proximity");
    proximity.known(&["v4", "v6"]);
    let bits = |key: &str, least: i64, most: i64| {
        proximity
            .int(key, least..=most)
            .and_then(|bits| u8::try_from(bits).ok())
    };
    let (auto_ratio, auto) = auto(root, limit);
    let config = Config {
        limit,
        deterioration: score
            .number("deterioration", 0.0..=1.0)
            .unwrap_or(default.deterioration),
        near: near(&score),
        min_name: root
            .int("min_name_length", 1..=50)
            .and_then(|chars| usize::try_from(chars).ok())
            .unwrap_or(default.min_name),
        proximity: (
            bits("v4", 8, 32).unwrap_or(default.proximity.0),
            bits("v6", 16, 128).unwrap_or(default.proximity.1),
        ),
        auto_ratio,
        skip: skip(root),
    };
    (config, auto)
}

/// `off`, or a group that switches it on by being there.
fn group_or_off<'r>(root: &MapNode<'r>, key: &str) -> Option<MapNode<'r>> {
    if root.is_group(key) {
        return root.map(key);
    }
    if root.has(key) && !root.is_word(key, "off") {
        root.problem(key, "write `off`, or a group of keys");
    }
    None
}

fn near(score: &MapNode<'_>) -> Option<NearMiss> {
    let default = NearMiss::default();
    let group = group_or_off(score, "near_misses")?;
    group.known(&["threshold", "min_length"]);
    let least = group
        .int("min_length", 4..=100)
        .and_then(|chars| usize::try_from(chars).ok());
    Some(NearMiss {
        threshold: group
            .number("threshold", 50.0..=100.0)
            .map_or(default.threshold, |percent| percent / 100.0),
        min_length: least.unwrap_or(default.min_length),
    })
}

fn auto(root: &MapNode<'_>, limit: f64) -> (Option<f64>, Auto) {
    let mut auto = Auto {
        expires: AUTO_EXPIRES,
        common_host: COMMON_HOST,
    };
    let default = Config::default().auto_ratio;
    if !root.has("auto_monitor") {
        return (default, auto);
    }
    let Some(group) = group_or_off(root, "auto_monitor") else {
        return (None, auto);
    };
    group.known(&["ratio", "expires", "common_host"]);
    let ratio = group.number("ratio", 1.0..=100.0);
    if ratio.is_some_and(|ratio| ratio < limit) {
        group.warning(
            "ratio",
            "below the threshold of the score nothing is a hit: the threshold decides",
        );
    }
    if let Some(expires) = group.duration("expires", TimeDelta::days(1)..=TimeDelta::days(3_650)) {
        auto.expires = expires;
    }
    if let Some(adders) = group.int("common_host", 2..=1_000_000) {
        auto.common_host = u32::try_from(adders).unwrap_or(COMMON_HOST);
    }
    (ratio.or(default), auto)
}

fn skip(root: &MapNode<'_>) -> Skip {
    let default = Skip::default();
    let group = root.section("skip");
    group.known(&["bots", "groups", "edits_over", "age_over", "tags"]);
    let edits_over = match group.is_word("edits_over", "off") {
        true => None,
        false => group
            .int("edits_over", 0..=10_000_000)
            .and_then(|edits| u64::try_from(edits).ok())
            .or(default.edits_over),
    };
    let age_over = match group.is_word("age_over", "off") {
        true => None,
        false => group
            .duration("age_over", TimeDelta::zero()..=TimeDelta::days(36_500))
            .or(default.age_over),
    };
    Skip {
        bots: group.bool("bots").unwrap_or(default.bots),
        groups: names(&group, "groups"),
        edits_over,
        age_over,
        tags: names(&group, "tags"),
    }
}

fn names(group: &MapNode<'_>, key: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (n, name) in group.texts(key, SKIPPED).unwrap_or_default().iter().enumerate() {
        let name = name.trim();
        if name.len() > NAME_BYTES || name.contains(['\n', '|']) {
            group.problem_at(key, n, "write one name in each entry, as the wiki's own lists have it");
        } else if found.iter().any(|known| known == name) {
            group.problem_at(key, n, "this name stands in the list twice");
        } else {
            found.push(name.to_owned());
        }
    }
    found
}
