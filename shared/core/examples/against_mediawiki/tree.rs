//! Reads the tree that MediaWiki's preprocessor prints as XML.
//!
//! The XML has no positions: the source is written back while walking through
//! it, and what is written must be the text. Braces, bars and the brackets of
//! tags are implied by the nodes.

use std::ops::Range;
use wikicrew_core::wikitext::Scan;

/// A parameter: span, name, number, value.
type Param = (Range<usize>, Option<Range<usize>>, Option<u32>, Range<usize>);

/// What the scanner should find.
#[derive(PartialEq, Eq, Debug, Default)]
pub struct Tree {
    pub templates: Vec<Template>,
    pub opaque: Vec<Range<usize>>,
}

#[derive(PartialEq, Eq, Debug, Default)]
pub struct Template {
    pub span: Range<usize>,
    pub name: Range<usize>,
    pub params: Vec<Param>,
    pub parent: Option<usize>,
}

/// What the scanner found, in the same form.
pub fn of(scan: &Scan) -> Tree {
    let template = |template: &wikicrew_core::wikitext::Template| Template {
        span: template.span.clone(),
        name: template.name.clone(),
        params: template
            .params
            .iter()
            .map(|param| (param.span.clone(), param.name.clone(), param.index, param.value.clone()))
            .collect(),
        parent: template.parent,
    };
    Tree {
        templates: scan.templates.iter().map(template).collect(),
        opaque: scan.opaque.clone(),
    }
}

/// The tree of `xml` with the positions it has in `text`.
pub fn read(xml: &str, text: &str) -> Result<Tree, String> {
    let mut walk = Walk {
        text,
        at: 0,
        tree: Tree::default(),
        open: Vec::new(),
    };
    let mut rest = xml;
    while let Some(open) = rest.find('<') {
        walk.write(&unescaped(&rest[..open]))?;
        let end = rest[open..].find('>').ok_or("a node without an end")? + open;
        let node = &rest[open + 1..end];
        rest = &rest[end + 1..];
        match (node.strip_prefix('/'), node.strip_suffix('/')) {
            (Some(name), _) => walk.close(name)?,
            (_, Some(node)) => {
                let (name, attributes) = node.split_once(' ').unwrap_or((node, ""));
                walk.open(name, attributes)?;
                walk.close(name)?;
            }
            _ => {
                let (name, attributes) = node.split_once(' ').unwrap_or((node, ""));
                walk.open(name, attributes)?;
            }
        }
    }
    if walk.at != text.len() || !walk.open.is_empty() {
        return Err(format!("the tree ends at byte {} of {}", walk.at, text.len()));
    }
    Ok(walk.tree)
}

/// A node that is open, with what is known of it.
#[derive(Default)]
struct Node {
    name: String,
    start: usize,
    /// For a template: its place in the tree.
    template: Option<usize>,
    /// For a parameter: name, number, value.
    part: (Option<Range<usize>>, Option<u32>, Range<usize>),
    /// For a tag: whether it holds anything.
    has_inner: bool,
}

struct Walk<'t> {
    text: &'t str,
    at: usize,
    tree: Tree,
    open: Vec<Node>,
}

impl Walk<'_> {
    fn write(&mut self, source: &str) -> Result<(), String> {
        if !self.text[self.at..].starts_with(source) {
            return Err(format!("{source:?} is not the text at byte {}", self.at));
        }
        self.at += source.len();
        Ok(())
    }

    fn open(&mut self, name: &str, attributes: &str) -> Result<(), String> {
        let mut node = Node {
            name: name.to_owned(),
            start: self.at,
            ..Node::default()
        };
        match name {
            "template" => {
                let parent = self.open.iter().rev().find_map(|node| node.template);
                node.template = Some(self.tree.templates.len());
                self.tree.templates.push(Template {
                    parent,
                    ..Template::default()
                });
                self.write("{{")?;
            }
            "tplarg" => self.write("{{{")?,
            "part" => {
                self.write("|")?;
                node.start = self.at;
            }
            "ext" => self.write("<")?,
            "inner" => {
                self.write(">")?;
                self.outer()?.has_inner = true;
            }
            "name" => {
                let index = attributes
                    .strip_prefix("index=\"")
                    .and_then(|i| i.strip_suffix('"')?.parse().ok());
                self.outer()?.part.1 = index;
            }
            "root" | "title" | "equals" | "value" | "attr" | "close" | "comment" | "ignore" | "h" | "possible-h" => {}
            other => return Err(format!("a node <{other}>")),
        }
        self.open.push(node);
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), String> {
        let node = self.open.pop().filter(|node| node.name == name);
        let node = node.ok_or_else(|| format!("</{name}> closes nothing"))?;
        let span = node.start..self.at;
        match name {
            "template" => {
                self.write("}}")?;
                let template = node.template.and_then(|i| self.tree.templates.get_mut(i));
                template.ok_or("a template is lost")?.span = node.start..self.at;
            }
            "tplarg" => self.write("}}}")?,
            "title" => {
                if let Some(i) = self.outer()?.template {
                    self.tree.templates[i].name = span;
                }
            }
            "name" => {
                let part = &mut self.outer()?.part;
                if part.1.is_none() {
                    part.0 = Some(span);
                }
            }
            "value" => self.outer()?.part.2 = span,
            "part" => {
                let (name, index, value) = node.part;
                if let Some(i) = self.outer()?.template {
                    self.tree.templates[i].params.push((span, name, index, value));
                }
            }
            "ext" => {
                if !node.has_inner {
                    self.write("/>")?;
                }
                self.tree.opaque.push(node.start..self.at);
            }
            "comment" | "ignore" => self.tree.opaque.push(span),
            _ => {}
        }
        Ok(())
    }

    fn outer(&mut self) -> Result<&mut Node, String> {
        self.open.last_mut().ok_or_else(|| "a node stands alone".to_owned())
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}
