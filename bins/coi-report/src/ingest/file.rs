//! An events file, read twice: first to see which revisions it tells of more than once, then one revision at a time.
//!
//! An edit and what the event stream said about it are two lines, which may be far apart; the same event may come twice.
//! All lines of a revision are handed out together, so the result does not depend on their order.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::{Context as _, ensure};
use shared::core::addition::{LinksChange, Record, RecordedEdit, RevisionFacts, Why, read_line};
use shared::wiki::Stop;

use super::about::WikiAbout;

/// Longest line: a page has at most 2 MB, an edit two texts, and JSON may need six bytes for one.
const MAX_LINE: u64 = 32 * 1024 * 1024;

/// What the file says of one revision.
#[derive(Default)]
pub struct Told {
    /// The edit with its texts.
    pub edit: Option<RecordedEdit>,
    /// What the event stream said; the earliest where it said several things, since later ones are about templates.
    pub stream: Option<LinksChange>,
}

/// A line that cannot be read.
pub struct Bad {
    /// Its number, from 1.
    pub line: u64,
    /// What is wrong.
    pub why: String,
}

/// What comes next.
pub enum Next {
    /// All that the file says of one revision.
    Told(Box<Told>),
    /// An event that tells nothing of links.
    Other(Why),
    /// A line that cannot be read; told once.
    Bad(Bad),
    /// The run was asked to stop: there is nothing more.
    Stopped,
}

/// An events file.
pub struct Events {
    lines: Lines<File>,
    /// For reading a line again.
    again: File,
    /// Lines of each revision that has several.
    repeated: HashMap<u64, usize>,
    /// Where those stand that were passed already.
    held: HashMap<u64, Vec<u64>>,
    /// Revisions that were complete with the last line.
    ready: Vec<Told>,
    /// What the file says of each wiki.
    pub wikis: BTreeMap<String, WikiAbout>,
    stop: Stop,
}

impl Events {
    /// Opens the file and looks through it; `wanted` says which wikis matter. Errs when it cannot be read, or read twice.
    pub async fn open(path: &Path, wanted: impl Fn(&str) -> bool, stop: &Stop) -> anyhow::Result<Events> {
        let what = || format!("reading {}", path.display());
        let is_file = std::fs::metadata(path).with_context(what)?.is_file();
        // A pipe would be empty the second time, and nobody would know.
        ensure!(is_file, "{}: it is no file, and it has to be read twice", what());
        let mut lines = Lines::new(File::open(path).with_context(what)?);
        let mut wikis = BTreeMap::new();
        let mut keys: Vec<u64> = Vec::new();
        while let Some(line) = lines.next().with_context(what)? {
            if is_stopped(stop).await {
                break;
            }
            let Ok(text) = line.text else { continue };
            if let Some(about) = WikiAbout::read(text).ok().flatten() {
                match wikis.entry(about.wiki.clone()) {
                    Entry::Vacant(place) => drop(place.insert(about)),
                    Entry::Occupied(mut known) => known.get_mut().join(about),
                }
            } else if let Ok(Some(record)) = read_line(text.as_bytes())
                && let Some(facts) = facts(&record)
                && wanted(&facts.wiki)
            {
                keys.push(hash(facts));
            }
        }
        keys.sort_unstable();
        let mut repeated = HashMap::new();
        for same in keys.chunk_by(|a, b| a == b).filter(|same| same.len() > 1) {
            repeated.insert(same[0], same.len());
        }
        Ok(Events {
            lines: Lines::new(File::open(path).with_context(what)?),
            again: File::open(path).with_context(what)?,
            repeated,
            held: HashMap::new(),
            ready: Vec::new(),
            wikis,
            stop: stop.clone(),
        })
    }

    /// The next revision or bad line; `None` at the end. Errs when the file cannot be read.
    pub async fn next(&mut self, wanted: impl Fn(&str) -> bool) -> anyhow::Result<Option<Next>> {
        loop {
            if is_stopped(&self.stop).await {
                return Ok(Some(Next::Stopped));
            }
            if let Some(told) = self.ready.pop() {
                return Ok(Some(Next::Told(Box::new(told))));
            }
            let Some(line) = self.lines.next().context("reading the events")? else {
                // Lines that were there the first time are missing: the file was changed meanwhile.
                let Some(key) = self.held.keys().next().copied() else {
                    return Ok(None);
                };
                let offsets = self.held.remove(&key).unwrap_or_default();
                self.ready = self.together(&offsets)?;
                continue;
            };
            let bad = |why: String| Ok(Some(Next::Bad(Bad { line: line.number, why })));
            let text = match line.text {
                Ok(text) => text,
                Err(why) => return bad(why),
            };
            match WikiAbout::read(text) {
                Ok(Some(_)) => continue,
                Ok(None) => {}
                Err(why) => return bad(why),
            }
            let record = match read_line(text.as_bytes()) {
                Ok(Some(record)) => record,
                Ok(None) => continue,
                Err(why) => return bad(why.to_string()),
            };
            let Some(facts) = facts(&record) else {
                if let Record::Other(why) = record {
                    return Ok(Some(Next::Other(why)));
                }
                continue;
            };
            if !wanted(&facts.wiki) {
                continue;
            }
            let key = hash(facts);
            let Some(&count) = self.repeated.get(&key) else {
                return Ok(Some(Next::Told(Box::new(Told::of([record])))));
            };
            let held = self.held.entry(key).or_default();
            held.push(line.offset);
            if held.len() == count {
                let offsets = self.held.remove(&key).unwrap_or_default();
                self.ready = self.together(&offsets)?;
            }
        }
    }

    /// The revisions of which these lines tell: one, but for two whose keys have the same hash.
    fn together(&mut self, offsets: &[u64]) -> anyhow::Result<Vec<Told>> {
        let mut revisions: BTreeMap<(String, u64), Vec<Record>> = BTreeMap::new();
        for &offset in offsets {
            self.again
                .seek(SeekFrom::Start(offset))
                .context("reading the events again")?;
            let mut lines = Lines::new(&self.again);
            let line = lines.next().context("reading the events again")?;
            if let Some(Ok(text)) = line.map(|line| line.text)
                && let Ok(Some(record)) = read_line(text.as_bytes())
            {
                let key = facts(&record).map(|facts| (facts.wiki.clone(), facts.rev.0));
                revisions.entry(key.unwrap_or_default()).or_default().push(record);
            }
        }
        Ok(revisions.into_values().map(Told::of).collect())
    }
}

/// Whether the run was asked to stop. Reading a file waits for nothing, so without this turn for others nobody would
/// hear of a signal before the end of the file.
async fn is_stopped(stop: &Stop) -> bool {
    tokio::task::yield_now().await;
    stop.is_stopped()
}

impl Told {
    /// The same whatever the order of the records.
    fn of(records: impl IntoIterator<Item = Record>) -> Told {
        let mut told = Told::default();
        for record in records {
            match record {
                Record::Edit(edit) => {
                    if told.edit.as_ref().is_none_or(|known| rank(&edit) < rank(known)) {
                        told.edit = Some(*edit);
                    }
                }
                Record::Links(change) => {
                    if told
                        .stream
                        .as_ref()
                        .is_none_or(|known| stream_rank(&change) < stream_rank(known))
                    {
                        told.stream = Some(*change);
                    }
                }
                Record::Other(_) => {}
            }
        }
        told
    }
}

/// Of two records of one edit the one with more in it comes first.
fn rank(edit: &RecordedEdit) -> impl Ord + use<> {
    (edit.text.is_none(), edit.parent_text.is_none(), format!("{edit:?}"))
}

/// The first with a performer: what comes later under the same revision is about the templates on the page.
fn stream_rank(change: &LinksChange) -> impl Ord + use<> {
    (change.of.performer.is_none(), change.of.ts, format!("{change:?}"))
}

fn facts(record: &Record) -> Option<&RevisionFacts> {
    match record {
        Record::Edit(edit) => Some(&edit.of),
        Record::Links(change) => Some(&change.of),
        Record::Other(_) => None,
    }
}

fn hash(facts: &RevisionFacts) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&facts.wiki, facts.rev.0).hash(&mut hasher);
    hasher.finish()
}

/// The lines of a file, each bounded.
struct Lines<R> {
    input: BufReader<R>,
    buffer: Vec<u8>,
    offset: u64,
    number: u64,
}

/// A line without its end.
struct Line<'l> {
    number: u64,
    offset: u64,
    text: Result<&'l str, String>,
}

impl<R: Read> Lines<R> {
    fn new(input: R) -> Lines<R> {
        Lines {
            input: BufReader::with_capacity(1 << 18, input),
            buffer: Vec::new(),
            offset: 0,
            number: 0,
        }
    }

    fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.buffer.clear();
        let offset = self.offset;
        let read = (&mut self.input).take(MAX_LINE).read_until(b'\n', &mut self.buffer)? as u64;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        self.offset += read;
        let mut text = Ok(());
        if self.buffer.last() == Some(&b'\n') {
            self.buffer.pop();
        } else if read == MAX_LINE {
            text = Err(format!("the line is longer than {MAX_LINE} bytes"));
            self.offset += self.skip_line()?;
        }
        Ok(Some(Line {
            number: self.number,
            offset,
            text: text.and_then(|()| {
                std::str::from_utf8(&self.buffer).map_err(|error| format!("this is not UTF-8: {error}"))
            }),
        }))
    }

    /// Reads past the end of the line; bytes.
    fn skip_line(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            let some = self.input.fill_buf()?;
            let (n, is_end) = match some.iter().position(|&byte| byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (some.len(), some.is_empty()),
            };
            self.input.consume(n);
            skipped += n as u64;
            if is_end {
                return Ok(skipped);
            }
        }
    }
}
