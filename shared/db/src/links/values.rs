//! Rows of numbers, bytes and times as SQL text, in slices that are not too large for one statement.
//!
//! Text, because one statement of 1,000 rows is then one round trip and nothing stays prepared. Bytes are written in
//! hexadecimal: whatever stands in a name or an address, nothing in it can end the literal.

use chrono::{Datelike, Timelike};
use std::fmt::Write as _;
use wikicrew_core::types::Timestamp;

/// Rows per statement.
const ROWS: usize = 1_000;
/// Bytes per statement: a quarter of the packet that every server takes.
const BYTES: usize = 4 * 1024 * 1024;

/// What follows the word VALUES.
#[derive(Default)]
pub(super) struct Values {
    slices: Vec<String>,
    /// Rows in the last slice.
    rows: usize,
}

impl Values {
    /// Appends a row.
    pub fn row(&mut self, write: impl FnOnce(&mut Cells<'_>)) {
        let full = self.rows >= ROWS || self.slices.last().is_some_and(|slice| slice.len() >= BYTES);
        if self.slices.is_empty() || full {
            self.slices.push(String::new());
            self.rows = 0;
        }
        self.rows += 1;
        let Some(sql) = self.slices.last_mut() else { return };
        sql.push_str(if sql.is_empty() { "(" } else { ",(" });
        write(&mut Cells { sql, first: true });
        sql.push(')');
    }

    /// The slices, in order.
    pub fn slices(&self) -> &[String] {
        &self.slices
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.slices.is_empty()
    }
}

/// The cells of one row.
pub(super) struct Cells<'s> {
    sql: &'s mut String,
    first: bool,
}

impl Cells<'_> {
    /// A number.
    pub fn number(&mut self, number: impl Into<u64>) -> &mut Self {
        self.comma();
        // Writing into a String does not fail.
        let _ = write!(self.sql, "{}", number.into());
        self
    }

    /// A number that may be negative.
    pub fn signed(&mut self, number: i32) -> &mut Self {
        self.comma();
        let _ = write!(self.sql, "{number}");
        self
    }

    /// Bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        self.comma();
        self.sql.reserve(bytes.len() * 2 + 3);
        self.sql.push_str("X'");
        for byte in bytes {
            self.sql.push(char::from(DIGITS[usize::from(byte >> 4)]));
            self.sql.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        self.sql.push('\'');
        self
    }

    /// Bytes or NULL.
    pub fn bytes_opt(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        if let Some(bytes) = bytes {
            return self.bytes(bytes);
        }
        self.comma();
        self.sql.push_str("NULL");
        self
    }

    /// A DATETIME, UTC.
    pub fn time(&mut self, time: Timestamp) -> &mut Self {
        self.comma();
        self.sql.push_str(&literal(time));
        self
    }

    fn comma(&mut self) {
        if !self.first {
            self.sql.push(',');
        }
        self.first = false;
    }
}

/// A DATETIME as it is written in a statement; part seconds are cut, as the server does.
pub(super) fn literal(time: Timestamp) -> String {
    format!(
        "'{:04}-{:02}-{:02} {:02}:{:02}:{:02}'",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

#[cfg(test)]
#[path = "values_tests.rs"]
mod tests;
