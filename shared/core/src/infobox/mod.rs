//! Infoboxes: what their fields say, what an edit changed in them, and what their marks should be.
