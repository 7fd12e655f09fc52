use shared::core::link::PathHosts;
use shared::core::report::Kind;
use shared::db::suppress::Entry;

use super::*;

fn naming() -> Naming {
    let entry = |what, name: &str| Entry {
        what,
        name: name.to_owned(),
        user_id: None,
        by: "operator".to_owned(),
        since: "2026-11-22T00:00:00Z".parse().unwrap(),
        reason: String::new(),
    };
    Naming::new(Suppressed::new(vec![
        entry(What::User, "Private Person"),
        entry(What::Host, "private.example"),
        entry(What::Report, "User:Bot/LinkReports/quiet.example"),
    ]))
}

fn subject(kind: Kind, name: &str) -> Subject {
    Subject::from_name(kind, name, &PathHosts::default()).unwrap()
}

#[test]
fn what_is_named_nowhere_is_not_named_in_logs() {
    let naming = naming();
    let link = |name| naming.subject(&subject(Kind::Link, name));
    assert_eq!(link("example.com"), "link example.com");
    assert_eq!(link("private.example"), "link (not shown)");
    assert_eq!(link("shop.private.example"), "link (not shown)");
    // By the title of its page.
    assert_eq!(link("quiet.example"), "link (not shown)");
    assert_eq!(link("unquiet.example"), "link unquiet.example");
    let user = |name| naming.subject(&subject(Kind::User, name));
    assert_eq!(user("Private Person"), "user (not shown)");
    assert_eq!(user("Public Person"), "user Public Person");
    assert!(!naming.may_tell("User:Bot/LinkReports/quiet.example"));
    assert!(!naming.may_tell("User:Bot/LinkReports/shop.private.example"));
    assert!(naming.may_tell("User:Bot/LinkReports/example.com"));
    // A text of another program's may quote a name in any letter case.
    assert_eq!(
        naming.text("page User:Bot/UserReports/private person is protected"),
        "(not shown)"
    );
    assert!(!naming.text("timed out\u{1b}[2J").contains('\u{1b}'));
    let error = anyhow::anyhow!("timeout").context("reading the history of User:Bot/LinkReports/private.example");
    assert_eq!(naming.error(&error).to_string(), "(not shown)");
}
