//! Rules of the fault proxy written as text, for the command line: `WHAT WHICH FAULT`.
//!
//! WHAT is `*`, `get`, `post`, an API module, or `key=value`; several are joined by commas. WHICH is `all`, `N`, `N-M`
//! or `N-`. FAULT is one of the words of [`FAULTS`], some with a number after a colon.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::rules::{Fault, When};

/// The faults with their words, for a help text.
pub const FAULTS: &str = "  503[:RETRY] 429[:RETRY]     HTTP status, Retry-After in seconds
  maxlag readonly ratelimited badtoken   API error
  html[:STATUS]               an HTML error page (502)
  cut-json                    forwarded; half of the answer
  reset                       connection reset, not forwarded
  silence:SECONDS             no answer so long, then reset
  lose                        forwarded, then reset instead of an answer
  delay:SECONDS               forwarded so much later";

/// Reads one rule such as `edit,title=Sandbox 2-3 lose`.
pub fn parse_rule(text: &str) -> Result<(When, Fault)> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [what, which, fault] = words[..] else {
        bail!(
            "a rule has three words, WHAT WHICH FAULT, such as `edit 1 lose`; this has {}: {text:?}",
            words.len()
        );
    };
    let when = parse_what(what).and_then(|when| parse_which(when, which));
    let when = when.with_context(|| format!("in the rule {text:?}"))?;
    Ok((
        when,
        parse_fault(fault).with_context(|| format!("in the rule {text:?}"))?,
    ))
}

fn parse_what(what: &str) -> Result<When> {
    let mut when = When::any();
    for part in what.split(',') {
        when = match (part, part.split_once('=')) {
            ("*", _) => when,
            ("get", _) => when.get(),
            ("post", _) => when.post(),
            ("", _) => bail!("an empty condition in {what:?}"),
            (_, Some((key, value))) => when.with(key, value),
            (module, None) => {
                let name = module.to_owned();
                when.that(&format!("module {module}"), move |call| call.has_module(&name))
            }
        };
    }
    Ok(when)
}

fn parse_which(when: When, which: &str) -> Result<When> {
    let number = |text: &str| {
        text.parse::<u64>()
            .with_context(|| format!("{which:?} is not all, N, N-M or N-"))
    };
    Ok(match which.split_once('-') {
        _ if which == "all" => when,
        None => when.nth(number(which)?),
        Some((from, "")) => when.from(number(from)?),
        Some((from, to)) => when.between(number(from)?, number(to)?),
    })
}

fn parse_fault(text: &str) -> Result<Fault> {
    let (word, number) = match text.split_once(':') {
        Some((word, number)) => {
            let parsed: u32 = number
                .parse()
                .with_context(|| format!("{number:?} after the colon is no number"))?;
            (word, Some(parsed))
        }
        None => (text, None),
    };
    let seconds = || {
        let seconds = number.with_context(|| format!("{word} needs seconds: {word}:5"))?;
        anyhow::Ok(Duration::from_secs(seconds.into()))
    };
    Ok(match word {
        "503" => Fault::Status(503, number),
        "429" => Fault::Status(429, number),
        "maxlag" => Fault::maxlag(),
        "readonly" => Fault::readonly(),
        "ratelimited" => Fault::ratelimited(),
        "badtoken" => Fault::badtoken(),
        "html" => Fault::HtmlError(
            number
                .map_or(Ok(502), u16::try_from)
                .context("an HTTP status has three digits")?,
        ),
        "cut-json" => Fault::TruncatedJson,
        "reset" => Fault::Reset,
        "silence" => Fault::Silence(seconds()?),
        "lose" => Fault::ForwardAndLose,
        "delay" => Fault::Delay(seconds()?),
        _ => bail!("there is no fault {word:?}; there are:\n{FAULTS}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read() {
        let told = |text: &str| {
            parse_rule(text)
                .map(|(when, fault)| format!("{when}: {}", fault.name()))
                .unwrap()
        };
        assert_eq!(told("edit 1 lose"), "module edit, number 1: forward and lose");
        assert_eq!(
            told("post,title=A 2-3 503:7"),
            "POST title=A, numbers 2 to 3: status 503"
        );
        assert_eq!(told("* 4- maxlag"), "any request, from number 4: error maxlag");
        assert_eq!(told("get all delay:3"), "GET: delay");
    }

    #[test]
    fn a_wrong_rule_says_what_is_wrong() {
        for (rule, says) in [
            ("edit lose", "three words"),
            ("edit x lose", "all, N, N-M or N-"),
            ("edit 1 explode", "no fault"),
            ("edit 1 silence", "needs seconds"),
            ("edit 1 503:soon", "no number"),
            ("edit,, 1 lose", "empty condition"),
        ] {
            let error = format!("{:#}", parse_rule(rule).err().unwrap());
            assert!(error.contains(says), "{rule}: {error}");
        }
    }
}
