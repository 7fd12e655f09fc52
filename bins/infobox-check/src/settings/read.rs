//! The settings that are not those of one box, and the values that stand both there and above all boxes.

use chrono::TimeDelta;
use shared::core::settings::MapNode;
use shared::core::site::Site;

use super::Repair;

/// Most watched namespaces.
const NAMESPACES: usize = 30;
/// Longest approval: a link or a sentence.
const APPROVAL_CHARS: usize = 500;
/// Namespaces in which no job works: pages of users, their talk pages, the wiki's own messages.
const NOT_OURS: [i32; 3] = [2, 3, 8];

/// The watched namespaces; the article namespace where nothing, or nothing usable, is said.
pub(super) fn namespaces(root: &MapNode<'_>, site: &Site) -> Vec<i32> {
    let editable = |ns| match NOT_OURS.contains(&ns) {
        true => Err("no job works on pages of users, on their talk pages, or on the messages of the wiki".to_owned()),
        false => Ok(()),
    };
    root.namespaces("namespaces", site, NAMESPACES, editable)
}

pub(super) fn report_level(group: &MapNode<'_>) -> Option<u8> {
    group
        .int("report_level", 0..=2)
        .and_then(|level| u8::try_from(level).ok())
}

pub(super) fn settle(group: &MapNode<'_>) -> Option<TimeDelta> {
    group.duration("settle", TimeDelta::zero()..=TimeDelta::days(7))
}

pub(super) fn log_page_size(root: &MapNode<'_>) -> usize {
    let size = root.int("log_page_size", 10_000..=500_000);
    size.and_then(|size| usize::try_from(size).ok()).unwrap_or(100_000)
}

pub(super) fn repair(root: &MapNode<'_>) -> Repair {
    let group = root.section("repair");
    group.known(&["enabled", "per_day", "approval"]);
    let enabled = group.bool("enabled").unwrap_or(false);
    let approval = approval(&group);
    if enabled && !group.has("approval") {
        group.problem(
            "approval",
            "`enabled: true` needs the approval for repairs: a link to it, or where it was given",
        );
    }
    let per_day = group.int("per_day", 1..=5_000).and_then(|n| u32::try_from(n).ok());
    Repair {
        enabled: enabled && approval.is_some(),
        per_day: per_day.unwrap_or(200),
        approval,
    }
}

/// A link or words: one line.
pub(super) fn approval(group: &MapNode<'_>) -> Option<String> {
    one_line(group, "approval", APPROVAL_CHARS)
}

/// A text that is one line of at most `most` characters.
pub(super) fn one_line(group: &MapNode<'_>, key: &str, most: usize) -> Option<String> {
    let text = group.text(key)?;
    let text = text.trim();
    if text.contains('\n') || text.chars().count() > most {
        group.problem(key, &format!("this must be one line of at most {most} characters"));
        return None;
    }
    Some(text.to_owned())
}

/// The name of a protection level, as the wiki's own lists name it.
pub(super) fn index_protection(group: &MapNode<'_>) -> Option<String> {
    let level = one_line(group, "index_protection", 60)?;
    let is_name = |level: &str| level.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    if ["all", "user", "none"].contains(&level.as_str()) {
        let text = format!("`{level}` protects nothing; write a level such as `sysop` or `extendedconfirmed`");
        group.problem("index_protection", &text);
        return None;
    }
    if !is_name(&level) {
        group.problem(
            "index_protection",
            "this is not the name of one protection level, such as `sysop` or `extendedconfirmed`",
        );
        return None;
    }
    Some(level)
}
