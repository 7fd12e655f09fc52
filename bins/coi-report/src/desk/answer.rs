//! What a command answers, for people or as JSON, and what is to be written for it.

use serde_json::{Value, json};
use shared::core::text::terminal;

use super::Effect;

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// For people: plain text, never markup.
    pub lines: Vec<String>,
    /// For programs.
    pub json: Value,
    /// Whether what was asked for is there, or could be done.
    pub ok: bool,
    /// What is to be written; `None`: nothing.
    pub effect: Option<Effect>,
}

impl Answer {
    /// What was found.
    pub fn new(lines: Vec<String>, json: Value) -> Answer {
        Answer {
            lines,
            json,
            ok: true,
            effect: None,
        }
    }

    /// That there was nothing to find or to do.
    pub fn nothing(line: String, json: Value) -> Answer {
        Answer {
            ok: false,
            ..Answer::new(vec![line], json)
        }
    }

    /// What is done once the effect is written.
    pub fn doing(line: String, json: Value, effect: Effect) -> Answer {
        Answer {
            effect: Some(effect),
            ..Answer::new(vec![line], json)
        }
    }

    /// A text of several lines.
    pub fn text(text: &str) -> Answer {
        Answer::new(text.lines().map(str::to_owned).collect(), json!({"text": text}))
    }

    /// Prints it; whether it could be done.
    pub fn print(&self, as_json: bool, is_dry: bool) -> bool {
        if as_json {
            println!("{}", self.json);
            return self.ok;
        }
        if is_dry && self.effect.is_some() {
            println!("Dry run, nothing is written. Otherwise:");
        }
        for line in &self.lines {
            println!("{}", terminal(line));
        }
        self.ok
    }
}
