//! Links to archives.

use super::found_tests::{leads, lines};
use super::*;

#[test]
fn archives_and_the_page_they_show() {
    for (url, archive, page) in [
        (
            "https://web.archive.org/web/20200101000000/http://a.example/x?y#z",
            "web.archive.org",
            "http a.example /x?y#z",
        ),
        (
            "https://web.archive.org/web/20200101000000id_/https://www.a.example",
            "web.archive.org",
            "https a.example /",
        ),
        (
            "//web.archive.org/web/*/http://a.example/*",
            "web.archive.org",
            "http a.example /*",
        ),
        (
            "http://web.archive.org/web/2020*/a.example/x",
            "web.archive.org",
            "http a.example /x",
        ),
        (
            "http://web.archive.org/web/2020/a.example:8080/x",
            "web.archive.org",
            "http a.example :8080/x",
        ),
        (
            "http://web.archive.org/web/2020//a.example/x",
            "web.archive.org",
            "http a.example /x",
        ),
        (
            "http://web.archive.org/web/http://a.example/",
            "web.archive.org",
            "http a.example /",
        ),
        (
            "http://web.archive.org/save/HTTP://a.example/",
            "web.archive.org",
            "http a.example /",
        ),
        (
            "http://web.archive.org/web/2020if_/http:/a.example/x",
            "web.archive.org",
            "http a.example /x mended",
        ),
        (
            "http://web.archive.org/web/2020/http%3A%2F%2Fa.example%2Fx%2520y",
            "web.archive.org",
            "http a.example /x%20y",
        ),
        (
            "http://web.archive.org/web/2020/http%253A%252F%252Fa.example",
            "web.archive.org",
            "http a.example /",
        ),
        (
            "http://web-beta.archive.org/web/2016/ftp://a.example/",
            "web-beta.archive.org",
            "other a.example /",
        ),
        (
            "http://archive.org/wayback/available?x=1&url=a.example/x",
            "archive.org",
            "http a.example /x",
        ),
        (
            "https://archive.today/20200101/http://a.example/",
            "archive.today",
            "http a.example /",
        ),
        (
            "https://archive.is/2020.01.01-123456/http://a.example/",
            "archive.is",
            "http a.example /",
        ),
        (
            "https://archive.ph/https://a.example/",
            "archive.ph",
            "https a.example /",
        ),
        (
            "https://archive.vn/20200101/www.a.example/",
            "archive.vn",
            "http a.example /",
        ),
        (
            "http://www.webcitation.org/5abc?url=http%3A%2F%2Fa.example%2F&date=2009",
            "webcitation.org",
            "http a.example /",
        ),
        (
            "http://webcache.googleusercontent.com/search?q=cache:AbC-1_efGhIJ:www.a.example/x+word&cd=1",
            "webcache.googleusercontent.com",
            "http a.example /x",
        ),
        (
            "https://webcache.googleusercontent.com/search?q=cache%3Ahttps%3A%2F%2Fa.example",
            "webcache.googleusercontent.com",
            "https a.example /",
        ),
        (
            "http://www.webarchive.org.uk/wayback/archive/2010/http://a.example/",
            "webarchive.org.uk",
            "http a.example /",
        ),
        (
            "http://webarchive.nationalarchives.gov.uk/20100101000000/http://a.example/",
            "webarchive.nationalarchives.gov.uk",
            "http a.example /",
        ),
        (
            "https://arquivo.pt/wayback/2010/http://a.example/",
            "arquivo.pt",
            "http a.example /",
        ),
        (
            "https://wayback.archive-it.org/1234/20100101/http://a.example/",
            "wayback.archive-it.org",
            "http a.example /",
        ),
        (
            "https://wayback.archive-it.org/1234/20100101/a.example/",
            "wayback.archive-it.org",
            "http a.example /",
        ),
        (
            "https://swap.stanford.edu/2010/http://a.example/",
            "swap.stanford.edu",
            "http a.example /",
        ),
        (
            "http://timetravel.mementoweb.org/memento/2010/http://a.example/",
            "timetravel.mementoweb.org",
            "http a.example /",
        ),
        (
            "http://pandora.nla.gov.au/pan/1234/20100101-0000/a.example/x",
            "pandora.nla.gov.au",
            "http a.example /x",
        ),
    ] {
        let got = lines(url);
        assert_eq!(got.len(), 2, "{url}: {got:?}");
        assert_eq!(found(url, &PathHosts::default())[0].key.ascii(), archive, "{url}");
        assert_eq!(got[1], format!("{page} unwrapped"), "{url}");
    }
    // The archive itself, and pages that only look like archives
    for url in [
        "https://web.archive.org/",
        "https://archive.org/details/http",
        "https://archive.org/web/web.php",
        "https://archive.is/AbCdE",
        "https://web.archive.org/web/2020/mailto:a@b.example",
        "https://web.archive.org/web/2020/javascript:a.b",
        "https://web.archive.org/web/2020/nothing",
        "https://notarchive.org/web/2020/http://a.example/",
        "https://perma.cc/AB12-CD34",
        "https://www.google.com/url?q=http://a.example/",
        "https://a-example.translate.goog/?url=http://a.example",
        "https://example.com/?url=http://a.example/",
    ] {
        assert_eq!(lines(url).len(), 1, "{url}");
    }
}

#[test]
fn an_archive_of_an_archive_gives_the_outermost_and_the_innermost() {
    let three =
        "https://archive.is/2021/https://web.archive.org/web/2020/http://arquivo.pt/wayback/2010/http://a.example/";
    leads(
        three,
        &[
            &format!("https archive.is {}", &three[18..]),
            "http a.example / unwrapped",
        ],
    );
    let four = format!("http://archive.ph/2022/{three}");
    let ends = lines(&four);
    assert_eq!(ends.len(), 2);
    assert_eq!(ends[1], "http arquivo.pt /wayback/2010/http://a.example/ unwrapped");
}
