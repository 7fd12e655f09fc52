//! The pass over single brackets with an address in them.
//! <https://www.mediawiki.org/wiki/Help:Links#External_links>

use super::super::steps::visit;
use super::token::{self, END_OF_LINK};
use super::{address, clean};
use memchr::memchr;
use std::borrow::Cow;

/// The text with tokens for links in brackets, each around its label; the addresses are put behind `urls`.
pub fn external_links<'t>(text: &'t str, urls: &mut Vec<String>) -> Cow<'t, str> {
    visit(text.len());
    if memchr(b'[', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut ends = Ends { text, next: 0 };
    let mut copied = 0;
    let mut at = 0;
    while let Some(open) = memchr(b'[', &text.as_bytes()[at..]).map(|i| at + i) {
        at = open + 1;
        let Some(protocol) = address::prefix(&text[at..]) else {
            continue;
        };
        let Some(length) = address::length(&text[at + protocol..]) else {
            continue;
        };
        let whole = at + protocol + length;
        let Some(close) = ends.closing(whole) else {
            continue;
        };
        out.push_str(&text[copied..open]);
        let url = &text[at..whole];
        // What the pass over tags has made of angle brackets ends it too.
        let end = ["&lt;", "&gt;"]
            .iter()
            .filter_map(|reference| url.find(reference))
            .min();
        let url = &url[..end.unwrap_or(url.len())];
        token::push_link(&mut out, urls.len());
        urls.push(clean::stored(url));
        let label = text[whole..close].trim_start_matches(address::is_blank);
        // A link without a label is shown as a number.
        out.push_str(if label.is_empty() { "[1]" } else { label });
        out.push_str(END_OF_LINK);
        copied = close + 1;
        at = copied;
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Looks for the bracket that closes a link, each place of the text once.
struct Ends<'t> {
    text: &'t str,
    /// Up to here there is none of what ends a label behind the last place asked for.
    next: usize,
}

impl Ends<'_> {
    /// The first `]` from `from` on, if the label up to it is in one line and without control characters.
    fn closing(&mut self, from: usize) -> Option<usize> {
        if self.next < from {
            let rest = &self.text[from..];
            let end = rest.find(ends_label).unwrap_or(rest.len());
            visit(end + 1);
            self.next = from + end;
        }
        self.text[self.next..].starts_with(']').then_some(self.next)
    }
}

fn ends_label(c: char) -> bool {
    matches!(c, ']' | '\0'..='\u{8}' | '\n'..='\u{1F}' | '\u{FFFD}')
}
