//! A page taken apart into the texts that are read each by itself: the page without its templates, every argument,
//! every body of a tag.

use super::super::elements::{Kind, Reader};
use super::super::names::is_comment;
use super::super::scan::{Scan, Template, TooBig};
use super::super::scanner::{Place, Scanner};
use super::super::steps::visit;
use super::own;
use super::templates::{self, LinkTemplate};
use super::token::{self, Token};
use super::{TextLink, titles};
use std::collections::HashSet;
use std::ops::Range;

/// Extension tags whose body is wikitext. All the others hold code, data or formulas.
const WIKITEXT_TAGS: [&str; 11] = [
    "ref",
    "references",
    "poem",
    "indicator",
    "imagemap",
    "poll",
    "tab",
    "tabber",
    "tabs",
    "translate",
    "tvar",
];

/// A text that is read by itself.
#[derive(Default)]
struct Own {
    /// With tokens for what is taken out of it.
    text: String,
    /// What was taken out, in its order.
    inner: Vec<usize>,
    role: Role,
}

/// What a text is for.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Role {
    #[default]
    Text,
    /// The value of a link template.
    Address,
    /// The name of a template: only what is taken out of it counts.
    Name,
}

/// All texts of a page; the first is the page itself.
pub struct Page {
    texts: Vec<Own>,
}

/// What interrupts a text.
enum Region<'s> {
    Opaque,
    Template(&'s Template),
    Place(&'s Place),
}

/// What is left to do with a piece of a source.
struct Work {
    range: Range<usize>,
    text: usize,
}

impl Page {
    /// Takes `text` apart. No text goes into another one twice, however deep they are nested.
    pub fn read(text: &str, tags: &HashSet<String>, templates: &[LinkTemplate]) -> Result<Self, TooBig> {
        let mut page = Self {
            texts: vec![Own::default()],
        };
        // A tag's body is a source of its own. It cannot hold the same tag again, so a byte is scanned at most as
        // often as there are tags with wikitext in them.
        let mut sources = vec![(text, 0)];
        while let Some((source, place)) = sources.pop() {
            let (scan, places) = Scanner::new(source, |name| tags.contains(name)).run_with_places()?;
            let mut splitter = Splitter {
                source,
                tags: Reader::new(source, |name| tags.contains(name)),
                templates,
                page: &mut page,
                sources: &mut sources,
            };
            splitter.split(place, &scan, &places);
        }
        Ok(page)
    }

    fn add(&mut self, outer: usize) -> usize {
        let place = self.texts.len();
        self.texts.push(Own::default());
        self.texts[outer].inner.push(place);
        place
    }

    /// The links of all texts.
    pub fn links(self) -> Vec<TextLink> {
        enum Step {
            Text(usize),
            Link(String),
        }
        let mut found = Vec::new();
        let mut is_seen = vec![false; self.texts.len()];
        let mut steps = vec![Step::Text(0)];
        while let Some(step) = steps.pop() {
            let text = match step {
                Step::Link(url) => {
                    found.push(TextLink {
                        url,
                        from_template: false,
                    });
                    continue;
                }
                Step::Text(text) => text,
            };
            if std::mem::replace(&mut is_seen[text], true) {
                continue;
            }
            let own = &self.texts[text];
            let mut links = match own.role {
                Role::Text | Role::Address => own::links(&own.text),
                Role::Name => own::Links::default(),
            };
            if own.role == Role::Address && links.urls.is_empty() {
                found.extend(templates::address(&own.text).map(|url| TextLink {
                    url,
                    from_template: true,
                }));
            }
            // What was lost on the way (in an attribute, in the label of a link) is a text all the same.
            let lost = own.inner.iter().map(|inner| Token::Text(*inner));
            let order = links.order.drain(..).chain(lost);
            let next: Vec<Step> = order
                .filter_map(|token| match token {
                    Token::Text(inner) => Some(Step::Text(inner)),
                    Token::Link(link) => Some(Step::Link(std::mem::take(&mut links.urls[link]))),
                    Token::Nothing | Token::LineBreak | Token::EndOfLink => None,
                })
                .collect();
            steps.extend(next.into_iter().rev());
        }
        found
    }
}

struct Splitter<'p, 't, F> {
    source: &'t str,
    tags: Reader<'t, F>,
    templates: &'p [LinkTemplate],
    page: &'p mut Page,
    sources: &'p mut Vec<(&'t str, usize)>,
}

impl<F: Fn(&str) -> bool> Splitter<'_, '_, F> {
    /// Fills the text at `place` from the source, and those that are found in it.
    fn split(&mut self, place: usize, scan: &Scan, places: &[Place]) {
        let templates = scan.templates.iter().map(|t| (t.span.clone(), Region::Template(t)));
        let places = places.iter().map(|p| (p.span.clone(), Region::Place(p)));
        let opaque = scan.opaque.iter().map(|span| (span.clone(), Region::Opaque));
        let mut regions: Vec<(Range<usize>, Region)> = templates.chain(places).chain(opaque).collect();
        regions.sort_by_key(|(span, _)| span.start);
        let mut regions = regions.into_iter().peekable();
        let mut work = vec![Work {
            range: 0..self.source.len(),
            text: place,
        }];
        while let Some(Work { range, text }) = work.pop() {
            while regions.next_if(|(span, _)| span.start < range.start).is_some() {}
            let Some((span, region)) = regions.next_if(|(span, _)| span.start < range.end) else {
                self.copy(range, text);
                continue;
            };
            self.copy(range.start..span.start, text);
            work.push(Work {
                range: span.end..range.end,
                text,
            });
            match region {
                Region::Opaque => self.opaque(&span, text),
                Region::Place(place) => work.push(Work {
                    range: place.default.clone(),
                    text,
                }),
                Region::Template(template) => self.template(template, text, &mut work),
            }
        }
    }

    /// U+007F is for tokens; MediaWiki too puts a question mark for it.
    fn copy(&mut self, range: Range<usize>, text: usize) {
        visit(range.len());
        let out = &mut self.page.texts[text].text;
        for (i, piece) in self.source[range].split(token::MARK).enumerate() {
            if i > 0 {
                out.push('?');
            }
            out.push_str(piece);
        }
    }

    fn template(&mut self, template: &Template, text: usize, work: &mut Vec<Work>) {
        let sign = match &self.source[template.name.clone()] {
            name if !template.params.is_empty() || name.len() > 99 => token::NOTHING,
            name => match super::super::trim(name) {
                "!" => "|",
                "=" => "=",
                _ => token::NOTHING,
            },
        };
        self.page.texts[text].text.push_str(sign);
        let address = templates::address_param(self.source, template, self.templates);
        let first = work.len();
        let name = self.page.add(text);
        self.page.texts[name].role = Role::Name;
        work.push(Work {
            range: template.name.clone(),
            text: name,
        });
        for (i, param) in template.params.iter().enumerate() {
            let inner = self.page.add(text);
            if address == Some(i) {
                self.page.texts[inner].role = Role::Address;
            }
            token::push_text(&mut self.page.texts[text].text, inner);
            work.push(Work {
                range: param.value.clone(),
                text: inner,
            });
        }
        work[first..].reverse();
    }

    fn opaque(&mut self, span: &Range<usize>, text: usize) {
        if is_comment(self.source, span) {
            return;
        }
        let piece = self.tags.read(span.start);
        let Kind::Element { name, inner, .. } = piece.kind else {
            return;
        };
        let name = self.source[name].to_ascii_lowercase();
        if name == "includeonly" {
            return;
        }
        let body = &self.source[inner];
        if WIKITEXT_TAGS.contains(&name.as_str()) {
            self.body(body, text);
        } else if name == "gallery" {
            for line in body.split('\n') {
                // Before the bar stands the picture.
                if let Some((_, rest)) = line.split_once('|').filter(|(title, _)| titles::is_valid(title)) {
                    self.body(super::super::trim(rest), text);
                }
            }
        }
        self.page.texts[text].text.push_str(token::NOTHING);
    }
}

impl<'t, F: Fn(&str) -> bool> Splitter<'_, 't, F> {
    fn body(&mut self, body: &'t str, text: usize) {
        if !body.is_empty() {
            let inner = self.page.add(text);
            token::push_text(&mut self.page.texts[text].text, inner);
            self.sources.push((body, inner));
        }
    }
}
