use super::*;

fn due(keys: &[&str]) -> Vec<Due> {
    (1..)
        .zip(keys)
        .map(|(host_id, key)| Due {
            host_id,
            stored_key: (*key).to_owned(),
        })
        .collect()
}

fn asked(plan: &Plan) -> Vec<&str> {
    plan.ask.iter().map(|(_, host)| host.as_str()).collect()
}

#[test]
fn what_needs_no_question_is_known_and_the_rest_is_asked_by_its_own_name() {
    let plan = plan(&due(&[
        "com.example.",
        "com.example.shop.",
        "198.41.0.4",
        "203.0.113.7",
        "[2001:500:2::c]",
        "[::1]",
        "uk.co.",
        "localhost.",
        "com.facebook./some.page",
        "io.github.someone.",
        "io.github.somebody.",
        "org.xn--bcher-kva.",
    ]));
    assert_eq!(
        asked(&plan),
        [
            "example.com",
            "shop.example.com",
            "someone.github.io",
            "somebody.github.io",
            "xn--bcher-kva.org"
        ]
    );
    let public = |ip: &str| Answer::Addresses(vec![ip.parse().unwrap()]);
    assert_eq!(
        plan.known,
        [
            (3, public("198.41.0.4")),
            (4, Answer::None),
            (5, public("2001:500:2::c")),
            (6, Answer::None),
            (7, Answer::None),
            (8, Answer::None),
            (9, Answer::None),
        ]
    );
    assert_eq!(plan.left, 0);
}

#[test]
fn a_domain_with_many_sub_domains_takes_no_others_turn() {
    let mut keys: Vec<String> = (0..1000).map(|n| format!("com.example.s{n}.")).collect();
    keys.extend((0..600).map(|n| format!("org.other{n}.")));
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let plan = plan(&due(&keys));
    assert_eq!(plan.ask.len(), PER_RUN);
    assert_eq!(
        asked(&plan)[..6],
        ["s0", "s1", "s2", "s3", "s4"]
            .map(|s| format!("{s}.example.com"))
            .iter()
            .map(String::as_str)
            .chain(["other0.org"])
            .collect::<Vec<_>>()[..]
    );
    assert_eq!(plan.left, 1600 - PER_RUN as u64);
}
