//! Templates whose argument is an address even without a protocol, as `{{URL|example.com}}`.

use super::super::names::{TemplateNames, trim};
use super::super::scan::{Param, Template};
use super::super::steps::visit;
use super::token::MARK;
use std::net::Ipv4Addr;

/// Longest name of a template or parameter that is looked at, in bytes with comments.
const MAX_NAME_BYTES: usize = 600;

/// A template that makes a link of its argument.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LinkTemplate {
    names: TemplateNames,
    param: String,
}

impl LinkTemplate {
    /// `names`: the template and its redirects. `param`: the argument that is the address, a number or a name.
    pub fn new(names: TemplateNames, param: &str) -> Self {
        Self {
            names,
            param: trim(param).to_owned(),
        }
    }

    /// The template's names.
    pub fn names(&self) -> &TemplateNames {
        &self.names
    }

    /// The argument's number or name.
    pub fn param(&self) -> &str {
        &self.param
    }

    fn is_param(&self, source: &str, param: &Param) -> bool {
        match (&param.name, param.index) {
            (Some(name), _) if name.len() <= MAX_NAME_BYTES => trim(&source[name.clone()]) == self.param,
            (None, Some(index)) => index.to_string() == self.param,
            _ => false,
        }
    }
}

/// Place of the argument that one of `templates` takes for an address; as in MediaWiki the last one of its name.
pub fn address_param(source: &str, template: &Template, templates: &[LinkTemplate]) -> Option<usize> {
    if template.name.len() > MAX_NAME_BYTES {
        return None;
    }
    let name = &source[template.name.clone()];
    visit(templates.len() * name.len());
    let known = templates.iter().find(|known| known.names.is(name))?;
    template.params.iter().rposition(|param| known.is_param(source, param))
}

/// The link that a link template makes of a value without protocol; `None` unless the value begins with a host.
pub fn address(value: &str) -> Option<String> {
    visit(value.len());
    let value = trim(value);
    let value = value.strip_prefix("//").unwrap_or(value);
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || c == MARK || "[]{}<>|\"".contains(c);
    if value.contains(is_bad) || value.contains("''") {
        return None;
    }
    let end = value.find(['/', '?', '#']).unwrap_or(value.len());
    is_host(&value[..end]).then(|| super::clean::stored(&format!("http://{value}")))
}

fn is_host(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        Some(_) => return false,
        None => authority,
    };
    if host.parse::<Ipv4Addr>().is_ok() {
        return true;
    }
    let labels = host.strip_suffix('.').unwrap_or(host);
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .chars()
                .all(|c| c.is_alphanumeric() || !c.is_ascii() || matches!(c, '-' | '_'))
    };
    // The last one is a word: `1.5` and `p. 3` are no hosts.
    let last = labels.rsplit_once('.').map(|(_, last)| last);
    labels.split('.').all(is_label)
        && last.is_some_and(|last| last.chars().count() >= 2 && last.starts_with(|c: char| !c.is_ascii_digit()))
}
