use super::super::{LIMIT, score};
use super::*;
use proptest::prelude::*;

/// COIBot's passes one by one, as its description has them.
struct Plain {
    needle_len: usize,
    haystack_len: usize,
    deterioration: f64,
}

impl Plain {
    fn percent(needle: &str, haystack: &str, deterioration: f64) -> f64 {
        let [s, t] = [needle, haystack].map(|text| {
            let mut out = Vec::new();
            normalise(text, &mut out);
            out
        });
        let plain = Plain {
            needle_len: s.len(),
            haystack_len: t.len(),
            deterioration,
        };
        (plain.cover(&s, &t, s.len(), 0) * 10_000.0).floor() / 100.0
    }

    fn cover(&self, s: &[char], t: &[char], n: usize, mut level: u32) -> f64 {
        let n = n.min(t.len());
        if self.haystack_len == 0 || n == 0 || s.is_empty() {
            return 0.0;
        }
        let is_short = self.haystack_len / n >= 2;
        let mut weight = n as f64 / self.needle_len as f64;
        if is_short {
            (0..level).for_each(|_| weight *= self.deterioration);
        }
        let (mut i, mut skipped, mut got, mut t) = (0, Vec::new(), 0.0, t.to_vec());
        while s.len() - i >= n {
            let block = &s[i..i + n];
            let Some(at) = t.windows(n).position(|piece| piece == block) else {
                skipped.push(s[i]);
                i += 1;
                continue;
            };
            got += weight;
            let before = t[..at].to_vec();
            let mut after = t[at + n..].to_vec();
            if let Some(second) = after.windows(n).position(|piece| piece == block) {
                after.truncate(second);
            }
            i += n;
            if !before.is_empty() {
                if !skipped.is_empty() {
                    got += self.cover(&skipped, &before, skipped.len(), level);
                }
                skipped.clear();
            }
            t = after;
        }
        let rest = [&skipped, &s[i..]].concat();
        if is_short {
            level += 1;
        }
        if rest.len() >= n && n > 1 {
            got += self.cover(&rest, &t, n - 1, level);
        } else if rest.len() < n {
            got += self.cover(&rest, &t, rest.len(), level);
        }
        got
    }
}

/// Strings of few letters have many pieces in common; of a kind that people write; and anything at all, also longer
/// than 64 characters.
fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ab]{0,20}",
        "[abc]{0,90}",
        "[a-f.é日]{0,70}",
        "[A-Za-z0-9 ._-]{0,30}",
        "((news|web|shop|acme|widgets|-|paris|ltd){1,6})(\\.com|\\.org| Ltd|\\.co\\.uk)?",
        "\\PC{0,40}",
        "[\\^$|+?(){}\\[\\]*ab\\\\]{0,20}",
    ]
}

/// Two of them, or one and a changed copy.
fn pair() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        (string(), string()),
        (string(), string(), string()).prop_map(|(a, b, c)| (a.clone(), format!("{b}{a}{c}"))),
        (string(), 0..20_usize, string()).prop_map(|(a, at, b)| {
            let at = a.char_indices().nth(at).map_or(a.len(), |(at, _)| at);
            let changed = format!("{}{b}{}", &a[at..], &a[..at]);
            (a, changed)
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn scores_as_pass_by_pass((user, text) in pair(), deterioration in prop_oneof![Just(0.9), 0.0..=1.0]) {
        let score = Scorer::new(deterioration).score(&user, &text);
        prop_assert_eq!(score.ut, Plain::percent(&user, &text, deterioration));
        prop_assert_eq!(score.tu, Plain::percent(&text, &user, deterioration));
    }

    /// With limits beside and on the ratio itself, too.
    #[test]
    fn verdicts_are_those_of_the_score(
        (user, text) in pair(),
        deterioration in prop_oneof![Just(0.9), 0.0..=1.0],
        limit in prop_oneof![Just(LIMIT), 0.0..=100.0],
    ) {
        let mut scorer = Scorer::new(deterioration);
        let ratio = scorer.score(&user, &text).report_ratio();
        for limit in [limit, ratio, ratio - 0.1, ratio + 0.1, 0.0, -1.0] {
            prop_assert_eq!(scorer.is_over(&user, &text, limit), ratio > limit, "{} and {}", ratio, limit);
        }
    }

    /// What an earlier pair left in memory changes nothing.
    #[test]
    fn pairs_do_not_touch_each_other(pairs in proptest::collection::vec(pair(), 2)) {
        let mut scorer = Scorer::default();
        for (user, text) in &pairs {
            scorer.is_over(user, text, LIMIT);
            prop_assert_eq!(scorer.score(user, text), score(user, text));
        }
    }
}

#[test]
fn all_pairs_of_short_strings_of_two_letters() {
    let all: Vec<String> = (0..=7_u32)
        .flat_map(|len| {
            (0..1_u32 << len).map(move |bits| (0..len).map(|i| if bits >> i & 1 == 0 { 'a' } else { 'b' }).collect())
        })
        .collect();
    let mut scorer = Scorer::default();
    for user in &all {
        for text in &all {
            let score = scorer.score(user, text);
            assert_eq!(score.ut, Plain::percent(user, text, DETERIORATION), "{user} {text}");
            for limit in [score.report_ratio(), score.report_ratio() - 0.1, LIMIT, 50.0] {
                assert_eq!(
                    scorer.is_over(user, text, limit),
                    score.report_ratio() > limit,
                    "{user} {text}"
                );
            }
        }
    }
}
