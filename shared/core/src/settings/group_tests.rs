use super::*;
use crate::settings::{Block, extract};
use crate::types::Problem;
use chrono::Duration;
use proptest::prelude::*;

/// What the reader says about a page after `look` has read from it.
fn problems(page: &str, look: impl FnOnce(&MapNode<'_>)) -> String {
    let found = match extract(page, "wikitext", true, "S").and_then(|b| Reader::parse(&b)) {
        Ok(reader) => {
            look(&reader.root());
            reader.finish()
        }
        Err(found) => found,
    };
    let lines: Vec<String> = found.iter().map(Problem::to_string).collect();
    lines.join("\n")
}

fn read<T>(yaml: &str, look: impl FnOnce(&MapNode<'_>) -> T) -> (T, Vec<Problem>) {
    let reader = Reader::parse(&Block::whole(yaml)).unwrap();
    let value = look(&reader.root());
    (value, reader.finish())
}

const PAGE: &str = "These are the settings.

<pre>
enabled: yes
categorys:
  general: [[Category:Mentors]]
categories:
  optuot: Category:Away
  skillslist:
    - writing
    - 2024
    -
    - \"\"
  general: 5
optout: Category:X
defaultmentorprofile: null
max_edits_per_run: \"50\"
edits: 0
age: 14
wait: 2h
flow: newer
greetings:
  text: Hello {mentr}, {0}!
  text: again
login: {username: x}
when: 31.12.2026
1: x
tagged: !foo bar
</pre>";

#[test]
fn all_problems_come_at_once_with_their_places() {
    let said = problems(PAGE, |root| {
        root.known(&[
            "enabled",
            "categories",
            "defaultmentorprofile",
            "max_edits_per_run",
            "edits",
            "age",
            "wait",
            "flow",
            "greetings",
            "when",
            "pages",
            "tagged",
        ]);
        root.moved(&[("login", "the account belongs to the operator; remove it here")]);
        root.bool("enabled");
        let categories = root.section("categories");
        categories.known(&["general", "optout", "skillslist"]);
        categories.require(&["general", "optout"]);
        categories.text("general");
        categories.text("optout");
        categories.texts("skillslist", 10);
        root.text("defaultmentorprofile");
        root.int("max_edits_per_run", 1..=100);
        root.int("edits", 1..=100);
        root.duration("age", Duration::days(1)..=Duration::days(60));
        root.duration("wait", Duration::days(1)..=Duration::days(60));
        root.choice("flow", &["auto", "never"]);
        let greetings = root.section("greetings");
        let text = greetings.text_or("text", "");
        greetings.placeholders("text", &text, &[&["mentor", "0"], &["skill", "1"]], &["topic"]);
        root.date("when");
        root.text("tagged");
        let pages = root.section("pages");
        pages.known(&["main", "talk"]);
        pages.require(&["main"]);
        pages.warning("main", "no such page");
    });
    insta::assert_snapshot!(said, @r#"
    line 4, column 1: pages.main: this key is missing
    line 4, column 1: pages.main: warning: no such page
    line 4, column 10: enabled: `yes` is a text; write `true`, without quotes
    line 5, column 1: categorys: the key `categorys` is not known; did you mean `categories`?
    line 7, column 1: categories.optout: this key is missing
    line 8, column 3: categories.optuot: the key `optuot` is not known; did you mean `optout`?
    line 11, column 7: categories.skillslist[2]: a text is wanted, this is a number; put it in quotes
    line 12, column 6: categories.skillslist[3]: this text is missing
    line 13, column 7: categories.skillslist[4]: this text is empty
    line 14, column 12: categories.general: a text is wanted, this is a number; put it in quotes
    line 15, column 1: optout: the key `optout` is not known; it belongs under `categories`
    line 16, column 1: defaultmentorprofile: this key has no value
    line 17, column 20: max_edits_per_run: write the number without quotes: 50
    line 18, column 8: edits: a whole number from 1 to 100 is wanted
    line 19, column 6: age: say the unit, such as `14d`, `14h` or `14m`
    line 20, column 7: wait: a time span from 1d to 60d is wanted
    line 21, column 7: flow: `newer` is none of `auto`, `never`; did you mean `never`?
    line 23, column 9: greetings.text: the placeholder `{skill}` or `{1}` is missing
    line 23, column 9: greetings.text: the placeholder `{mentr}` is not known; did you mean `{mentor}`?
    line 24, column 3: greetings.text: this key stands twice
    line 25, column 1: login: the account belongs to the operator; remove it here
    line 26, column 7: when: this is no date; write it as `2026-12-31`
    line 27, column 1: a key must be a text; put it in quotes
    line 28, column 9: tagged: a text is wanted, this is something that begins with `!`; put it in quotes
    "#);
}

#[test]
fn good_values_are_read_without_a_word() {
    let yaml = "on: true\noff: False\nn: -5\nhex: 0x10\nt: 'yes'\nl: [a, b]\nempty:\nd: 30d\n\
                g: {x: y, 'p q': '7'}\nday: 2026-02-28\nlong: |\n  a\n  b\nc: never\nnulls: ~\n";
    let ((), problems) = read(yaml, |root| {
        assert_eq!(root.bool("on"), Some(true));
        assert_eq!(root.bool("off"), Some(false));
        assert_eq!(root.int("n", -5..=5), Some(-5));
        assert_eq!(root.int("hex", 0..=99), Some(16));
        assert_eq!(root.text("t").as_deref(), Some("yes"));
        assert_eq!(root.texts("l", 2), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(root.texts("empty", 2), Some(vec![]));
        assert_eq!(root.texts("missing", 2), None);
        assert_eq!(
            root.duration("d", Duration::zero()..=Duration::days(30)),
            Some(Duration::days(30))
        );
        let pairs = root.map("g").unwrap().pairs();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(pairs, [pair("x", "y"), pair("p q", "7")]);
        assert_eq!(root.date("day").unwrap().to_string(), "2026-02-28");
        assert_eq!(root.text_or("long", ""), "a\nb\n");
        assert_eq!(root.text_or("missing", "x"), "x");
        assert_eq!(root.choice("c", &["auto", "never"]), Some("never"));
        assert!(root.section("nulls").pairs().is_empty());
        assert!(root.section("missing").section("too").pairs().is_empty());
        assert!(root.map("missing").is_none() && !root.has("missing") && root.has("nulls"));
        assert!(root.section("g").placeholders("x", "{{a|{0}}}", &[&["m", "0"]], &[]));
        assert_eq!(root.section("g").path(), "g");
    });
    assert_eq!(problems, []);
}

#[test]
fn json_is_read_as_json() {
    let json = "{\n\t\"a\": \"\\ud83d\\ude00 \\/\",\n\t\"l\": [1, \"x\"],\n\t\"a\": true\n}";
    let (text, problems) = read(json, |root| {
        root.texts("l", 5);
        root.text("a")
    });
    assert_eq!(text.as_deref(), Some("😀 /"));
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    // YAML cannot read the emoji, so its place is that of the block.
    insta::assert_snapshot!(lines.join("\n"), @r#"
    line 1, column 1: a: this key stands twice
    line 1, column 1: l[1]: a text is wanted, this is a number; put it in quotes
    "#);
    let plain = json.replace("\\ud83d\\ude00", "");
    let (_, problems) = read(&plain, |root| root.texts("l", 5));
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    line 3, column 8: l[1]: a text is wanted, this is a number; put it in quotes
    line 4, column 2: a: this key stands twice
    "#);
}

#[test]
fn broken_yaml_is_explained() {
    let said: Vec<String> = [
        "enabled: true\n\tb: 1",
        "enabled: true\nb:\n\tc: 1",
        "enabled: [[User:{0}|{0}]] has",
        "enabled: {{Welcome}} you",
        "enabled: @you",
        "enabled: `x`",
        "enabled: *bold* x",
        "enabled: Note: this",
        "enabled:true\nb: 1",
        "enabled: 'it\nb: 1\nc: 2",
        "enabled: \"a\\q\"",
        "enabled: 1\n b: 2",
        "enabled: \"x\" y",
        "enabled: 1\n---\nb: 2",
        "  enabled: 1\nb: 2",
        "enabled: \u{1}x\nb: \u{7F}",
        "enabled: |x",
        "- enabled",
        "enabled",
        "enabled: &a [x, *a]\n: [",
    ]
    .into_iter()
    .map(|yaml| format!("{yaml:?}\n  {}", problems(&format!("<pre>\n{yaml}\n</pre>"), |_| {})))
    .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    "enabled: true\n\tb: 1"
      line 3, column 1: this is not valid YAML: a tab stands here; indent with spaces
    "enabled: true\nb:\n\tc: 1"
      line 4, column 1: this is not valid YAML: a tab stands here; indent with spaces
    "enabled: [[User:{0}|{0}]] has"
      line 2, column 16: this is not valid YAML: a text that begins with "[" or "{" must be in quotes; otherwise a bracket is not closed
    "enabled: {{Welcome}} you"
      line 2, column 22: this is not valid YAML: a text that begins with "[" or "{" must be in quotes; otherwise a bracket is not closed
    "enabled: @you"
      line 2, column 10: this is not valid YAML: a text that begins with "@" must be in quotes
    "enabled: `x`"
      line 2, column 10: this is not valid YAML: a text that begins with "`" must be in quotes
    "enabled: *bold* x"
      line 2, column 15: this is not valid YAML: a text that begins with "*" or "&" must be in quotes
    "enabled: Note: this"
      line 2, column 14: this is not valid YAML: a colon does not fit here: a text with a colon in it must be in quotes; otherwise look at the indentation, and at the space after the colon one line above
    "enabled:true\nb: 1"
      line 3, column 2: this is not valid YAML: a colon does not fit here: a text with a colon in it must be in quotes; otherwise look at the indentation, and at the space after the colon one line above
    "enabled: 'it\nb: 1\nc: 2"
      line 2, column 10: this is not valid YAML: the quotation mark that opens here is never closed
    "enabled: \"a\\q\""
      line 2, column 12: this is not valid YAML: a backslash in double quotes must be doubled; in single quotes it stays
    "enabled: 1\n b: 2"
      line 3, column 3: this is not valid YAML: a colon does not fit here: a text with a colon in it must be in quotes; otherwise look at the indentation, and at the space after the colon one line above
    "enabled: \"x\" y"
      line 2, column 14: this is not valid YAML: the indentation does not fit the lines above, or something stands behind a closing quotation mark (did not find expected key)
    "enabled: 1\n---\nb: 2"
      line 4, column 1: this is not valid YAML: the settings end here: this line begins a second document ("---"), or the lines above are indented further than this one
    "  enabled: 1\nb: 2"
      line 3, column 1: this is not valid YAML: the settings end here: this line begins a second document ("---"), or the lines above are indented further than this one
    "enabled: \u{1}x\nb: \u{7f}"
      line 2, column 10: the character U+0001 is not allowed
    line 3, column 4: the character U+007F is not allowed
    "enabled: |x"
      line 2, column 11: this is not valid YAML: behind "|" or ">" the text begins on the next line, indented; a text that begins with one of them must be in quotes
    "- enabled"
      line 2, column 1: the settings are a list; lines of the form `key: value` are wanted
    "enabled"
      line 2, column 1: the settings are a text; lines of the form `key: value` are wanted
    "enabled: &a [x, *a]\n: ["
      line 2, column 10: this is not valid YAML: the lists and groups are nested too deeply
    "#);
}

#[test]
fn bounds_are_kept() {
    let list = "- x\n".repeat(MAX_LIST + 1);
    let long = "x".repeat(MAX_TEXT_BYTES + 1);
    let yaml = format!("l:\n{list}t: {long}\nb: \"\\b\"\nbig: 99999999999999999999999\n");
    let ((), problems) = read(&yaml, |root| {
        assert_eq!(root.texts("l", 9_999), None);
        assert_eq!(root.text("t"), None);
        assert_eq!(root.text("b"), None);
        assert_eq!(root.int("big", 0..=5), None);
    });
    assert_eq!(problems.len(), 4);

    let many: String = (0..300).map(|i| format!("key{i}: 1\n")).collect();
    let ((), problems) = read(&many, |root| root.known(&["something"]));
    assert_eq!(problems.len(), 101);
    assert_eq!(problems[100].text, "200 more problems are not shown");

    let many: String = (0..501).map(|i| format!("key{i}: x\n")).collect();
    let (pairs, problems) = read(&many, |root| root.pairs());
    assert!(pairs.is_empty() && problems.len() == 1);
}

#[test]
fn bombs_and_towers_are_refused() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (new, old) in ["b", "c", "d", "e", "f", "g"]
        .iter()
        .zip(["a", "b", "c", "d", "e", "f"])
    {
        bomb.push_str(&format!("{new}: &{new} [{}]\n", vec![format!("*{old}"); 10].join(", ")));
    }
    let wide = format!("a: &a [{}]\nb: [{}]\n", "x, ".repeat(20_000), "*a, ".repeat(20_000));
    let fat = format!("a: &a {}\nb: [{}]\n", "x".repeat(100_000), "*a, ".repeat(20_000));
    let tower = format!("a: {}", "[".repeat(5_000));
    let closed = format!("a: {}{}", "[".repeat(5_000), "]".repeat(5_000));
    for (yaml, expected) in [
        (bomb, "aliases"),
        (wide, "aliases"),
        (fat, "aliases"),
        (tower, "not valid YAML"),
        (closed, "nested too deeply"),
    ] {
        let said = match Reader::parse(&Block::whole(yaml)) {
            Err(problems) => problems[0].to_string(),
            Ok(_) => panic!("accepted"),
        };
        assert!(said.contains(expected), "{said}");
        assert!(said.starts_with("line "), "{said}");
    }
}

/// Pieces of YAML, right and wrong.
fn yaml() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "b", "enabled", ":", ": ", "\n", "\n  ", "\n    ", "- ", "[", "]", "{", "}", ",", "'", "\"", "|", ">",
        "#", "&x ", "*x", "!t ", "\t", "true", "12", "é", "\\", "---", "?", "~", "<pre>", "</pre>", "<!--", "-->", "@",
        "%", "{{x}}", "\r\n", "\u{1}",
    ]);
    prop::collection::vec(piece, 0..25).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn nothing_panics_and_every_problem_has_a_place_in_the_page(text in yaml(), wrap in any::<bool>()) {
        let page = if wrap { format!("é\n<pre>{text}</pre>") } else { text };
        let found = match extract(&page, "wikitext", true, "S") {
            // The page as a whole has no place.
            Err(_) => return Ok(()),
            Ok(block) => match Reader::parse(&block) {
                Err(found) => found,
                Ok(reader) => {
                    let root = reader.root();
                    root.known(&["enabled"]);
                    root.require(&["enabled"]);
                    for key in ["a", "b", "enabled"] {
                        root.text(key);
                        root.int(key, 0..=5);
                        root.bool(key);
                        root.texts(key, 2);
                        root.date(key);
                        root.duration(key, Duration::zero()..=Duration::days(1));
                        root.problem_at(key, 1, "x");
                        let group = root.section(key);
                        group.known(&["a"]);
                        group.pairs();
                    }
                    reader.finish()
                }
            }
        };
        let lines = page.replace("\r\n", "\n").split('\n').count();
        for problem in found {
            let place = problem.place.expect("a place");
            prop_assert!(place.line >= 1 && place.line <= lines && place.column >= 1, "{problem}");
        }
    }

    #[test]
    fn texts_survive_the_way_through_a_page(texts in prop::collection::vec("[^\\p{Cc}]{1,20}", 1..5)) {
        let texts: Vec<String> = texts
            .into_iter()
            .filter(|t| !t.trim().is_empty() && !t.contains(['<', '\u{FEFF}', '\u{2028}', '\u{2029}']))
            .collect();
        let yaml = serde_yaml::to_string(&std::collections::BTreeMap::from([("l", &texts)])).unwrap();
        let page = format!("Prose\n<pre>\n{yaml}</pre>");
        let block = extract(&page, "wikitext", false, "S").unwrap();
        prop_assert_eq!(block.line, 3);
        let (read, problems) = read(&block.yaml, |root| root.texts("l", 10));
        prop_assert_eq!(read, Some(texts));
        prop_assert!(problems.is_empty());
    }
}
