use super::*;
use proptest::prelude::*;

fn named(kind: Kind, name: &str) -> Result<Subject, String> {
    Subject::from_name(kind, name, &PathHosts::default())
}

#[test]
fn what_is_typed_becomes_one_subject() {
    for (kind, typed, wanted, key) in [
        (Kind::Link, " http://WWW.Example.com/x ", Kind::Link, "com.example."),
        (
            Kind::Link,
            "facebook.com/Some.Page",
            Kind::Link,
            "com.facebook./some.page",
        ),
        (Kind::Link, "192.0.2.1", Kind::Link, "192.0.2.1"),
        (Kind::User, " some_ user_", Kind::User, "Some user"),
        (Kind::User, "\u{200E}élan\u{200F}", Kind::User, "Élan"),
        (Kind::User, "e\u{301}lan", Kind::User, "Élan"),
        (Kind::User, "ßeta", Kind::User, "ßeta"),
        (Kind::User, "a@b", Kind::User, "A@b"),
        (Kind::User, "~2026-123-4", Kind::User, "~2026-123-4"),
        (Kind::User, "192.0.2.7", Kind::Ip, "192.0.2.7"),
        (Kind::Range, "192.0.2.7", Kind::Ip, "192.0.2.7"),
        (Kind::Ip, "::ffff:192.0.2.7", Kind::Ip, "192.0.2.7"),
        (Kind::Ip, "2001:DB8:0:0::1", Kind::Ip, "2001:db8::1"),
        (Kind::User, "192.0.2.7/24", Kind::Range, "192.0.2.0/24"),
        (Kind::Range, "192.0.2.7/32", Kind::Ip, "192.0.2.7"),
        (Kind::Range, "2001:DB8::7/48", Kind::Range, "2001:db8::/48"),
        (Kind::Range, "::ffff:192.0.2.7/120", Kind::Range, "192.0.2.0/24"),
        (Kind::Range, "::ffff:192.0.2.7/128", Kind::Ip, "192.0.2.7"),
        (Kind::Range, "::/0", Kind::Range, "::/0"),
        (Kind::Server, "::ffff:192.0.2.7", Kind::Server, "192.0.2.7"),
    ] {
        let subject = named(kind, typed).unwrap_or_else(|error| panic!("{typed}: {error}"));
        assert_eq!((subject.kind(), &*subject.key()), (wanted, key), "{typed}");
    }
    assert_eq!(
        named(Kind::Link, "www.xn--bcher-kva.example").unwrap().to_string(),
        "bücher.example"
    );
    assert_eq!(
        named(Kind::Link, "shop.example.com").unwrap().to_string(),
        "shop.example.com"
    );
}

#[test]
fn what_names_nothing_is_told_with_what_is_meant() {
    for (kind, typed, wanted) in [
        (Kind::Link, "", "no host given; a host is meant, such as example.com"),
        (Kind::User, " __ ", "no user name given"),
        (
            Kind::Ip,
            "Alice",
            "\"Alice\" is no address and no range; write 192.0.2.7 or 192.0.2.0/24",
        ),
        (
            Kind::Range,
            "192.0.2.0/33",
            "\"192.0.2.0/33\" is no address and no range; write 192.0.2.7 or 192.0.2.0/24",
        ),
        (
            Kind::Server,
            "192.0.2.0/24",
            "\"192.0.2.0/24\" is no address of a server; write 192.0.2.7",
        ),
    ] {
        assert_eq!(named(kind, typed), Err(wanted.to_owned()), "{typed}");
    }
    let long = "x".repeat(256);
    for typed in [
        "a/b",
        "192.0.2.0/33",
        "[[x]]",
        "{{x}}",
        "a|b",
        "a#b",
        "<b>",
        "a\u{7}b",
        &long,
    ] {
        let error = named(Kind::User, typed).unwrap_err();
        assert!(error.contains("is no user name") && error.len() < 200, "{error}");
    }
}

#[test]
fn words_are_read_back() {
    for kind in Kind::ALL {
        assert_eq!(Kind::of_word(kind.word()), Some(kind));
        assert_eq!(Subject::from_key(kind, ""), None);
    }
    assert_eq!(Kind::of_word("Link"), None);
    assert_eq!(Kind::ALL.map(Kind::is_editor), [false, true, true, true, false]);
}

fn typed() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "example", "com", ".", ".", "/", ":", "::", "192.0.2.", "7", "24", "ffff", "é", "Bücher", "_", " ", "@",
        "~2026", "ß", "www.", "2001:db8",
    ]);
    prop_oneof![
        prop::collection::vec(part, 1..8).prop_map(|parts| parts.concat()),
        any::<std::net::IpAddr>().prop_map(|ip| ip.to_string()),
        (any::<std::net::IpAddr>(), 0..=128_u8).prop_map(|(ip, bits)| format!("{ip}/{bits}")),
        any::<String>(),
    ]
}

proptest! {
    /// What the database keeps fits its column and means the same subject, and so does what people are shown, whatever
    /// was typed.
    #[test]
    fn keys_and_names_lead_back(typed in typed(), kind in prop::sample::select(&Kind::ALL[..])) {
        let Ok(subject) = named(kind, &typed) else {
            return Ok(());
        };
        let key = subject.key();
        prop_assert!(!key.is_empty() && key.len() <= 255);
        let again = Subject::from_key(subject.kind(), &key);
        prop_assert_eq!(again.as_ref(), Some(&subject));
        prop_assert_eq!(subject.kind().is_editor(), kind.is_editor());
        if kind != Kind::Link {
            prop_assert_eq!(named(kind, &subject.to_string()), Ok(subject));
        }
    }
}
