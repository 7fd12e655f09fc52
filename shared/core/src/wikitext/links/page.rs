//! A page taken apart into the texts that are read each by itself: the page without its templates, every argument,
//! every body of a tag.

use super::super::elements::{Kind, Reader};
use super::super::names::is_comment;
use super::super::scan::{MAX_TEMPLATES, Scan, Template, TooBig};
use super::super::scanner::{Place, Scanner};
use super::super::steps::visit;
use super::own;
use super::templates::{self, LinkTemplate};
use super::token::{self, Token};
use super::{TextLink, titles};
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
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
    /// With tokens for what is taken out of it, by its place in `inner`: so it is the same wherever it stands.
    text: String,
    /// What was taken out, in its order.
    inner: Vec<usize>,
    role: Role,
}

/// What a text is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
enum Role {
    #[default]
    Text,
    /// The value of a link template.
    Address,
    /// The name of a template: only what is taken out of it counts.
    Name,
}

/// By what a page is read.
#[derive(Clone, Copy)]
pub struct Reading<'r> {
    /// The wiki's extension tags.
    pub tags: &'r HashSet<String>,
    /// Templates that make links.
    pub templates: &'r [LinkTemplate],
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
    pub fn read(text: &str, reading: Reading<'_>) -> Result<Self, TooBig> {
        let mut page = Self {
            texts: vec![Own::default()],
        };
        // A tag's body is a source of its own. It cannot hold the same tag again, so a byte is scanned at most as
        // often as there are tags with wikitext in them.
        let mut sources = vec![(text, 0)];
        while let Some((source, place)) = sources.pop() {
            page.take_apart(source, place, reading, &mut sources)?;
        }
        Ok(page)
    }

    /// Takes one source apart, into the text at `place` and new ones. The bodies of its tags go behind `sources`.
    fn take_apart<'t>(
        &mut self,
        source: &'t str,
        place: usize,
        reading: Reading<'_>,
        sources: &mut Vec<(&'t str, usize)>,
    ) -> Result<(), TooBig> {
        let is_tag = |name: &str| reading.tags.contains(name);
        let (scan, places) = Scanner::new(source, is_tag).run_with_places()?;
        let mut splitter = Splitter {
            source,
            tags: Reader::new(source, is_tag),
            templates: reading.templates,
            page: self,
            sources,
        };
        splitter.split(place, &scan, &places);
        Ok(())
    }

    /// The links of the texts that one of two pages has and the other has not, or not as often, in no order.
    ///
    /// What a text's links are depends on nothing but the text, and each text counts once. So neither the bodies of
    /// tags that stand in both pages are scanned, nor the texts read that both are made of.
    pub fn differing(pages: [&str; 2], reading: Reading<'_>) -> Result<[Vec<TextLink>; 2], TooBig> {
        let mut all = [Self { texts: Vec::new() }, Self { texts: Vec::new() }];
        let mut sources = pages.map(|text| vec![text]);
        while sources.iter().any(|some| !some.is_empty()) {
            let mut bodies = [Vec::new(), Vec::new()];
            for ((page, sources), bodies) in all.iter_mut().zip(&sources).zip(&mut bodies) {
                for source in sources {
                    let place = page.texts.len();
                    page.texts.push(Own::default());
                    page.take_apart(source, place, reading, bodies)?;
                }
            }
            let bodies = bodies.map(|some| some.into_iter().map(|(body, _)| body).collect());
            // A body that might be refused is always scanned.
            sources = without_common(bodies, |body: &&str| body.len() < 4 * MAX_TEMPLATES);
        }
        let texts = all.each_ref().map(|page| {
            let texts = page
                .texts
                .iter()
                .filter(|own| own.role != Role::Name && !own.text.is_empty());
            texts.map(|own| (own.role, own.text.as_str())).collect()
        });
        Ok(without_common(texts, |_| true).map(|texts| {
            let mut found = Vec::new();
            for (role, text) in texts {
                let mut links = own_links(role, text, &mut found);
                for link in links.order.into_iter().filter_map(Token::link) {
                    found.push(TextLink {
                        url: std::mem::take(&mut links.urls[link]),
                        from_template: false,
                    });
                }
            }
            found
        }))
    }

    fn add(&mut self, outer: usize) -> usize {
        let place = self.texts.len();
        self.texts.push(Own::default());
        self.texts[outer].inner.push(place);
        place
    }

    /// The token for what was taken out of a text last.
    fn push_token(&mut self, outer: usize) {
        let own = &mut self.texts[outer];
        token::push_text(&mut own.text, own.inner.len() - 1);
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
            let mut links = own_links(own.role, &own.text, &mut found);
            // What was lost on the way (in an attribute, in the label of a link) is a text all the same.
            let lost = (0..own.inner.len()).map(Token::Text);
            let order = links.order.drain(..).chain(lost);
            let next: Vec<Step> = order
                .filter_map(|token| match token {
                    Token::Text(inner) => own.inner.get(inner).copied().map(Step::Text),
                    Token::Link(link) => Some(Step::Link(std::mem::take(&mut links.urls[link]))),
                    Token::Nothing | Token::LineBreak | Token::EndOfLink => None,
                })
                .collect();
            steps.extend(next.into_iter().rev());
        }
        found
    }
}

/// The links of a text by its role; what a link template makes of a value goes behind `found`.
fn own_links(role: Role, text: &str, found: &mut Vec<TextLink>) -> own::Links {
    let links = match role {
        Role::Text | Role::Address => own::links(text),
        Role::Name => own::Links::default(),
    };
    if role == Role::Address && links.urls.is_empty() {
        found.extend(templates::address(text).map(|url| TextLink {
            url,
            from_template: true,
        }));
    }
    links
}

/// Takes out of two lists what both have, as often as both have it, where `may_go` lets it.
fn without_common<T: Copy + Eq + Hash>(lists: [Vec<T>; 2], may_go: impl Fn(&T) -> bool) -> [Vec<T>; 2] {
    let [new, old] = lists;
    let mut counts: HashMap<T, usize> = HashMap::with_capacity(old.len());
    for one in old.iter().filter(|one| may_go(one)) {
        *counts.entry(*one).or_default() += 1;
    }
    let mut is_common = |one: &T| match counts.get_mut(one) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    };
    let new = new.into_iter().filter(|one| !is_common(one)).collect();
    // What is left of the counts is what the first list has not.
    let mut is_left = |one: &T| match counts.get_mut(one) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        Some(_) => false,
        None => true,
    };
    let old = old.into_iter().filter(|one| is_left(one)).collect();
    [new, old]
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
            self.page.push_token(text);
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
            self.page.push_token(text);
            self.sources.push((body, inner));
        }
    }
}
