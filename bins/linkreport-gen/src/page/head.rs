//! What begins a page: what it is, that it is no verdict, how to be taken off it, where people's part of a copy is.

use shared::core::text::{Wikitext, code, literal, page_link, plain};
use shared::messages::Messages;

use super::pen::{Pen, link};
use crate::page::{Around, CopyOf, Form};
use crate::words::MESSAGES;

/// Begins the box. Its colours are the skin's own but for a grey that can be seen on light and dark.
const BOX: &str = "<div role=\"note\" style=\"border:1px solid #a2a9b1; padding:.5em 1em; margin-bottom:1em;\">\n";

/// The first part.
pub fn head(pen: &Pen<'_>) -> Wikitext {
    let kind = pen.model.subject.kind();
    let status = status_page(pen.around);
    let what = match kind.is_editor() {
        true => "report-intro-editor",
        false => "report-intro-link",
    };
    let mut text = literal("__NOINDEX__");
    text.push_literal(BOX)
        .push(&pen.say(what, &[("subject", &pen.subject())]));
    text.push_literal(" ")
        .push(&pen.say("report-intro", &[("status", &status)]));
    if pen.form == Form::Reduced {
        let command = code(&format!("linkreport-gen {} …", kind.word()), 80);
        text.push_literal("\n\n")
            .push(&pen.say("report-reduced", &[("command", &command)]));
    }
    if let Some(of) = &pen.around.copy_of {
        text.push_literal("\n\n").push(&copied(pen, of));
    }
    text.push_literal("\n</div>\n");
    text
}

fn status_page(around: &Around<'_>) -> Wikitext {
    match around.site.title(&around.status_page) {
        Ok(title) => page_link(around.site, &title, None),
        Err(_) => plain(&around.status_page, 255),
    }
}

/// The whole of a page about which nothing may be shown any more.
pub fn empty(around: &Around<'_>) -> Wikitext {
    let messages = Messages::new(Some(around.common), MESSAGES);
    let status = status_page(around);
    let mut text = literal("__NOINDEX__");
    text.push_literal(BOX)
        .push(&messages.say("report-empty", &[("status", &status)]));
    text.push_literal("\n</div>\n");
    text
}

fn copied(pen: &Pen<'_>, of: &CopyOf) -> Wikitext {
    let status = pen.words(&format!("status-{}", of.status.word()));
    if !pen.is_full() {
        return pen.say("copy-of-home", &[("state", &status)]);
    }
    let label = plain(&of.title, 255);
    let page = match of.can_link {
        true => link(of.prefix.as_deref(), &of.title, &label),
        false => label,
    };
    pen.say("copy-of", &[("page", &page), ("state", &status)])
}
