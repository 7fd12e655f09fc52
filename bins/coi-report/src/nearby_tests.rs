use super::*;

fn pending(rev: u64, key: &str) -> Pending {
    Pending {
        wiki: "en.example.org/w".to_owned(),
        rev: RevId(rev),
        address: "192.0.2.7".parse().unwrap(),
        key: key.to_owned(),
    }
}

#[test]
fn an_edit_is_one_item_and_one_with_very_many_links_loses_none_of_them() {
    let few = ["com.near.", "com.far.", "com.near."].map(|key| pending(17, key));
    let parked = items(&few);
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].0, "proximity 17 en.example.org/w");
    assert_eq!(
        parked[0].1.text(),
        r#"{"address":"192.0.2.7","keys":["com.far.","com.near."]}"#
    );

    let key = |n: usize| format!("com.{}{n:05}.", "x".repeat(200));
    let many: Vec<Pending> = (0..500).map(|n| pending(18, &key(n))).collect();
    let parked = items(&many);
    let keys: BTreeSet<String> = parked.iter().flat_map(|(_, waiting)| waiting.keys.clone()).collect();
    assert_eq!(keys.len(), 500);
    let names: BTreeSet<&String> = parked.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), parked.len(), "each has a key of its own");
    for (name, waiting) in &parked {
        // More would be cut by the database, and then it would read as nothing.
        assert!(waiting.text().len() < 8_000, "{name}");
        assert_eq!(serde_json::from_str::<Waiting>(&waiting.text()).unwrap(), *waiting);
    }
}

#[test]
fn links_without_an_answer_go_on_waiting_beside_those_that_are_near_or_far() {
    let keys = ["com.near.", "com.far.", "com.silent.", "com.both."];
    let waiting = Waiting {
        address: "192.0.2.7".parse().unwrap(),
        keys: keys.map(str::to_owned).into(),
    };
    let known: HashMap<String, Vec<IpAddr>> = [
        ("com.near.", &["192.0.2.250"][..]),
        ("com.far.", &["198.51.100.7", "2001:db8::7"]),
        ("com.both.", &["198.51.100.7", "192.0.2.8"]),
        ("com.other.", &["192.0.2.7"]),
    ]
    .into_iter()
    .map(|(key, servers)| (key.to_owned(), servers.iter().map(|ip| ip.parse().unwrap()).collect()))
    .collect();
    let set = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<BTreeSet<_>>();
    let silent = set(&["com.silent."]);
    assert_eq!(
        waiting.compare(&known, (24, 64)),
        (set(&["com.both.", "com.near."]), silent.clone())
    );
    assert_eq!(
        waiting.compare(&known, (29, 64)),
        (set(&[]), silent.clone()),
        "192.0.2.0 to 7, and 8 is beyond"
    );
    assert_eq!(waiting.compare(&HashMap::new(), (24, 64)), (set(&[]), set(&keys)));
}
