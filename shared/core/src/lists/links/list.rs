//! `wl`, `bl` and `ml`.

use super::names::Names;
use super::topics::LINKS;
use super::{Command, NewEntry, OldEntry, Search, Sought};
use crate::lists::grammar::{Verb, split_reason};
use crate::lists::words::Word;
use crate::lists::{List, user_name};
use crate::settings::{nearest, parse_duration};
use crate::text::terminal;
use chrono::TimeDelta;

/// The word for everybody and everything.
const ALL: &str = "*";
/// Longest time of an entry.
const MAX_EXPIRES: TimeDelta = TimeDelta::days(3_650);

/// Words before the dash, without their options.
struct Options<'a> {
    names: &'a [Word],
    expires: Option<TimeDelta>,
    everywhere: bool,
}

/// Reads what follows the list's word. Errs with what is wrong and the right form.
pub fn parse(list: List, words: &[Word], names: &Names<'_>) -> Result<Command, String> {
    let command = list.command();
    let (words, reason) = split_reason(words)?;
    let Some((first, rest)) = words.split_first() else {
        return Err(LINKS.wrong(command, &format!("`{command}` needs `add`, `del` or `search`")));
    };
    let verb = match first.text.to_lowercase().as_str() {
        "add" => Verb::Add,
        "del" | "remove" => Verb::Del,
        "search" => Verb::Search,
        _ => {
            let meant = nearest(&first.text, &["add", "del", "search"])
                .map_or_else(String::new, |meant| format!(" (did you mean `{meant}`?)"));
            let what = format!("`{command}` knows no `{}`{meant}", terminal(&first.text));
            return Err(LINKS.wrong(command, &what));
        }
    };
    let understood = match verb {
        Verb::Search => search(list, rest, names),
        Verb::Add => options(rest).and_then(|options| add(list, &options, reason, names)),
        Verb::Del => options(rest).and_then(|options| del(list, &options, reason, names)),
    };
    understood.map_err(|what| LINKS.wrong(&format!("{command} {}", verb.word()), &what))
}

fn options(mut words: &[Word]) -> Result<Options<'_>, String> {
    let (mut expires, mut everywhere) = (None, false);
    loop {
        match words {
            [rest @ .., last] if last.is("everywhere") && !everywhere => {
                everywhere = true;
                words = rest;
            }
            [rest @ .., key, span] if key.is("for") && expires.is_none() => {
                let given =
                    parse_duration(&span.text).filter(|span| (TimeDelta::hours(1)..=MAX_EXPIRES).contains(span));
                expires = Some(given.ok_or_else(|| {
                    let text = terminal(&span.text);
                    format!("`{text}` is no time from 1h to 10y, such as 30d; a name is quoted")
                })?);
                words = rest;
            }
            names => {
                return Ok(Options {
                    names,
                    expires,
                    everywhere,
                });
            }
        }
    }
}

/// The two sides of an entry, and whether the side that can be a domain is one.
struct Sides {
    user: Option<String>,
    string: Option<String>,
    is_domain: bool,
}

fn is_all(word: &Word) -> bool {
    word.is(ALL)
}

fn sides(list: List, words: &[Word], names: &Names<'_>) -> Result<Sides, String> {
    match (list, words) {
        (List::White, [user, string]) => {
            let user = match is_all(user) {
                true => None,
                false => Some(user_name(names.site, &user.text)?),
            };
            let string = match is_all(string) {
                true => None,
                false => Some(names.page_or_domain(string)?),
            };
            let is_domain = string.as_ref().is_some_and(|(_, is_domain)| *is_domain);
            if user.is_none() && !is_domain {
                return Err("`*` for all users goes with a domain".to_owned());
            }
            Ok(Sides {
                user,
                string: string.map(|(string, _)| string),
                is_domain,
            })
        }
        (List::Black, [user, string]) => {
            if is_all(user) {
                return Err("the blacklist takes one user or one domain, not `*`".to_owned());
            }
            let (user, is_domain) = names.user(list, user)?;
            let string = match is_all(string) {
                true => None,
                false => Some(names.keyword(string, is_domain)?),
            };
            Ok(Sides {
                user: Some(user),
                string,
                is_domain,
            })
        }
        (List::Monitor, [key, pattern]) if key.is("user") => Ok(Sides {
            user: Some(names.user_pattern(pattern)?),
            string: None,
            is_domain: false,
        }),
        (List::Monitor, [string]) => {
            if is_all(string) {
                return Err("the monitor list takes a domain or a pattern, not `*`".to_owned());
            }
            let (string, is_domain) = names.link_pattern(string)?;
            Ok(Sides {
                user: None,
                string: Some(string),
                is_domain,
            })
        }
        _ => Err(miscounted(list, words.len())),
    }
}

fn miscounted(list: List, words: usize) -> String {
    let wanted = match list {
        List::White => "a user and a page or domain",
        List::Black => "a user or domain, and a keyword",
        List::Monitor => "one domain or pattern, or `user` and a pattern",
    };
    let noun = if words == 1 { "word" } else { "words" };
    let quoted = "put a name with spaces in quotes, or write `_` for the space";
    format!("it needs {wanted}; there are {words} {noun}: {quoted}").replace("there are 1", "there is 1")
}

fn add(list: List, options: &Options<'_>, reason: Option<String>, names: &Names<'_>) -> Result<Command, String> {
    let Sides {
        user,
        string,
        is_domain,
    } = sides(list, options.names, names)?;
    let why = match list {
        List::Black => Some("an entry of the blacklist"),
        List::Monitor if user.is_some() => Some("an entry about user names"),
        _ if options.everywhere => Some("an entry for all wikis"),
        _ => None,
    };
    if let (None, Some(why)) = (&reason, why) {
        return Err(format!("{why} needs a reason, behind a dash (`—` or `--`)"));
    }
    Ok(Command::Add(NewEntry {
        list,
        user,
        string,
        is_domain,
        expires: options.expires.map(|span| names.now + span),
        everywhere: options.everywhere,
        reason: reason.unwrap_or_default(),
    }))
}

fn del(list: List, options: &Options<'_>, reason: Option<String>, names: &Names<'_>) -> Result<Command, String> {
    if options.expires.is_some() {
        return Err("an entry is deleted for good: there is no `for`".to_owned());
    }
    let sides = match (list, options.names) {
        // What is on the list can be taken off, whatever is allowed now
        (List::Monitor, [key, pattern]) if key.is("user") => Sides {
            user: Some(pattern.text.replace('_', " ")),
            string: None,
            is_domain: false,
        },
        (List::Monitor, [string]) => Sides {
            user: None,
            string: Some(
                names
                    .link_pattern(string)
                    .map_or(string.text.clone(), |(string, _)| string),
            ),
            is_domain: false,
        },
        (list, words) => sides(list, words, names)?,
    };
    Ok(Command::Del(OldEntry {
        list,
        user: sides.user,
        string: sides.string,
        everywhere: options.everywhere,
        reason: reason.unwrap_or_default(),
    }))
}

fn search(list: List, words: &[Word], names: &Names<'_>) -> Result<Command, String> {
    let user = |word: &Word| match is_all(word) {
        true => Ok(Sought::All),
        false => names.user(list, word).map(|(user, _)| Sought::This(user)),
    };
    let string = |word: &Word, of_domain: bool| -> Result<Sought, String> {
        if is_all(word) {
            return Ok(Sought::All);
        }
        let string = match list {
            List::White => names.page_or_domain(word)?.0,
            List::Black => names.keyword(word, of_domain)?,
            // Also what could not be added
            List::Monitor => names.link_pattern(word).map_or(word.text.clone(), |(string, _)| string),
        };
        Ok(Sought::This(string))
    };
    let by_string = |key: &Word| ["string", "page", "link"].iter().any(|word| key.is(word));
    let (user, string) = match (list, words) {
        (List::Monitor, [key, pattern]) if key.is("user") => (Some(Sought::This(pattern.text.replace('_', " "))), None),
        (_, [key, name]) if by_string(key) => (None, Some(string(name, true)?)),
        (List::Monitor, [name]) => (None, Some(string(name, true)?)),
        (List::White | List::Black, [key, name]) if key.is("user") => (Some(user(name)?), None),
        (List::White | List::Black, [name, text]) => {
            let of_domain = matches!(names.user(list, name), Ok((_, true)));
            (Some(user(name)?), Some(string(text, of_domain)?))
        }
        (list, words) => return Err(miscounted(list, words.len())),
    };
    Ok(Command::Search(Search { list, user, string }))
}
