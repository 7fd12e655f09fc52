use super::*;
use crate::link::{Key, PathHosts};
use proptest::prelude::*;

fn why(pattern: &str) -> String {
    let (patterns, mut not) = Patterns::new([(7, pattern)]);
    assert_eq!(patterns.len() + not.len(), 1, "{pattern}");
    not.pop().map_or_else(String::new, |not| not.why)
}

fn literals(pattern: &str) -> Vec<String> {
    shape(&parse(pattern).unwrap()).literals
}

#[test]
fn the_longest_text_that_every_match_must_have_is_found() {
    for (pattern, expected) in [
        (r"\bCasino-24\.example\b", &["casino-24.example"][..]),
        // Many patterns end so, nearly every address has it
        (r"(?:poker|roulette)\.com\b", &["poker.com", "roulette.com"]),
        (r"[a-z]+spam\w*\.com", &["spam"]),
        (r"colou?r(s)?\d", &["color", "colors", "colour", "colours"]),
        (r"(?i)ſkype", &["skype"]),
        (r"(?:abc){2,}x|defg+", &["abc", "def"]),
        (r"реклама\.рф", &["реклама.рф"]),
        (r"a.b.c", &[]),
        (r"(?:abc)?\d", &[]),
        (r"(?:abc|\d)", &[]),
        (r"[abcdefghij]{3}", &[]),
    ] {
        assert_eq!(literals(pattern), expected, "{pattern}");
    }
}

#[test]
fn what_is_not_run_is_told() {
    for (pattern, expected) in [
        (r"(?<!x)acme\.com", "look-around"),
        (r"acme(?=\.com)", "look-around"),
        (r"(ac)me\1", "back-reference"),
        (r"acme(+)", "its form is not known here: "),
        (r"acme)(x", "its form is not known here: unopened group, at character 5"),
        (r"(acme", "unclosed group"),
        ("(?x)acme # x", "its form is not known here"),
        (r"x*", "it matches everything"),
        ("", "it matches everything"),
        (r"^|acme", "it matches everything"),
        (r"acme(?:\w{10}){9}", "too big"),
        (r"(?:(?:(?:acme{1000}){1000}){1000}){1000}", "too big"),
    ] {
        let why = why(pattern);
        assert!(why.contains(expected), "{pattern}: {why}");
        assert!(!why.contains("broken") && !why.contains('\n'), "{why}");
    }
    assert_eq!(why(r"acme\w+\.com/?\b"), "");
    assert_eq!(why(r"acme\/\-\_\:\%\ "), "");
    assert!(why(&format!("{}acme{}", "(".repeat(21), ")".repeat(21))).contains("deep"));
    assert_eq!(why(&"é".repeat(250)), "");
    let long = "é".repeat(251);
    let (_, not) = Patterns::new([(3, long.as_str())]);
    assert_eq!(
        (not[0].why.as_str(), not[0].id, not[0].pattern.len()),
        ("502 bytes, 500 are allowed", 3, 500)
    );
    // 201 without a literal, one with
    let short: Vec<String> = (0..201)
        .map(|n| format!("{n:03}").chars().map(|c| format!("{c}.")).collect())
        .collect();
    let all = short.iter().map(String::as_str).chain(["acme"]).enumerate();
    let (mut patterns, not) = Patterns::new(all);
    assert_eq!((patterns.len(), not.len(), not[0].id), (201, 1, 200));
    assert!(not[0].why.contains("more than 200"));
    assert_eq!(patterns.matches("0x0x3x acme"), [3, 201]);
    let many: Vec<String> = (0..=MAX_PATTERNS).map(|n| format!("acme{n}x")).collect();
    let (patterns, not) = Patterns::new(many.iter().map(String::as_str).enumerate());
    assert_eq!((patterns.len(), not.len(), not[0].id), (MAX_PATTERNS, 1, MAX_PATTERNS));
}

#[test]
fn only_the_beginning_of_a_text_is_looked_at() {
    let (mut patterns, _) = Patterns::new([(5, "acme"), (2, "é$"), (5, "acm"), (9, "cme")]);
    let mut text = "é".repeat(1_041);
    assert_eq!(patterns.matches(&format!("{text}é")), [2]);
    text.push_str("acme");
    assert!(patterns.matches(&text).is_empty());
    assert_eq!(patterns.matches("ACME"), [5, 9]);
    assert_eq!(
        (patterns.first("acme"), patterns.first("ACM"), patterns.first("")),
        (Some(5), Some(5), None)
    );
    let (mut none, _) = Patterns::new([]);
    assert!(none.is_empty() && none.matches("acme").is_empty());
}

/// As on the wikis' lists: most lines are a domain between word boundaries, some have alternatives, classes, options.
fn realistic(n: usize) -> String {
    const SYLLABLES: [&str; 16] = [
        "pharma", "casino", "loan", "viag", "seo", "dating", "forex", "essay", "coin", "bet", "slim", "tour", "hotel",
        "vpn", "replica", "watch",
    ];
    let name = format!("{}{}{}", SYLLABLES[n % 16], SYLLABLES[n / 16 % 16], n / 3);
    match n % 10 {
        0..=5 => format!(r"\b{name}\.com\b"),
        6 => format!(r"\b{name}\.(?:com|net|co\.uk)\b"),
        7 => format!(r"\b(?:buy|cheap)-?{name}[a-z0-9-]*\.\w+"),
        8 => format!(r"{name}s?\d*\.blogspot\."),
        _ => format!(r"\bexample\.org/{name}/\w+\.html?"),
    }
}

#[test]
fn ten_thousand_patterns_cost_little_and_few_are_compiled() {
    let all: Vec<String> = (0..MAX_PATTERNS).map(realistic).collect();
    let mut compiled = 0;
    let bytes = allocation_counter::measure(|| {
        let (mut patterns, not) = Patterns::new(all.iter().map(String::as_str).enumerate());
        assert!(not.is_empty(), "{not:?}");
        assert_eq!(patterns.compiled.len(), 0);
        for n in 0..2_000 {
            let url = format!("https://www.site{n}.example.com/news/{n}/article-{n}.html?utm_source=forex&x=casino");
            assert!(patterns.matches(&url).is_empty(), "{url}");
        }
        assert_eq!(patterns.compiled.len(), 0);
        for n in (0..MAX_PATTERNS).step_by(1_000) {
            let name = all[n].trim_start_matches(r"\b").trim_end_matches(r"\.com\b");
            assert_eq!(
                patterns.matches(&format!("//Sub.{}.COM/x", name.to_uppercase())),
                [n],
                "{}",
                all[n]
            );
        }
        compiled = patterns.compiled.len();
    });
    assert!((10..30).contains(&compiled), "{compiled}");
    assert!(bytes.bytes_max < 50_000_000, "{}", bytes.bytes_max);
}

#[test]
fn no_more_than_five_hundred_stay_compiled() {
    let all: Vec<String> = (0..600).map(|n| format!("acme[ab]{n}x")).collect();
    let (mut patterns, _) = Patterns::new(all.iter().map(String::as_str).enumerate());
    for _ in 0..2 {
        for n in 0..600 {
            let (text, other) = (format!("acmea{n}x"), format!("acmec{n}x"));
            assert_eq!((patterns.matches(&text), patterns.first(&other)), (vec![n], None));
        }
    }
    assert_eq!(patterns.compiled.len(), 500);
    // Classes of all letters take more: fewer stay
    let big: Vec<String> = (0..80).map(|n| format!(r"acme{n}x(?:\w\w+)?[^\w]\w")).collect();
    let (mut patterns, not) = Patterns::new(big.iter().map(String::as_str).enumerate());
    assert!(not.is_empty(), "{not:?}");
    for n in 0..80 {
        assert_eq!(patterns.matches(&format!("acme{n}x a")), [n]);
    }
    assert!(
        (60..80).contains(&patterns.compiled.len()),
        "{}",
        patterns.compiled.len()
    );
}

#[test]
fn a_domain_stands_for_what_belongs_to_it() {
    let hosts = PathHosts::default();
    let key = |name: &str| Key::from_name(name, &hosts).unwrap();
    let names = [
        "example.com",
        "shop.example.com",
        "example.org",
        "facebook.com/acme",
        "192.0.2.1",
        "2001:db8::1",
        "com",
        "example.com",
    ];
    let keys: Vec<Key> = names.iter().map(|name| key(name)).collect();
    let domains = Domains::new(keys.iter().enumerate());
    for (name, expected) in [
        ("example.com", &[0, 6, 7][..]),
        ("www.example.com", &[0, 6, 7]),
        ("a.shop.example.com", &[0, 1, 6, 7]),
        ("notexample.com", &[6]),
        ("example.com.au", &[]),
        ("facebook.com/acme", &[3, 6]),
        ("facebook.com/acmes", &[6]),
        ("192.0.2.1", &[4]),
        ("192.0.2.10", &[]),
        ("[2001:db8::1]", &[5]),
    ] {
        assert_eq!(domains.matches(&key(name)), expected, "{name}");
        // As the database's ranges have it
        let of = |entry: &Key| {
            let (first, end) = entry.with_subdomains();
            first.as_str() <= key(name).stored() && key(name).stored() < end.as_str()
        };
        let ranges: Vec<usize> = (0..keys.len()).filter(|n| of(&keys[*n])).collect();
        assert_eq!(domains.matches(&key(name)), ranges, "{name}");
    }
}

/// Patterns of all kinds of parts, and texts of the same letters, among them letters of which several are the same
/// when case does not matter.
fn pattern() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[abksſKσςßİ.]{1,4}".prop_map(|text| text.replace('.', "\\.")),
        1 => Just(r"\b".to_owned()),
        1 => Just(r"\w".to_owned()),
        1 => Just("[^ab]".to_owned()),
        1 => Just("[a-kß]".to_owned()),
        1 => Just("[sK]".to_owned()),
        1 => Just("^".to_owned()),
    ];
    part.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            1 => (inner.clone(), "[*+?]|\\{2\\}|\\{0,2\\}|\\{1,3\\}").prop_map(|(part, times)| format!("({part}){times}")),
            1 => inner.prop_map(|part| format!("(?-i:{part})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Nothing is missed for the literals' sake.
    #[test]
    fn as_if_each_pattern_were_run(
        patterns in prop::collection::vec(pattern(), 1..12),
        texts in prop::collection::vec("[abkKsSſKσςΣßẞİi.]{0,12}", 1..20),
    ) {
        let (mut set, not) = Patterns::new(patterns.iter().map(String::as_str).enumerate());
        let left: Vec<usize> = not.iter().map(|not| not.id).collect();
        for text in &texts {
            let naive: Vec<usize> = (0..patterns.len())
                .filter(|n| !left.contains(n))
                .filter(|n| RegexBuilder::new(&patterns[*n]).case_insensitive(true).build().unwrap().is_match(text))
                .collect();
            prop_assert_eq!(set.first(text), naive.first().copied());
            prop_assert_eq!(set.matches(text), naive, "{:?} {}", &patterns, text);
        }
        for not in not {
            prop_assert!(not.why == "it matches everything" || not.why.starts_with("too big"), "{}", not.why);
        }
    }

    /// What is taken for small without being compiled is.
    #[test]
    fn the_bound_of_the_size_holds(
        parts in prop::collection::vec(
            prop_oneof![
                (
                    prop::sample::select(vec![r"\w", r"\d", r"\s", r"\pL", r"\W", "[a-zé]", r"\.", ".", "[^a]", "[а-я]", "x"]),
                    prop::sample::select(vec!["", "+", "*", "?", "{3}", "{2,9}", "{20}", "{1,}"]),
                )
                    .prop_map(|(part, times)| format!("{part}{times}")),
                pattern(),
            ],
            1..8,
        ),
        times in 1..40,
    ) {
        let pattern = format!("(?:{}){{{times}}}", parts.concat());
        let shape = shape(&parse(&pattern).unwrap());
        let compiled = compile("(?:", &pattern, ")");
        prop_assert!(compiled.is_ok() || shape.size > SIZE_LIMIT, "{} {}", pattern, shape.size);
    }

    /// Anything may be on a list.
    #[test]
    fn any_text_is_a_pattern_or_told_of(pattern in "\\PC{0,60}", text in "\\PC{0,60}") {
        let (mut set, not) = Patterns::new([(0, pattern.as_str())]);
        prop_assert_eq!(set.len() + not.len(), 1);
        set.matches(&text);
    }
}
