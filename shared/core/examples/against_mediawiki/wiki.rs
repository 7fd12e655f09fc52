//! The real preprocessor, as a child process that answers lines with lines.

use crate::Error;
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

/// A wiki that is asked for trees.
pub struct Wiki {
    /// Its extension tags, without `<>`.
    pub tags: HashSet<String>,
    child: Child,
    questions: Option<ChildStdin>,
    answers: Receiver<std::io::Result<String>>,
}

impl Wiki {
    /// Starts `command`, which prints its tags first.
    pub fn start(command: &[&str]) -> Result<Self, Error> {
        let (program, args) = command.split_first().ok_or("the command is missing")?;
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(child.stdout.take().ok_or("the command has no output")?).lines();
        let (sender, answers) = channel();
        // Otherwise both sides could wait for each other with full pipes.
        std::thread::spawn(move || lines.map_while(|line| sender.send(line).ok()).count());
        let mut wiki = Self {
            tags: HashSet::new(),
            questions: child.stdin.take(),
            child,
            answers,
        };
        let tags = wiki.answer()?;
        wiki.tags = tags
            .into_iter()
            .map(|tag| tag.trim_matches(['<', '>']).to_lowercase())
            .collect();
        Ok(wiki)
    }

    /// Sends texts; [`Wiki::answer`] gives their trees.
    pub fn ask(&mut self, texts: &[impl AsRef<str>]) -> Result<(), Error> {
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        let mut line = serde_json::to_string(&texts)?;
        line.push('\n');
        let pipe = self.questions.as_mut().ok_or("the command has no input")?;
        Ok(pipe.write_all(line.as_bytes())?)
    }

    /// The next line of answers.
    pub fn answer(&mut self) -> Result<Vec<String>, Error> {
        let line = self.answers.recv().map_err(|_| "the wiki answers no more")??;
        serde_json::from_str(&line).map_err(|e| format!("{e}: {line}").into())
    }

    /// The trees of `texts`, when nothing else was asked.
    pub fn trees(&mut self, texts: &[&str]) -> Result<Vec<String>, Error> {
        self.ask(texts)?;
        self.answer()
    }
}

impl Drop for Wiki {
    fn drop(&mut self) {
        // It ends when there are no more lines.
        self.questions = None;
        self.child.wait().ok();
    }
}
