use super::*;

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn at(minute: i64) -> Timestamp {
    chrono::DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

#[test]
fn who_struck_is_who_saved_the_first_struck_version() {
    let version = |by, minute, names: &[&str]| Version {
        by,
        at: at(minute),
        struck: set(names),
    };
    let found = done(
        set(&["old", "back"]),
        [
            version(Some("Ann"), 1, &["old", "a", "b", "back"]),
            // The bot keeps what is struck.
            version(None, 2, &["old", "a", "b", "back"]),
            version(Some("Bob"), 3, &["old", "a"]),
            version(Some("Cy"), 4, &["old", "a", "b"]),
            version(None, 5, &["old", "a", "b", "c"]),
        ]
        .into_iter(),
    );
    let struck: Vec<_> = found
        .struck
        .iter()
        .map(|(name, (by, at))| (name.as_str(), by.as_deref(), at.timestamp() / 60))
        .collect();
    assert_eq!(struck, [("a", Some("Ann"), 1), ("b", Some("Cy"), 4), ("c", None, 5)]);
    assert_eq!(found.unstruck, set(&["back"]));
    assert_eq!(done(set(&["x"]), std::iter::empty()), Done::default());
}
