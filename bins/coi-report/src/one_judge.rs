//! The judge of a run, held by all of its readers: the lists and the patterns of all wikis stand in memory once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use shared::core::hit::{Edit, Judge, Judged, ListEntry, NotChecked, Outside, WatchedDomain};
use shared::core::site::Site;
use shared::core::types::Timestamp;

/// A [`Judge`]. Clones are the same one.
#[derive(Clone)]
pub struct OneJudge(Arc<Mutex<Judge>>);

impl OneJudge {
    /// For the readers of a run.
    pub fn new(judge: Judge) -> OneJudge {
        OneJudge(Arc::new(Mutex::new(judge)))
    }

    fn get(&self) -> MutexGuard<'_, Judge> {
        // It is asked and told as a whole: whoever failed left nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// [`Judge::judge`].
    pub fn judge(&self, edit: &Edit<'_>, outside: &Outside<'_>, site: &Site) -> Judged {
        self.get().judge(edit, outside, site)
    }

    /// [`Judge::explain`].
    pub fn explain(&self, edit: &Edit<'_>, outside: &Outside<'_>, site: &Site) -> Judged {
        self.get().explain(edit, outside, site)
    }

    /// [`Judge::set_lists`].
    pub fn set_lists(&self, entries: Vec<ListEntry>, now: Timestamp) -> Vec<NotChecked> {
        self.get().set_lists(entries, now)
    }

    /// [`Judge::block`].
    pub fn block(&self, wiki: &str, domains: Vec<WatchedDomain>) {
        self.get().block(wiki, domains);
    }
}
