use super::*;
use crate::settings::{Block, Reader};
use crate::types::Problem;

const MESSAGES: &[Message<'_>] = &[
    ("greeting", "Hello, {learner}!", &["learner"]),
    ("header", "Matches", &[]),
];

fn read(yaml: &str) -> (Common, String) {
    let reader = Reader::parse(&Block::whole(yaml)).unwrap();
    let root = reader.root();
    root.known(&[COMMON_KEYS, &["mine"]].concat());
    let common = common(&root, MESSAGES);
    let lines: Vec<String> = reader.finish().iter().map(Problem::to_string).collect();
    (common, lines.join("\n"))
}

#[test]
fn defaults_hold_where_nothing_is_said() {
    let (common, problems) = read("enabled: true\nmessages:\n");
    assert_eq!(problems, "");
    assert_eq!(
        common,
        Common {
            enabled: true,
            max_edits_per_run: 50,
            max_edits_per_day: 500,
            edit_interval: None,
            summary_suffix: None,
            tag: None,
            minor: false,
            trial: None,
            approval: None,
            messages: BTreeMap::new(),
        }
    );
    assert_eq!(common.message(MESSAGES, "greeting"), "Hello, {learner}!");
    assert_eq!(common.message(MESSAGES, "nothing"), "");
}

#[test]
fn everything_can_be_set() {
    let (common, problems) = read(
        "enabled: false\nmax_edits_per_run: 5000\nmax_edits_per_day: 1\nedit_interval: 0\n\
         summary_suffix: ' ([[WP:X|help]]) '\ntag: mentor bot\nminor: true\nmine: 1\n\
         trial: {edits: 50, until: 2026-12-31}\nmessages:\n  greeting: '{{Hi|{learner}}}'\n",
    );
    assert_eq!(problems, "");
    assert!(!common.enabled && common.minor);
    assert_eq!((common.max_edits_per_run, common.max_edits_per_day), (5_000, 1));
    assert_eq!(common.edit_interval, Some(0));
    assert_eq!(common.summary_suffix.as_deref(), Some("([[WP:X|help]])"));
    assert_eq!(common.tag.as_deref(), Some("mentor bot"));
    let trial = common.trial.unwrap();
    assert_eq!((trial.edits, trial.until.to_string().as_str()), (50, "2026-12-31"));
    assert_eq!(common.message(MESSAGES, "greeting"), "{{Hi|{learner}}}");
    assert_eq!(common.message(MESSAGES, "header"), "Matches");
}

#[test]
fn mistakes_are_told_and_fail_closed() {
    let (common, problems) = read(
        "max_edits_per_run: 0\nmax_edits_per_day: 50001\nedit_interval: 10s\n\
         summary_suffix: \"a\\nb\"\ntag: a,b\nminor: no\nstop_page: User:Me/Stop\nmesages: {}\n\
         trial: {edits: 5000, unitl: 2026-13-01}\nedits: 5\n\
         messages:\n  greeting: Hello {lerner}\n  heading: x\n  header: 5\n",
    );
    assert!(!common.enabled && common.trial.is_none() && common.messages.is_empty());
    assert_eq!((common.max_edits_per_run, common.max_edits_per_day), (50, 500));
    insta::assert_snapshot!(problems, @r#"
    line 1, column 1: enabled: this key is missing
    line 1, column 20: max_edits_per_run: a whole number from 1 to 5000 is wanted
    line 2, column 20: max_edits_per_day: a whole number from 1 to 50000 is wanted
    line 3, column 16: edit_interval: a whole number is wanted, this is a text
    line 4, column 17: summary_suffix: this must be one line of at most 150 characters
    line 5, column 6: tag: this is not the name of one change tag
    line 6, column 8: minor: `no` is a text; write `false`, without quotes
    line 7, column 1: stop_page: the stop page cannot be chosen here; it is always `User:<bot>/<job>/Stop`
    line 8, column 1: mesages: the key `mesages` is not known; did you mean `messages`?
    line 9, column 1: trial.until: this key is missing
    line 9, column 16: trial.edits: a whole number from 1 to 1000 is wanted
    line 9, column 22: trial.unitl: the key `unitl` is not known; did you mean `until`?
    line 10, column 1: edits: the key `edits` is not known; it belongs under `trial`
    line 12, column 13: messages.greeting: the placeholder `{learner}` is missing
    line 12, column 13: messages.greeting: the placeholder `{lerner}` is not known; did you mean `{learner}`?
    line 13, column 3: messages.heading: the key `heading` is not known; known here: `greeting`, `header`
    line 14, column 11: messages.header: a text is wanted, this is a number; put it in quotes
    "#);
}
