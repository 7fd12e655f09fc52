//! What holds whatever the lists say.

use super::super::fixtures::{Scene, entry};
use super::super::{Hit, ListEntry, Rule};
use crate::types::RevId;
use chrono::TimeDelta;
use proptest::prelude::*;
use std::collections::BTreeMap;

const USERS: [&str; 5] = ["Acme Widgets", "Zed", "192.0.2.7", "~2026-1-2", "Some page"];
const LINES: [&str; 16] = [
    "wl Zed x.example",
    "wl * acmewidgets.com",
    "wl Acme_Widgets acme_widgets",
    "bl Zed *",
    "bl Acme_Widgets acme",
    "bl acmewidgets.com *",
    "bl example widgets",
    "bl x.example 192.0.2.0/24",
    "bl x.example zed",
    "ml acmewidgets.com",
    "ml ^x\\.",
    "ml facebook.com/some.page",
    "mu zed|acme",
    "mu ^some",
    "auto x.example",
    "auto facebook.com",
];
const URLS: [&str; 5] = [
    "http://acmewidgets.com/a",
    "https://x.example/",
    "https://facebook.com/some.page",
    "https://web.archive.org/web/2020/http://x.example/b",
    "http://192.0.2.9/",
];

fn entries() -> impl Strategy<Value = Vec<ListEntry>> {
    let one = (0..LINES.len(), 0..3_i64, 0..3_u8).prop_map(|(line, hours, by)| {
        let mut entry = entry(LINES[line]);
        entry.added += TimeDelta::hours(hours);
        entry.by = format!("Admin {by}");
        if let Some((_, rev)) = &mut entry.auto {
            *rev = RevId(u64::from(by));
        }
        entry
    });
    prop::collection::vec(one, 0..10)
}

fn scenes() -> impl Strategy<Value = Scene> {
    let urls = prop::sample::subsequence(URLS.to_vec(), 0..=URLS.len());
    let title = prop::sample::select(vec!["Acme widgets", "Zed", "Some page of it", "Q"]);
    (
        prop::sample::select(USERS.to_vec()),
        title,
        urls,
        entries(),
        any::<[bool; 4]>(),
    )
        .prop_map(|(user, title, urls, entries, [old, near, noticed, refused])| {
            let mut scene = Scene {
                entries,
                ..Scene::adding(user, &urls)
            };
            scene.title = title;
            scene.edits = Some(if old { 9_999 } else { 20 });
            if near {
                scene = scene.server("x.example", "192.0.2.50");
            }
            if noticed {
                scene = scene
                    .noticeboard("x.example", "B")
                    .noticeboard("x.example", "A")
                    .blocked_domain("example", "e");
            }
            if refused {
                scene = scene
                    .blocked("https://x.example/", "x")
                    .blocked("http://x.example/b", "b");
            }
            scene
        })
}

fn is_overlap(hit: &Hit) -> bool {
    matches!(hit.rule, Rule::PageOverlap | Rule::LinkOverlap)
}

proptest! {
    #[test]
    fn the_first_hit_wins(scene in scenes()) {
        let mut events: BTreeMap<(super::Subject, String), Vec<Hit>> = BTreeMap::new();
        for hit in scene.verdict().hits {
            events.entry((hit.subject, hit.string.clone())).or_default().push(hit);
        }
        for hits in events.values() {
            let (last, earlier) = hits.split_last().unwrap();
            prop_assert!(earlier.iter().all(|hit| hit.skip.is_some() || !hit.is_shown));
            prop_assert!(hits.is_sorted_by(|one, next| one.rule < next.rule));
            prop_assert!(last.skip.is_none() || is_overlap(last));
        }
    }

    #[test]
    fn the_order_of_entries_changes_nothing(scene in scenes(), seed in any::<u64>()) {
        let mut other = scene.clone();
        let len = other.entries.len().max(1);
        let by = usize::try_from(seed % len as u64).unwrap().min(other.entries.len());
        other.entries.rotate_left(by);
        if seed % 2 == 0 {
            other.entries.reverse();
        }
        other.watched.noticeboards.reverse();
        prop_assert_eq!(scene.verdict(), other.verdict());
    }

    /// What the later rules find of a skipped overlap is what they find where no overlap is looked for at all.
    #[test]
    fn a_skip_never_removes_a_later_hit(scene in scenes(), lists in entries()) {
        let mut skipped = scene.clone();
        skipped.entries.extend(lists);
        // Keywords that are compared with names of accounts have no such twin
        skipped.entries.retain(|entry| entry.string.as_deref() != Some("zed") && entry.string.as_deref() != Some("widgets"));
        skipped.edits = Some(9_999);
        let mut without = skipped.clone();
        if without.kind == crate::change::EditorKind::Named {
            without.kind = crate::change::EditorKind::Temporary;
        }
        let later = |scene: &Scene| {
            let mut hits = scene.verdict().hits;
            hits.retain(|hit| !is_overlap(hit));
            hits.iter_mut().for_each(|hit| hit.is_new = false);
            hits
        };
        prop_assert!(skipped.verdict().hits.iter().filter(|hit| is_overlap(hit)).all(|hit| hit.skip.is_some()));
        prop_assert_eq!(later(&skipped), later(&without));
    }

    #[test]
    fn a_whitelisted_user_has_no_hits(scene in scenes()) {
        let user = scene.user;
        let line = format!("wl {} *", user.replace(' ', "_"));
        let scene = scene.with(&[&line]);
        prop_assert!(scene.verdict().hits.is_empty());
    }
}
