//! Addresses of every kind, and what they lead to.

use super::*;

/// What an address leads to, in one line each: `SCHEME KEY PATH`, then `mended`, `unwrapped`.
pub(super) fn lines(url: &str) -> Vec<String> {
    let line = |found: Found| {
        let scheme = match found.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Relative => "//",
            Scheme::Other => "other",
        };
        let mended = if found.mended { " mended" } else { "" };
        let unwrapped = if found.unwrapped { " unwrapped" } else { "" };
        format!("{scheme} {} {}{mended}{unwrapped}", found.key.ascii(), found.path)
    };
    found(url, &PathHosts::default()).into_iter().map(line).collect()
}

#[track_caller]
pub(super) fn leads(url: &str, expected: &[&str]) {
    assert_eq!(lines(url), expected, "{url:?}");
}

#[track_caller]
fn all_lead(cases: &[(&str, &str)]) {
    for (url, expected) in cases {
        leads(url, &[expected]);
    }
}

#[track_caller]
fn none_lead(urls: &[&str]) {
    for url in urls {
        leads(url, &[]);
    }
}

#[test]
fn schemes() {
    all_lead(&[
        ("http://example.com/a?b#c", "http example.com /a?b#c"),
        ("HTTPS://Example.COM", "https example.com /"),
        ("//example.com/x", "// example.com /x"),
        ("ftp://example.com/x", "other example.com /x"),
        (
            "irc://irc.example.com:6667/channel",
            "other irc.example.com :6667/channel",
        ),
        ("GOPHER://example.com", "other example.com /"),
        ("git://example.com/repo.git", "other example.com /repo.git"),
        ("http://example.com?x=1", "http example.com /?x=1"),
        ("http://example.com#top", "http example.com /#top"),
    ]);
    none_lead(&[
        "",
        "example.com",
        "mailto:a@example.com",
        "mailto://a@example.com",
        "news:example.com",
        "tel:123",
        "sms:123",
        "urn:isbn:1",
        "javascript:alert(1)",
        "javascript://example.com/%0aalert(1)",
        "data:text/html,http://example.com",
        "magnet:?xt=urn:example.com",
        "bitcoin:1A",
        "unknown://example.com",
        "ftp:/example.com",
        "http:",
        "http://",
        "//",
        "http:///",
        "://example.com",
    ]);
}

#[test]
fn hosts_are_read_as_browsers_do() {
    all_lead(&[
        ("http://bücher.example/", "http xn--bcher-kva.example /"),
        ("http://BÜCHER.example/", "http xn--bcher-kva.example /"),
        ("http://faß.example/", "http xn--fa-hia.example /"),
        ("http://example。com/", "http example.com /"),
        ("http://ｅｘａｍｐｌｅ.com/", "http example.com /"),
        ("http://ex%61mple.com/", "http example.com /"),
        ("http://b%C3%BCcher.example/", "http xn--bcher-kva.example /"),
        ("http://example.com./x", "http example.com /x"),
        ("http://example.com../x", "http example.com /x"),
        ("http://example.com:/x", "http example.com /x"),
        ("http://foo_bar.example.com/", "http foo_bar.example.com /"),
        ("http://_a.example.com/", "http _a.example.com /"),
        ("http://a!b.example.com/", "http a!b.example.com /"),
        ("http://r3---sn-a.example.com/", "http r3---sn-a.example.com /"),
        ("http://xn--a/", "http xn--a /"),
        ("http://localhost/x", "http localhost /x"),
        ("http://intranet", "http intranet /"),
        ("http://0x7f.1/", "http 127.0.0.1 /"),
        ("http://2130706433/", "http 127.0.0.1 /"),
        ("http://0177.0.0.01/", "http 127.0.0.1 /"),
        ("http://203.0.113.7./x", "http 203.0.113.7 /x"),
        ("http://[2001:DB8::1]:8080/x", "http [2001:db8::1] :8080/x"),
        ("http://[::ffff:203.0.113.7]/", "http 203.0.113.7 /"),
    ]);
    none_lead(&[
        "http://ex%2561mple.com/",
        "http://example.com%2Fx/",
        "http://a%00b%ff.com/",
        "http://ex ample.com/",
        "http://exa<mple.com/",
        "http://1.2.3.4.5/",
        "http://256.256.256.256/",
        "http://www.1.2.3.4/",
        "http://[2001:db8::1/",
        "http://[nonsense]/",
        "http://.../",
        "http://\u{fffd}.example/",
    ]);
}

#[test]
fn lengths_of_name_servers() {
    let label = "a".repeat(63);
    leads(&format!("http://{label}.com/"), &[&format!("http {label}.com /")]);
    none_lead(&[
        &format!("http://{label}a.com/"),
        &format!("http://{}.example.com/", "ü".repeat(60)),
    ]);
    let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
    leads(&format!("http://{longest}/"), &[&format!("http {longest} /")]);
    none_lead(&[
        &format!("http://{longest}a/"),
        &format!("http://{}.com/", "%61.".repeat(2_000)),
    ]);
}

#[test]
fn www_is_bare_and_nothing_else_is() {
    all_lead(&[
        ("http://www.example.com/", "http example.com /"),
        ("http://WWW.Example.com/", "http example.com /"),
        ("http://ｗｗｗ.example.com/", "http example.com /"),
        ("http://www3.example.com/", "http www3.example.com /"),
        ("http://m.example.com/", "http m.example.com /"),
        ("http://www.m.example.com/", "http m.example.com /"),
        ("http://www.www.example.com/", "http www.www.example.com /"),
        ("http://wwwexample.com/", "http wwwexample.com /"),
        ("http://www.com/", "http www.com /"),
        ("http://www.localhost/", "http www.localhost /"),
        ("http://www./", "http www /"),
    ]);
}

#[test]
fn broken_forms_are_mended() {
    all_lead(&[
        ("http://http://example.com/x", "http example.com /x mended"),
        ("http://https://example.com/x", "https example.com /x mended"),
        ("https://https//example.com/x", "https example.com /x mended"),
        ("http://www.http://example.com/x", "http example.com /x mended"),
        ("http://http:example.com/x", "http example.com /x mended"),
        ("http://http:////HTTP://example.com/x", "http example.com /x mended"),
        ("http://ftp://example.com/x", "other example.com /x mended"),
        ("//http://example.com/x", "http example.com /x mended"),
        ("http:///example.com/x", "http example.com /x mended"),
        ("///example.com/x", "// example.com /x mended"),
        ("http:/example.com/x", "http example.com /x mended"),
        ("http:\\\\example.com\\x", "http example.com /x mended"),
        ("http://.example.com/", "http example.com / mended"),
        ("http://example..com/", "http example.com / mended"),
        ("http://1.2.3..4/", "http 1.2.3.4 / mended"),
        ("http://example.com:http/x", "http example.com /x mended"),
        ("http://example.com:99999/x", "http example.com /x mended"),
        ("http://exam\tple.com/\nx", "http example.com /x mended"),
        ("http://example.com\u{200e}/x\u{202e}y", "http example.com /xy mended"),
        ("http://exam%E2%80%8Bple.com/", "http example.com / mended"),
        ("http://exam\u{ad}p\u{200d}le.com/", "http example.com / mended"),
        // Only looks so
        ("http://http/x", "http http /x"),
        ("http://http:81/x", "http http :81/x"),
        ("http://https.example/x", "http https.example /x"),
        (" http://example.com/ ", "http example.com /"),
        (
            "http://example.com/http://other.example",
            "http example.com /http://other.example",
        ),
    ]);
}

#[test]
fn ports_and_userinfo() {
    all_lead(&[
        ("http://example.com:80/x", "http example.com /x"),
        ("http://example.com:0080/x", "http example.com /x"),
        ("https://example.com:443", "https example.com /"),
        ("ftp://example.com:21/", "other example.com /"),
        ("https://example.com:80/x", "https example.com :80/x"),
        ("http://example.com:8080?x", "http example.com :8080/?x"),
        ("http://http://example.com:80/", "http example.com / mended"),
        ("http://google.com@spam.example/x", "http spam.example /x"),
        ("http://google.com:80@spam.example:81/x", "http spam.example :81/x"),
        ("http://a@b@spam.example/", "http spam.example /"),
        ("http://http:pw@spam.example/", "http spam.example /"),
        (
            "http://spam.example\\@google.com/",
            "http spam.example /@google.com/ mended",
        ),
        ("http://spam.example/@google.com", "http spam.example /@google.com"),
        ("http://spam.example?@google.com", "http spam.example /?@google.com"),
    ]);
    none_lead(&["http://user@/", "http://:80/"]);
}

#[test]
fn the_path_is_cut_but_the_page_of_an_archive_is_not_lost() {
    let long = format!("http://example.com/{}", "ä".repeat(1_500));
    let path = &found(&long, &PathHosts::default())[0].path;
    assert_eq!((path.len(), path.chars().last()), (1_999, Some('ä')));
    let far = format!("http://web.archive.org/web/{}http://a.example/", "2020/".repeat(1_000));
    let both = found(&far, &PathHosts::default());
    assert_eq!(
        (both[0].path.len(), both[1].key.ascii().as_str()),
        (MAX_PATH, "a.example")
    );
    let user = format!(
        "http://{}@spam.example/",
        "google.com/".replace('/', ":").repeat(10_000)
    );
    leads(&user, &["http spam.example /"]);
}

#[test]
fn the_owner_on_shared_hosts() {
    for (url, key) in [
        ("https://www.facebook.com/Some.Page/posts/1?x", "facebook.com/some.page"),
        ("https://www.facebook.com/", "facebook.com"),
        ("https://www.facebook.com/?id=1", "facebook.com"),
        ("https://www.facebook.com/groups/Acme/x", "facebook.com/groups/acme"),
        ("https://www.facebook.com/groups", "facebook.com"),
        ("https://www.facebook.com/profile.php?id=1", "facebook.com"),
        ("https://www.facebook.com/#!/acme", "facebook.com/acme"),
        ("https://facebook.com:8080/acme", "facebook.com/acme"),
        ("https://facebook.com//x/.././%2e/acme\\y", "facebook.com/acme"),
        ("https://m.facebook.com/acme", "m.facebook.com/acme"),
        ("https://de-de.facebook.com/acme", "de-de.facebook.com/acme"),
        ("https://developers.facebook.com/docs", "developers.facebook.com"),
        ("https://www.youtube.com/watch?v=1", "youtube.com"),
        ("https://www.youtube.com/@Acme/videos", "youtube.com/@acme"),
        ("https://www.youtube.com/%40Acme", "youtube.com/@acme"),
        ("https://www.youtube.com/channel/UCabc", "youtube.com/channel/ucabc"),
        ("https://www.youtube.com/c/Acme", "youtube.com/c/acme"),
        ("https://de.linkedin.com/in/Acme/", "de.linkedin.com/in/acme"),
        ("https://www.linkedin.com/company/acme", "linkedin.com/company/acme"),
        ("https://sites.google.com/view/Acme/home", "sites.google.com/view/acme"),
        ("https://twitter.com/Acme/status/1", "twitter.com/acme"),
        ("https://twitter.com/intent/tweet", "twitter.com"),
        ("https://t.me/acme", "t.me/acme"),
        ("https://medium.com/@acme/story", "medium.com/@acme"),
        ("https://acme.medium.com/story", "acme.medium.com"),
        (
            "https://www.kickstarter.com/projects/acme/thing",
            "kickstarter.com/projects/acme",
        ),
        ("https://vk.com/%D0%90%D0%B1", "vk.com/%D0%B0%D0%B1"),
        ("https://vk.com/%FF%2F%3F%25", "vk.com/%EF%BF%BD%2F%3F%25"),
        ("https://acme.blogspot.com/x", "acme.blogspot.com"),
        ("https://example.com/acme", "example.com"),
    ] {
        let all = found(url, &PathHosts::default());
        assert_eq!(
            all.iter().map(|one| one.key.ascii()).collect::<Vec<_>>(),
            [key],
            "{url}"
        );
    }
    let page = found(
        "https://web.archive.org/web/2020/http://facebook.com/acme?x",
        &PathHosts::default(),
    );
    assert_eq!(
        (page[1].key.ascii().as_str(), page[1].path.as_str()),
        ("facebook.com/acme", "/acme?x")
    );
}
