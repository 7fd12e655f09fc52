//! What begins a page: what it is, that it is no verdict, how to be taken off it, where people's part of a copy is.

use shared::core::text::{Wikitext, code, literal, page_link, plain};

use super::pen::{Pen, link};
use crate::page::{CopyOf, Form};

/// Begins the box. Its colours are the skin's own but for a grey that can be seen on light and dark.
const BOX: &str = "<div role=\"note\" style=\"border:1px solid #a2a9b1; padding:.5em 1em; margin-bottom:1em;\">\n";

/// The first part.
pub fn head(pen: &Pen<'_>) -> Wikitext {
    let kind = pen.model.subject.kind();
    let status = match pen.around.site.title(&pen.around.status_page) {
        Ok(title) => page_link(pen.around.site, &title, None),
        Err(_) => plain(&pen.around.status_page, 255),
    };
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
