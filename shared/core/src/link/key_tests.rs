//! Keys: stored forms, names for people, ranges, names that people type, entries of `path_hosts`.

use super::*;
use std::collections::BTreeSet;

fn key(name: &str) -> Key {
    Key::from_name(name, &PathHosts::default()).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn stored_forms() {
    for (name, stored) in [
        ("shop.example.com", "com.example.shop."),
        ("facebook.com/Some.Page", "com.facebook./some.page"),
        ("linkedin.com/company/acme", "com.linkedin./company/acme"),
        ("localhost", "localhost."),
        ("203.0.113.7", "203.0.113.7"),
        ("2001:DB8:0::1", "[2001:db8::1]"),
    ] {
        let key = key(name);
        assert_eq!(key.stored(), stored);
        assert_eq!(Key::from_stored(stored), Some(key));
    }
    let long = format!("com.{}.", "a".repeat(64));
    for not_ours in [
        "",
        ".",
        "com",
        "com.example",
        ".com.",
        "com..example.",
        "com.Example.",
        "com.exa mple.",
        "com.example.www.",
        "com.example./",
        "com.example./a//b",
        "com.example./a b",
        "203.0.113.07",
        "203.0.113.7.",
        "203.0.113.7/x",
        "[2001:DB8::1]",
        "[2001:db8::1",
        "[::ffff:203.0.113.7]x",
        "bücher.",
        &long,
    ] {
        assert_eq!(Key::from_stored(not_ours), None, "{not_ours:?}");
    }
}

#[test]
fn a_part_that_is_too_long_is_cut_and_stays_distinct() {
    let long = |last: &str| key(&format!("www.facebook.com/{}{last}", "%d0%b6%2F".repeat(200)));
    let (one, two) = (long("1"), long("2"));
    assert_ne!(one, two);
    for key in [one, two] {
        assert!((240..=255).contains(&key.stored().len()), "{}", key.stored().len());
        assert_eq!(Key::from_stored(key.stored()), Some(key.clone()));
        assert_eq!(self::key(&key.ascii()), key);
        assert_eq!(self::key(&key.display()), key);
    }
}

#[test]
fn a_domain_with_all_sub_domains_is_one_range() {
    let names = [
        "example.com",
        "shop.example.com",
        "a.b.example.com",
        "x_y.example.com",
        "a!b.example.com",
        "www.www.example.com",
        "notexample.com",
        "example.com.evil.net",
        "example-shop.com",
        "example!.com",
        "example0.com",
        "xexample.com",
        "com",
        "example",
        "example.org",
        "facebook.com",
        "facebook.com/acme",
        "facebook.com/acme.shop",
        "m.facebook.com/acme",
        "203.0.113.7",
        "203.0.113.70",
        "2001:db8::1",
    ];
    let stored: BTreeSet<String> = names.iter().map(|name| key(name).stored().to_owned()).collect();
    assert_eq!(stored.len(), names.len());
    for (name, expected) in [
        (
            "example.com",
            &[
                "example.com",
                "shop.example.com",
                "a.b.example.com",
                "x_y.example.com",
                "a!b.example.com",
                "www.www.example.com",
            ][..],
        ),
        (
            "facebook.com",
            &[
                "facebook.com",
                "facebook.com/acme",
                "facebook.com/acme.shop",
                "m.facebook.com/acme",
            ],
        ),
        ("facebook.com/acme", &["facebook.com/acme"]),
        ("203.0.113.7", &["203.0.113.7"]),
        ("2001:db8::1", &["[2001:db8::1]"]),
        ("example", &["example"]),
    ] {
        let (from, to) = key(name).with_subdomains();
        let inside: BTreeSet<String> = stored
            .range(from..to)
            .map(|one| Key::from_stored(one).unwrap().ascii())
            .collect();
        assert_eq!(
            inside,
            expected.iter().map(|name| (*name).to_owned()).collect(),
            "{name}"
        );
    }
}

#[test]
fn registrable_domains() {
    for (name, expected) in [
        ("shop.example.com", Some("example.com")),
        ("EXAMPLE.Co.UK", Some("example.co.uk")),
        ("a.foo_bar.example.com", Some("example.com")),
        ("a.bücher.de", Some("xn--bcher-kva.de")),
        ("acme.blogspot.com", Some("acme.blogspot.com")),
        ("facebook.com/acme", Some("facebook.com")),
        ("co.uk", None),
        ("com", None),
        ("s3.amazonaws.com", None),
        ("localhost", None),
        ("127.0.0.1", None),
        ("::1", None),
    ] {
        assert_eq!(key(name).registrable().as_deref(), expected, "{name}");
    }
    assert_eq!(key("0x7f.1").ip(), Some("127.0.0.1".parse().unwrap()));
    assert_eq!(key("::1").ip(), Some("::1".parse().unwrap()));
    assert_eq!(key("example.com").ip(), None);
}

/// Names are decoded for people only where nobody can take them for others.
#[test]
fn shown_names() {
    for (name, shown) in [
        ("bücher.example", "bücher.example"),
        ("shop.bücher.example", "shop.bücher.example"),
        ("пример.рф", "пример.рф"),
        ("例え.jp", "例え.jp"),
        ("sony例えソニー.jp", "sony例えソニー.jp"),
        ("한국어a.kr", "한국어a.kr"),
        ("παράδειγμα.gr", "παράδειγμα.gr"),
        ("مثال.example", "مثال.example"),
        ("उदाहरण.example", "उदाहरण.example"),
        ("хор.рф", "хор.рф"),
        ("vk.com/Абв", "vk.com/абв"),
        // A Cyrillic а among Latin letters, Greek with Cyrillic, only letters that look Latin, a symbol, invalid
        ("pаypal.com", "xn--pypal-4ve.com"),
        ("аррӏе.com", "xn--80ak6aa92e.com"),
        ("i❤.example", "xn--i-7iq.example"),
        ("xn--a.example", "xn--a.example"),
    ] {
        let key = key(name);
        assert_eq!(key.display(), shown);
        assert!(key.ascii().is_ascii(), "{}", key.ascii());
        assert_eq!(self::key(&key.display()), key);
    }
    assert!(key("αб.example").display().starts_with("xn--"));
}

#[test]
fn what_people_type() {
    for (typed, expected) in [
        ("example.com", "example.com"),
        (" www.Example.COM. ", "example.com"),
        ("http://example.com/x?y", "example.com"),
        ("//example.com", "example.com"),
        ("example.com:8080/x", "example.com"),
        ("http//example.com", "example.com"),
        ("ftp://example.com", "example.com"),
        ("https://www.facebook.com/acme/", "facebook.com/acme"),
        ("tiktok.com/@acme", "tiktok.com/@acme"),
        ("facebook.com/watch", "facebook.com"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("[2001:db8::1]:80/x", "[2001:db8::1]"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        (
            "https://web.archive.org/web/2020/http://example.com/",
            "web.archive.org",
        ),
    ] {
        assert_eq!(key(typed).ascii(), expected, "{typed}");
    }
    for (typed, part) in [
        ("", "no host given"),
        ("  \u{200e}", "no host given"),
        ("two words", "space"),
        ("a@example.com", "names no host"),
        ("mailto:a@example.com", "names no host"),
        ("javascript:alert(1)", "names no host"),
        ("unknown://example.com", "names no host"),
        ("http://", "no host that can exist"),
        ("example.com%00/", "example.com"),
        ("a/b\n", "a"),
        ("1.2.3.4.5", "no host that can exist"),
        (&"a".repeat(64), "1 to 63"),
    ] {
        match Key::from_name(typed, &PathHosts::default()) {
            Ok(key) => assert_eq!(key.ascii(), part, "{typed:?}"),
            Err(error) => {
                assert!(error.contains(part), "{typed:?}: {error}");
                assert!(!error.contains('\n') && error.len() < 300, "{error:?}");
            }
        }
    }
}

#[test]
fn entries_of_path_hosts() {
    let hosts = PathHosts::new([
        "Video.Example",
        "www.pages.example/",
        "deep.example/a/b/*",
        "deep.example/a/*",
        "deep.example/a/c",
        "user.example/~*",
        "bücher.example/*",
    ])
    .unwrap();
    for (name, expected) in [
        ("video.example/Acme/x", "video.example/acme"),
        ("pages.example/acme", "pages.example/acme"),
        ("deep.example/a/b/c/d", "deep.example/a/b/c"),
        ("deep.example/a/b", "deep.example"),
        ("deep.example/a/x/y", "deep.example/a/x"),
        ("deep.example/a/c/y", "deep.example"),
        ("deep.example/x/y", "deep.example"),
        ("user.example/~acme/y", "user.example/~acme"),
        ("user.example/~/y", "user.example"),
        ("user.example/acme", "user.example"),
        ("bücher.example/acme", "xn--bcher-kva.example/acme"),
        ("mobile.video.example/acme", "mobile.video.example/acme"),
        ("x.video.example/acme", "x.video.example"),
        ("facebook.com/acme", "facebook.com"),
    ] {
        assert_eq!(Key::from_name(name, &hosts).unwrap().ascii(), expected, "{name}");
    }
    for (entry, what) in [
        ("", "does not start with a host"),
        ("localhost", "does not start with a host"),
        ("192.0.2.1", "does not start with a host"),
        ("http://example.com", "does not start with a host"),
        ("example.com/*x", "* that does not end it"),
        ("example.com/*/x", "* that does not end it"),
        ("example.com/a/b/c/*", "too long"),
        ("example.com/a//*", "empty word"),
        (&format!("example.com/{}", "a".repeat(31)), "too long"),
        (&format!("{}.com", "abc.".repeat(30)), "does not start with a host"),
    ] {
        let error = PathHosts::new(["fine.example", entry]).unwrap_err();
        assert!(error.contains(what) && error.contains(entry), "{entry}: {error}");
    }
}

#[test]
fn the_bare_name_is_what_somebody_registered() {
    let bare = |name: &str| Key::from_name(name, &PathHosts::default()).unwrap().bare();
    assert_eq!(bare("shop.acme-widgets.co.uk").as_deref(), Some("acme-widgets"));
    assert_eq!(bare("xn--mller-kva.example.de").as_deref(), Some("example"));
    assert_eq!(bare("www.müller.de").as_deref(), Some("müller"));
    assert_eq!(bare("facebook.com/some.page").as_deref(), Some("facebook"));
    for nobody in ["192.0.2.1", "co.uk", "localhost"] {
        assert_eq!(bare(nobody), None, "{nobody}");
    }
}
