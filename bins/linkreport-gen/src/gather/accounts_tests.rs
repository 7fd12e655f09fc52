use shared::core::hit::UserFacts;
use shared::wiki::people::{AccountNow, GlobalAccount};

use super::account;

#[test]
fn age_and_edits_are_global_groups_and_block_are_of_the_wiki() {
    let local = AccountNow {
        facts: UserFacts {
            edits: Some(3),
            registered: "2026-01-01T00:00:00Z".parse().ok(),
            groups: vec!["bot".to_owned()],
            is_global: false,
        },
        is_blocked: true,
    };
    let alone = account(&local, None);
    assert_eq!(
        (alone.edits, alone.is_global, alone.is_blocked, alone.is_locked),
        (Some(3), false, true, false)
    );
    let global = GlobalAccount {
        facts: UserFacts {
            edits: Some(40_000),
            registered: "2008-05-01T00:00:00Z".parse().ok(),
            groups: vec!["steward".to_owned()],
            is_global: true,
        },
        is_locked: true,
    };
    let joined = account(&local, Some(&global));
    assert_eq!(
        (joined.edits, joined.is_global, joined.is_blocked, joined.is_locked),
        (Some(40_000), true, true, true)
    );
    assert_eq!(joined.registered, global.facts.registered);
    assert_eq!(joined.groups, ["bot"]);
}
