use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;

static HOSTS: LazyLock<PathHosts> = LazyLock::new(PathHosts::default);

const SHOP: &str = "https://shop.example.com/a";
const ARCHIVED: &str = "https://web.archive.org/web/20200101000000/https://shop.example.com/a";

fn tally(before: &[&str], after: &[&str]) -> Tally {
    let mut tally = Tally::default();
    let addresses = Addresses::new("en.wikipedia.org/w", &HOSTS);
    for (times, links) in [([1, 0], before), ([0, 1], after)] {
        for link in links {
            tally.count(times, link, Flags::default(), &addresses);
        }
    }
    tally
}

/// `host path flags times` of each.
fn added(before: &[&str], after: &[&str]) -> Vec<String> {
    let items = tally(before, after).added();
    items
        .map(|item| format!("{} {} {} {}", item.host, item.path, item.flags.0, item.times))
        .collect()
}

#[test]
fn links_are_a_multiset() {
    let shop = "com.example.shop. /a 16";
    for (before, after, wanted) in [
        (&[][..], &[][..], vec![]),
        (&[], &[SHOP], vec![format!("{shop} 1")]),
        (&[], &[SHOP, SHOP], vec![format!("{shop} 2")]),
        (&[SHOP], &[SHOP, SHOP], vec![format!("{shop} 1")]),
        (&[SHOP, SHOP], &[SHOP], vec![]),
        // The same address by another scheme, with `www.`, or encoded otherwise, is the same link.
        (&["http://shop.example.com/a"], &[SHOP], vec![]),
        (&[SHOP], &["//www.shop.example.com/a"], vec![]),
        (&[SHOP], &["https://shop.example.com/%61"], vec![]),
        (&["http://shop.example.com"], &["http://shop.example.com/"], vec![]),
        (
            &[SHOP],
            &["https://shop.example.com/A"],
            vec!["com.example.shop. /A 16 1".into()],
        ),
        // One stays, one comes: it is the one of the other form.
        (
            &[SHOP],
            &["http://shop.example.com/a", SHOP],
            vec!["com.example.shop. /a 0 1".into()],
        ),
        (&[SHOP], &["mailto:a@b.example", "http://"], vec![]),
    ] {
        assert_eq!(added(before, after), wanted, "{before:?} {after:?}");
    }
}

#[test]
fn a_page_and_its_archived_copy_are_one_link() {
    let shop = "com.example.shop. /a 16 1".to_owned();
    let shown = "com.example.shop. /a 18 1".to_owned();
    let archive = "org.archive.web. /web/20200101000000/https://shop.example.com/a 16 1".to_owned();
    let archive_twice = archive.replace("16 1", "16 2");
    for (before, after, wanted) in [
        (&[][..], &[ARCHIVED][..], vec![shown.clone(), archive.clone()]),
        // Put in the place of a dead link, or beside it.
        (&[SHOP], &[ARCHIVED], vec![archive.clone()]),
        (&[SHOP], &[SHOP, ARCHIVED], vec![archive.clone()]),
        (&[SHOP, SHOP], &[SHOP, SHOP, ARCHIVED, ARCHIVED], vec![archive_twice]),
        // Cited together with its archived copy.
        (&[], &[SHOP, ARCHIVED], vec![shop.clone(), archive.clone()]),
        // The archive is taken away again.
        (&[ARCHIVED], &[SHOP], vec![]),
        (&[SHOP, ARCHIVED], &[SHOP], vec![]),
        (&[SHOP, ARCHIVED], &[ARCHIVED], vec![]),
        // A second citation of what is there.
        (&[ARCHIVED], &[ARCHIVED, SHOP, SHOP], vec![shop]),
        (
            &[SHOP],
            &[ARCHIVED, ARCHIVED],
            vec![shown, archive.replace("16 1", "16 2")],
        ),
    ] {
        assert_eq!(added(before, after), wanted, "{before:?} {after:?}");
    }
}

#[test]
fn the_wiki_itself_is_nothing_external() {
    let all = |wiki: &str, address: &str| {
        let mut tally = Tally::default();
        tally.count([0, 1], address, Flags::default(), &Addresses::new(wiki, &HOSTS));
        tally.added().count()
    };
    for (wiki, address, links) in [
        ("en.wikipedia.org/w", "https://en.wikipedia.org/w/index.php?title=A", 0),
        ("en.wikipedia.org/w", "//en.wikipedia.org", 0),
        ("en.wikipedia.org/w", "https://de.wikipedia.org/wiki/A", 1),
        (
            "en.wikipedia.org/w",
            "https://web.archive.org/web/2020/https://en.wikipedia.org/wiki/A",
            1,
        ),
        ("www.mediawiki.org/w", "https://www.mediawiki.org/", 0),
        ("127.0.0.1:8080/w", "http://127.0.0.1:8080/w", 0),
        ("127.0.0.1:8080/w", "http://127.0.0.1/w", 1),
        ("no key", "http://a.example/", 1),
    ] {
        assert_eq!(all(wiki, address), links, "{wiki} {address}");
    }
}

#[test]
fn flags_tell_the_form() {
    for (link, flags) in [
        ("http://a.example/", 0),
        ("https://a.example/", 16),
        ("//a.example/", 16 | 32),
        ("ftp://a.example/", 32),
        ("http://http://a.example/", 128),
    ] {
        assert_eq!(added(&[], &[link]), [format!("example.a. / {flags} 1")], "{link}");
    }
}

fn some_links() -> impl Strategy<Value = Vec<&'static str>> {
    let link = prop::sample::select(vec![
        SHOP,
        ARCHIVED,
        "http://shop.example.com/a",
        "http://shop.example.com/%61",
        "https://web.archive.org/web/2021/http://shop.example.com/a",
        "//other.example/",
        "https://archive.today/2020/https://other.example/",
        "https://facebook.com/some.page",
        "nonsense",
    ]);
    prop::collection::vec(link, 0..8)
}

proptest! {
    #[test]
    fn never_more_is_added_than_stands_there(before in some_links(), after in some_links()) {
        let there: u32 = tally(&[], &after).added().map(|item| item.times).sum();
        let all: Vec<Item> = tally(&before, &after).added().collect();
        prop_assert!(all.iter().map(|item| item.times).sum::<u32>() <= there);
        for item in all {
            // In this very form, too.
            let forms = |links: &[&str]| -> u32 {
                links.iter().flat_map(|link| found(link, &HOSTS))
                    .filter(|link| (link.key.stored(), &link.path, flags_of(link)) == (&item.host, &item.path, item.flags))
                    .count().try_into().unwrap()
            };
            prop_assert!(item.times <= forms(&after) - forms(&before).min(forms(&after)), "{item:?}");
        }
        prop_assert_eq!(tally(&after, &after).added().count(), 0);
    }

    #[test]
    fn added_and_taken_away_make_the_difference(before in some_links(), after in some_links()) {
        let sum = |items: Tally, host: &str| items.added().filter(|item| item.host == host)
            .map(|item| i64::from(item.times)).sum::<i64>();
        for host in ["com.example.shop.", "org.archive.web.", "example.other."] {
            let difference = sum(tally(&[], &after), host) - sum(tally(&[], &before), host);
            let there = sum(tally(&before, &after), host);
            let back = sum(tally(&after, &before), host);
            prop_assert_eq!(there - back, difference);
        }
    }
}
