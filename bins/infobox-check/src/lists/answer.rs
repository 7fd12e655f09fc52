//! What a command answers, for people or as JSON.

use serde_json::{Value, json};
use shared::core::text::terminal;

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    lines: Vec<String>,
    json: Value,
    /// Whether what was asked for could be done.
    ok: bool,
}

impl Answer {
    /// That it is done, or what was found.
    pub fn new(lines: Vec<String>, json: Value) -> Answer {
        Answer { lines, json, ok: true }
    }

    /// That there was nothing to do.
    pub fn nothing(line: String, json: Value) -> Answer {
        Answer {
            lines: vec![line],
            json,
            ok: false,
        }
    }

    /// A text of several lines.
    pub fn text(text: &str) -> Answer {
        Answer::new(text.lines().map(str::to_owned).collect(), json!({"text": text}))
    }

    /// That it would be done.
    pub fn into_dry(mut self) -> Answer {
        for line in self.lines.iter_mut().take(1) {
            *line = format!("Dry run, nothing is written. Otherwise: {line}");
        }
        self
    }

    /// The same with something else for programs.
    pub fn with_json(self, json: Value) -> Answer {
        Answer { json, ..self }
    }

    /// Its lines, for people.
    pub fn into_lines(self) -> Vec<String> {
        self.lines
    }

    /// Prints it; whether it could be done.
    pub fn print(&self, as_json: bool) -> bool {
        if as_json {
            println!("{}", self.json);
        } else {
            for line in &self.lines {
                println!("{}", terminal(line));
            }
        }
        self.ok
    }
}
