//! How much a page shows, how long names stand on it, and when a report is past.

use chrono::TimeDelta;
use shared::core::settings::MapNode;

use super::Show;
use super::asking::count;

/// Default of `stale_after`.
pub(super) const STALE_AFTER: TimeDelta = TimeDelta::days(30);
/// Default of `names_for`, and the most that it may be: after 90 days wikis themselves forget addresses.
/// <https://www.mediawiki.org/wiki/Trust_and_Safety_Product/Temporary_Accounts>
pub(super) const NAMES_FOR: TimeDelta = TimeDelta::days(90);

impl Default for Show {
    fn default() -> Show {
        Show {
            rows: 250,
            looked_at: 1_000,
            users: 50,
            hosts: 50,
            single_addresses: true,
        }
    }
}

pub(super) fn show(root: &MapNode<'_>) -> Show {
    let default = Show::default();
    let group = root.section("show");
    group.known(&["rows", "looked_at", "users", "hosts", "single_addresses"]);
    let show = Show {
        rows: count(&group, "rows", 10, 1_000, default.rows),
        looked_at: count(&group, "looked_at", 10, 5_000, default.looked_at),
        users: count(&group, "users", 5, 500, default.users),
        hosts: count(&group, "hosts", 5, 500, default.hosts),
        single_addresses: group.bool("single_addresses").unwrap_or(default.single_addresses),
    };
    if show.looked_at < show.rows {
        let text = format!(
            "only additions that were looked at can be shown: write at least `rows`, {}",
            show.rows
        );
        group.problem("looked_at", &text);
    }
    show
}

pub(super) fn stale_after(root: &MapNode<'_>) -> TimeDelta {
    root.duration("stale_after", TimeDelta::days(1)..=TimeDelta::days(3_650))
        .unwrap_or(STALE_AFTER)
}

pub(super) fn names_for(root: &MapNode<'_>) -> TimeDelta {
    root.duration("names_for", TimeDelta::zero()..=NAMES_FOR)
        .unwrap_or(NAMES_FOR)
}
