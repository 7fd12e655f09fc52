//! The commands `wl`, `bl` and `ml`: which word is the user, which the page. What the words name is not looked at
//! here, so that a job whose lists hold something else than pages reads them with the same grammar.

use super::List;
use super::help::BOXES;
use super::words::Word;
use crate::settings::nearest;
use crate::text::terminal;

/// Longest reason, in characters.
const MAX_REASON_CHARS: usize = 500;

/// What to do with a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// Put an entry on it.
    Add,
    /// Take an entry off it.
    Del,
    /// See whether something is on it.
    Search,
}

/// A list command whose words are in their places.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListWords {
    /// Which list.
    pub list: List,
    /// What to do.
    pub verb: Verb,
    /// The user as written; `None` on the monitor list, or in a search by page.
    pub user: Option<String>,
    /// The page as written; `None` in a search by user.
    pub page: Option<String>,
    /// What stands behind a dash (`—`), in one line; why an entry is added.
    pub reason: Option<String>,
}

impl ListWords {
    /// Reads what follows `wl`, `bl` or `ml`. Errs with what is wrong and the right form.
    pub fn read(list: List, words: &[Word]) -> Result<ListWords, String> {
        let (words, reason) = split_reason(words)?;
        let command = list.command();
        let Some((first, names)) = words.split_first() else {
            return Err(wrong(command, &format!("`{command}` needs `add`, `del` or `search`")));
        };
        let verb = if first.is("add") {
            Verb::Add
        } else if first.is("del") || first.is("remove") {
            Verb::Del
        } else if first.is("search") {
            Verb::Search
        } else {
            let meant = nearest(&first.text, &["add", "del", "search"])
                .map_or_else(String::new, |meant| format!(" (did you mean `{meant}`?)"));
            let what = format!("`{command}` knows no `{}`{meant}", terminal(&first.text));
            return Err(wrong(command, &what));
        };
        let by_page = |key: &Word| key.is("page") || key.is("string");
        let found = match (list, verb, names) {
            (List::Monitor, Verb::Search, [key, page, more @ ..]) if by_page(key) => one(page, more).map(no_user),
            (List::Monitor, _, [page, more @ ..]) => one(page, more).map(no_user),
            (_, Verb::Search, [key, user, more @ ..]) if key.is("user") => {
                one(user, more).map(|user| (Some(user), None))
            }
            (_, Verb::Search, [key, page, more @ ..]) if by_page(key) => one(page, more).map(no_user),
            (List::White | List::Black, _, [user, page]) => Some((Some(user.text.clone()), Some(page.text.clone()))),
            _ => None,
        };
        let topic = format!("{command} {}", verb.word());
        let Some((user, page)) = found else {
            return Err(wrong(&topic, &miscounted(&topic, names, list)));
        };
        Ok(ListWords {
            list,
            verb,
            user,
            page,
            reason,
        })
    }
}

impl Verb {
    /// The word of the grammar.
    pub fn word(self) -> &'static str {
        match self {
            Verb::Add => "add",
            Verb::Del => "del",
            Verb::Search => "search",
        }
    }
}

/// The only name of a command: its words may stand without quotes.
pub(super) fn one(first: &Word, more: &[Word]) -> Option<String> {
    let mut name = first.text.clone();
    for word in more {
        if word.quoted || first.quoted {
            return None;
        }
        name.push(' ');
        name.push_str(&word.text);
    }
    Some(name)
}

fn no_user(page: String) -> (Option<String>, Option<String>) {
    (None, Some(page))
}

fn miscounted(topic: &str, names: &[Word], list: List) -> String {
    let wanted = if list == List::Monitor {
        "a page"
    } else {
        "a user and a page"
    };
    match names {
        [] => format!("`{topic}` needs {wanted}"),
        [only] => format!("`{topic}` needs {wanted}; there is only `{}`", terminal(&only.text)),
        _ => format!(
            "`{topic}` needs {wanted}; there are {} words: put a name with spaces in quotes, or write `_` for the space",
            names.len()
        ),
    }
}

/// Parts the words before a dash from those behind it.
pub(super) fn split_reason(words: &[Word]) -> Result<(&[Word], Option<String>), String> {
    let Some(at) = words.iter().position(Word::is_dash) else {
        return Ok((words, None));
    };
    let texts: Vec<&str> = words[at + 1..].iter().map(|word| word.text.as_str()).collect();
    Ok((&words[..at], clean_reason(&texts.join(" "))?))
}

/// A reason as it is stored: one line without control characters, `None` when nothing is left. Errs when it is
/// longer than 500 characters.
pub fn clean_reason(text: &str) -> Result<Option<String>, String> {
    let words: Vec<String> = text.split_whitespace().map(terminal).collect();
    let reason = words.join(" ");
    match reason.chars().count() {
        0 => Ok(None),
        n if n > MAX_REASON_CHARS => Err(format!("the reason has {n} characters, {MAX_REASON_CHARS} are allowed")),
        _ => Ok(Some(reason)),
    }
}

/// What is wrong, then how the command is written.
pub(super) fn wrong(topic: &str, what: &str) -> String {
    BOXES.wrong(topic, what)
}
