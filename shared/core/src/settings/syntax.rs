//! What is wrong with a block that is no YAML, in words for an admin.
//!
//! The library's messages are right but speak of tokens and anchors; the
//! usual mistakes of people who write wikitext into YAML have a cause that
//! can be named.

use super::extract::Block;
use super::node::{TOO_LARGE, locate_second_document};
use crate::types::Problem;

/// Characters that no page can hold, found before the parser gives up on
/// them without a place.
pub(super) fn control_characters(block: &Block) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (i, line) in block.yaml.split('\n').enumerate() {
        let bad = line.chars().enumerate().find(|(_, c)| c.is_control() && *c != '\t');
        if let Some((column, c)) = bad {
            let text = format!("the character U+{:04X} is not allowed", u32::from(c));
            problems.push(Problem::error("", text).at(block.place(i + 1, column + 1)));
        }
    }
    problems
}

/// The one problem that stopped the parser.
pub(super) fn problem(block: &Block, error: &serde_yaml::Error) -> Problem {
    let raw = error.to_string();
    let (what, context) = raw.split_once(" at line ").unwrap_or((&raw, ""));
    let mut place = error.location().map(|l| (l.line(), l.column()));
    let line = place
        .and_then(|(line, _)| block.yaml.split('\n').nth(line - 1))
        .unwrap_or_default();
    let found = place.and_then(|(_, column)| line.chars().nth(column - 1));
    let opened = opened_at(context);
    let cause = if found == Some('\t') || what.contains("tab character") {
        "a tab stands here; indent with spaces".to_owned()
    } else if what == "found character that cannot start any token"
        && let Some(c) = found
    {
        format!("a text that begins with \"{c}\" must be in quotes")
    } else if what == "found unexpected end of stream" && context.contains("quoted scalar") {
        place = opened.or(place);
        "the quotation mark that opens here is never closed".to_owned()
    } else if what.contains("mapping values are not allowed") {
        "a colon does not fit here: a text with a colon in it must be in quotes; otherwise look \
         at the indentation, and at the space after the colon one line above"
            .to_owned()
    } else if what.contains("unknown anchor") || context.contains("scanning an a") {
        "a text that begins with \"*\" or \"&\" must be in quotes".to_owned()
    } else if what.contains("unknown escape character") {
        "a backslash in double quotes must be doubled; in single quotes it stays".to_owned()
    } else if context.contains("scanning a block scalar") {
        "behind \"|\" or \">\" the text begins on the next line, indented; a text that begins \
         with one of them must be in quotes"
            .to_owned()
    } else if what.contains("more than one document") {
        place = locate_second_document(&block.yaml);
        "the settings end here: this line begins a second document (\"---\"), or the lines above \
         are indented further than this one"
            .to_owned()
    } else if what.contains("recursion limit") {
        "the lists and groups are nested too deeply".to_owned()
    } else if what.contains("repetition limit") || what.contains(TOO_LARGE) {
        TOO_LARGE.to_owned()
    } else if context.contains("parsing a flow") || flow_begins(line) {
        place = opened.filter(|_| context.contains("flow")).or(place);
        "a text that begins with \"[\" or \"{\" must be in quotes; otherwise a bracket is not \
         closed"
            .to_owned()
    } else if what.contains("did not find expected") {
        format!(
            "the indentation does not fit the lines above, or something stands behind a closing \
             quotation mark ({what})"
        )
    } else {
        what.to_owned()
    };
    // At the end of the block the parser speaks of a line that is not there.
    let last = block.yaml.trim_end().split('\n').count();
    let place = match place {
        Some((line, column)) if line <= last => block.place(line, column),
        Some(_) => block.place(last, 1),
        None => block.place(1, 1),
    };
    Problem::error("", format!("this is not valid YAML: {cause}")).at(place)
}

/// Whether the line's value begins with a bracket that YAML takes for a list
/// or a group, as wikitext links and templates do.
fn flow_begins(line: &str) -> bool {
    let value = line.trim_start().trim_start_matches("- ");
    let value = value.split_once(": ").map_or(value, |(_, v)| v);
    value.trim_start().starts_with(['[', '{'])
}

/// The place in `…, while scanning a quoted scalar at line 1 column 4`.
fn opened_at(context: &str) -> Option<(usize, usize)> {
    let (_, context) = context.split_once(", while ")?;
    let (line, column) = context.rsplit_once("at line ")?.1.split_once(" column ")?;
    Some((line.parse().ok()?, column.parse().ok()?))
}
