//! What must hold for every string there is.

use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

static DEFAULT: LazyLock<PathHosts> = LazyLock::new(PathHosts::default);

/// What addresses are made of, and what breaks them.
const ATOMS: &[&str] = &[
    "http",
    "https",
    "HTTP",
    "ftp",
    ":",
    "//",
    "/",
    "\\",
    "?",
    "#",
    "@",
    ".",
    "..",
    "%",
    "%2",
    "%2F",
    "%2e",
    "%25",
    "%61",
    "%c3",
    "%ff",
    "www",
    "www.",
    "WWW.",
    "example",
    "Example",
    ".com",
    ".co.uk",
    "xn--",
    "xn--bcher-kva",
    "bücher",
    "ß",
    "Σ",
    "İ",
    "а",
    "例え",
    "מ",
    "_",
    "-",
    "0x7f",
    "1",
    "127.0.0.1",
    "[",
    "]",
    "::1",
    "[::ffff:1.2.3.4]",
    ":80",
    ":8080",
    "facebook.com/",
    "m.facebook.com",
    "youtube.com/@",
    "channel/",
    "linkedin.com/company/",
    "web.archive.org/web/",
    "2020/",
    "*/",
    "archive.is/",
    "webcitation.org/x?url=",
    "webcache.googleusercontent.com/search?q=cache:",
    "\u{200e}",
    "\u{200d}",
    "\u{ad}",
    "\u{301}",
    "\t",
    " ",
    "\u{0}",
    "。",
    "．",
    "#!/",
    "~",
    "a",
    "&",
    "=",
    "+",
    "|",
    "e\u{301}",
];

fn made_of_atoms() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(ATOMS), 0..14).prop_map(|atoms| atoms.concat())
}

fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,60}",
        made_of_atoms(),
        made_of_atoms().prop_map(|rest| format!("http://{rest}")),
        (made_of_atoms(), ".{0,20}").prop_map(|(host, rest)| format!("//{host}.com/{rest}")),
        (".{0,20}", made_of_atoms()).prop_map(|(host, rest)| format!("https://{host}{rest}")),
        ("[a-z]{0,3}", ".{0,300}").prop_map(|(sub, page)| format!("http://{sub}.facebook.com/{page}")),
        prop::collection::vec(any::<char>(), 0..200)
            .prop_map(|page| format!("http://vk.com/{}", page.into_iter().collect::<String>())),
    ]
}

/// Hosts of ordinary labels, with and without `www`.
fn host() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof!["[a-z0-9_-]{1,5}", Just("www".to_owned()), "[а-я]{1,4}"],
        1..5,
    )
    .prop_map(|labels| labels.join(".") + ".example")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Never a panic, always within bounds, and every key comes back from its stored form and from what people see.
    #[test]
    fn any_address(url in address()) {
        let hosts = &*DEFAULT;
        let all = found(&url, hosts);
        prop_assert!(all.len() <= 2);
        prop_assert_eq!(all.iter().map(|one| one.unwrapped).collect::<Vec<_>>(), [false, true][..all.len()].to_vec());
        for one in &all {
            let key = &one.key;
            prop_assert!(key.stored().len() <= 255, "{}", key.stored());
            prop_assert_eq!(&Key::from_stored(key.stored()), &Some(key.clone()));
            prop_assert!(one.path.len() <= MAX_PATH && one.path.starts_with(['/', ':']), "{}", one.path);
            prop_assert!(!one.path.contains(|c: char| c.is_control()));
            prop_assert!(key.ascii().is_ascii());
            prop_assert_eq!(&Key::from_name(&key.ascii(), hosts), &Ok(key.clone()));
            prop_assert_eq!(&Key::from_name(&key.display(), hosts), &Ok(key.clone()));
            let again = found(&format!("http://{}/", key.ascii()), hosts);
            prop_assert_eq!(&again[0].key, key);
            prop_assert!(!again[0].mended);
            let (from, to) = key.with_subdomains();
            prop_assert!(from.as_str() <= key.stored() && key.stored() < to.as_str());
            if let Some(domain) = key.registrable() {
                let host = key.host();
                prop_assert!(host == domain || host.ends_with(&format!(".{domain}")), "{} {}", host, domain);
            }
        }
        if let Err(error) = Key::from_name(&url, hosts) {
            prop_assert!(error.lines().count() == 1, "{error:?}");
        }
    }

    /// What is no stored key is told so, without a panic; what is one stays as it is.
    #[test]
    fn any_stored(stored in prop_oneof![".{0,40}", made_of_atoms(), "([a-z.]{0,8}[.]){1,3}(/[a-z~%/]{0,5})?"]) {
        if let Some(key) = Key::from_stored(&stored) {
            prop_assert_eq!(key.stored(), stored.as_str());
            let _ = (key.display(), key.registrable(), key.with_subdomains());
        }
    }

    /// `www.` before a host that has none changes nothing.
    #[test]
    fn www_is_equal_to_bare(host in host()) {
        let hosts = &*DEFAULT;
        if let Ok(key) = Key::from_name(&host, hosts) && !host.starts_with("www.") {
            prop_assert_eq!(&Key::from_name(&format!("WWW.{host}"), hosts), &Ok(key.clone()));
            prop_assert_eq!(Key::from_name(&format!("www.{}", key.host()), hosts), Ok(key));
        }
    }

    /// A key is within the range of another exactly when it is that one or below it.
    #[test]
    fn ranges(domain in host(), other in host(), below in "[a-z_-]{1,4}") {
        let hosts = PathHosts::new([domain.as_str()]).unwrap_or_else(|_| DEFAULT.clone());
        let read = |name: &str| Key::from_name(name, &hosts);
        if let (Ok(domain), Ok(other)) = (read(&domain), read(&other)) {
            let (from, to) = domain.with_subdomains();
            let is_in = |key: &Key| from.as_str() <= key.stored() && key.stored() < to.as_str();
            let belongs = |key: &Key| key.host() == domain.host() || key.host().ends_with(&format!(".{}", domain.host()));
            let near = [
                format!("{below}.{}", domain.host()), format!("{below}{}", domain.host()),
                format!("{}/{below}", domain.host()), format!("{}.{below}", domain.host()),
            ];
            for key in near.iter().filter_map(|name| read(name).ok()).chain([other, domain.clone()]) {
                prop_assert_eq!(is_in(&key), belongs(&key), "{:?} {:?}", key, domain);
            }
        }
    }
}

/// Twice the length takes about twice the time, for what would hurt a careless reader.
#[test]
fn long_addresses_take_no_longer_than_their_length() {
    let hosts = &*DEFAULT;
    let mut urls: Vec<String> = ATOMS
        .iter()
        .map(|atom| format!("http://{}", atom.repeat(50_000 / atom.len())))
        .collect();
    for unit in [
        "http:",
        "http://",
        "www.http://",
        "http//",
        "a@",
        "a.",
        "%61",
        "web.archive.org/web/2020/http://",
        "/../x",
    ] {
        urls.push(format!("http://{}", unit.repeat(50_000 / unit.len())));
        urls.push(format!("http://facebook.com/{}", unit.repeat(50_000 / unit.len())));
        urls.push(format!("http://archive.is/2020/{}", unit.repeat(50_000 / unit.len())));
    }
    for url in urls {
        let started = Instant::now();
        found(&url, hosts);
        let _ = Key::from_name(&url, hosts);
        assert!(
            started.elapsed() < Duration::from_secs(1),
            "{:?}… took {:?}",
            &url.chars().take(60).collect::<String>(),
            started.elapsed()
        );
    }
}
