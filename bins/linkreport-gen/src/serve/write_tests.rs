use std::collections::HashSet;

use shared::core::text::plain;

use super::*;

struct World {
    tags: HashSet<String>,
    templates: Vec<String>,
}

impl World {
    fn new() -> World {
        World {
            tags: ["nowiki", "pre"].map(str::to_owned).into(),
            templates: vec!["LinkStatus".to_owned()],
        }
    }

    fn words(&self) -> Words<'_> {
        Words {
            templates: &self.templates,
            has_template: true,
            heading: "Status and discussion",
            label: "Status",
            tags: &self.tags,
        }
    }
}

fn computed(
    page: Option<&str>,
    part: &str,
    found: Option<Status>,
    status: Status,
    ours: &[[u8; 32]],
) -> (Option<String>, Option<Wrote>) {
    let world = World::new();
    let title = Title {
        ns: 2,
        text: "Bot/LinkReports/example.com".to_owned(),
    };
    let part = plain(part, 100);
    let wanted = Wanted {
        title: &title,
        part: &part,
        found,
        status,
        line: Some(plain("Said by the bot", 100)),
        ours,
        held: &plain("New data", 100),
        is_told: false,
        has_people: true,
        asked_again: false,
        summary: "",
    };
    compute(page, &whole(&part), &world.words(), &wanted)
}

fn made() -> String {
    computed(None, "one", None, Status::Open, &[]).0.unwrap()
}

fn of(part: &str) -> [u8; 32] {
    digest(&whole(&plain(part, 100)))
}

#[test]
fn people_keep_their_part_and_the_bot_its_own() {
    let page = made() + "\n* Looks fine to me. — Ann\n";
    let (text, other) = computed(Some(&page), "two", Some(Status::Open), Status::Open, &[of("one")]);
    assert_eq!(other, None);
    let text = text.unwrap();
    assert!(text.contains("two") && !text.contains("one") && text.contains("Looks fine to me. — Ann"));
    // Reopened: the word, and one line.
    let closed = text.replace("{{LinkStatus|open}}", "{{LinkStatus|closed}}");
    assert_ne!(closed, text);
    let (again, other) = computed(Some(&closed), "three", Some(Status::Closed), Status::Open, &[of("two")]);
    assert_eq!(other, None);
    let again = again.unwrap();
    assert!(again.contains("{{LinkStatus|open}}") && again.contains("Looks fine to me. — Ann"));
    assert_eq!(again.matches("Said by the bot").count(), 2, "made, reopened");
    // Done once it stands there: another try of the same run changes nothing.
    let (same, _) = computed(Some(&again), "three", Some(Status::Closed), Status::Open, &[of("two")]);
    assert_eq!(same.unwrap().trim_end(), again.trim_end());
}

#[test]
fn what_people_changed_is_never_written_over() {
    let page = made();
    let changed = page.replace("one", "one and more");
    let (held, other) = computed(Some(&changed), "two", Some(Status::Open), Status::Open, &[of("one")]);
    assert!(matches!(other, Some(Wrote::Held(_))), "{other:?}");
    let held = held.unwrap();
    assert!(held.starts_with(changed.trim_end()) && held.contains("New data"));
    let (twice, other) = computed(Some(&held), "three", Some(Status::Open), Status::Open, &[of("one")]);
    assert_eq!(twice, None, "said once");
    assert!(matches!(other, Some(Wrote::Held(_))));
    for broken in ["no marker at all".to_owned(), page.clone() + &page] {
        let (held, other) = computed(Some(&broken), "two", Some(Status::Open), Status::Open, &[of("one")]);
        assert!(held.unwrap().starts_with(broken.trim_end()));
        assert!(matches!(other, Some(Wrote::Held(_))));
    }
}

#[test]
fn a_status_that_changes_meanwhile_is_decided_again() {
    let page = made().replace("|open}}", "|ignore}}");
    let done = computed(Some(&page), "two", Some(Status::Open), Status::Open, &[of("one")]);
    assert_eq!(done, (None, Some(Wrote::Changed)));
}
