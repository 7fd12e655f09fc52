use super::*;
use crate::types::Level;

fn get(text: &str) -> Result<Block, Vec<Problem>> {
    extract(text, "wikitext", true, "User:Bot/matchbot/Settings")
}

fn why(result: Result<Block, Vec<Problem>>) -> String {
    let problems = result.unwrap_err();
    assert!(problems.iter().all(|p| p.level == Level::Error));
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn block(yaml: &str, line: usize, column: usize) -> Block {
    Block {
        yaml: yaml.to_owned(),
        line,
        column,
    }
}

#[test]
fn finds_the_one_block() {
    for (text, expected) in [
        ("<pre>\nenabled: true\n</pre>", block("enabled: true\n", 2, 1)),
        (
            "Prose.\n\nMore <pre class=x>  \n  a: 1\n</pre>\nProse",
            block("  a: 1\n", 4, 1),
        ),
        ("é <pre>a: 1</pre>", block("a: 1", 1, 8)),
        ("<pre>a: 1\nb: 2</pre>", block("a: 1\nb: 2", 1, 6)),
        ("a\r\n<PRE>\r\nx: 1\r\ny: 2\r\n</Pre>", block("x: 1\ny: 2\n", 3, 1)),
        ("\u{FEFF}<pre>\rx: 1\r</pre>", block("x: 1\n", 2, 1)),
        (
            "<syntaxhighlight lang=\"yaml\" line>\na: 1\n</syntaxhighlight>",
            block("a: 1\n", 2, 1),
        ),
        ("<source lang=yaml>\na: 1\n</source>", block("a: 1\n", 2, 1)),
        (
            "<syntaxhighlight lang='JSON'>{\"a\": 1}</syntaxhighlight>",
            block("{\"a\": 1}", 1, 30),
        ),
        // What is no block, or none that could be meant.
        (
            "<!-- <pre>a: 2</pre> --><nowiki><pre>b: 1</pre></nowiki>\n<pre>\na: 1\n</pre>",
            block("a: 1\n", 3, 1),
        ),
        (
            "<syntaxhighlight lang=php>x</syntaxhighlight><pre>\na: 1\n</pre> and <pre>",
            block("a: 1\n", 2, 1),
        ),
        ("<nowiki><pre></nowiki>\n<pre>\na: 1\n</pre>", block("a: 1\n", 3, 1)),
        // YAML as a whole.
        ("enabled: true\nb: 2", block("enabled: true\nb: 2", 1, 1)),
        ("\u{FEFF}# note\na: 1", block("# note\na: 1", 1, 1)),
        ("enabled: true\n  b: [", block("enabled: true\n  b: [", 1, 1)),
        ("{\n\t\"enabled\": true\n}", block("{\n\t\"enabled\": true\n}", 1, 1)),
    ] {
        assert_eq!(get(text), Ok(expected), "{text}");
    }
    let json = "{\"a\": \"<pre>x</pre>\"}";
    assert_eq!(extract(json, "json", false, "User:Bot/S.json"), Ok(block(json, 1, 1)));
}

#[test]
fn says_why_there_is_no_block() {
    for (text, expected) in [
        ("", "the page is empty"),
        (" \n\u{FEFF}", "the page has no settings block"),
        (
            "Just prose.",
            "no settings block; put the settings between <pre> and </pre>",
        ),
        ("<pre>\na: 1\n", "line 1, column 1: <pre> is never closed with </pre>"),
        (
            "x\n<!-- <pre>\na: 1\n</pre>",
            "line 2, column 1: this comment is never closed",
        ),
        ("<!-- <pre>a: 1</pre> -->", "no settings block"),
        ("<nowiki><pre>\na: 1\n</pre></nowiki>", "no settings block"),
        ("<pre>\n \n</pre>", "line 1, column 6: the settings block is empty"),
        ("<pre><nowiki>\na: 1\n</nowiki></pre>", "remove <nowiki>"),
        (
            "<pre>\na: 1\n</pre>\n\n<pre>\nb: 1\n</pre>",
            "line 5, column 1: the page has 2 blocks that could be meant, the first in line 1",
        ),
        (
            "<pre>a: 1</pre><syntaxhighlight lang=yaml>a: 1</syntaxhighlight>",
            "2 blocks",
        ),
    ] {
        let said = why(get(text));
        assert!(said.contains(expected), "{text}: {said}");
    }
    let highlighted = "<syntaxhighlight lang=yaml>\na: 1\n</syntaxhighlight>";
    let refused = |text: &str, model, title| why(extract(text, model, false, title));
    assert!(refused(highlighted, "wikitext", "S").contains("no tag <syntaxhighlight>"));
    assert!(refused("a: 1", "javascript", "S").contains("content model `javascript`"));
    assert!(refused("a: 1", "wikitext", "User:B/S.js").contains("script or style page"));
    let large = " ".repeat(MAX_PAGE_BYTES + 1);
    assert!(refused(&large, "wikitext", "S").contains("262144 are allowed"));
}

#[test]
fn places_count_in_the_page() {
    let block = block("a: 1\nb: 2", 7, 6);
    let place = |line, column| {
        let place = block.place(line, column);
        (place.line, place.column)
    };
    assert_eq!(place(1, 1), (7, 6));
    assert_eq!(place(1, 4), (7, 9));
    assert_eq!(place(2, 4), (8, 4));
    assert_eq!(place(0, 0), (7, 6));
}
