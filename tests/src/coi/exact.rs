//! Names that no other test has and that scores take for shorter ones: the world's prefix would be a part of every name
//! and title and overlap itself. So it is written with characters that scores leave out.

use super::Coi;

/// Characters that scores do not look at, and that names and titles may have.
const LEFT_OUT: [char; 4] = ['.', '*', '(', ')'];

impl Coi {
    /// A name or title that scores as this one does: `Zxv.*(.*).`.
    pub fn exact(&self, name: &str) -> String {
        format!("{name}{}", self.mark())
    }

    /// The world's prefix in characters that scores leave out.
    pub(super) fn mark(&self) -> String {
        let mut number = 0;
        for letter in self.world.prefix.bytes() {
            number = number * 26 + u32::from(letter.to_ascii_lowercase() - b'a');
        }
        let mut mark = String::new();
        // 26^6 is less than 4^15.
        for _ in 0..15 {
            mark.push(LEFT_OUT[number as usize % LEFT_OUT.len()]);
            number /= 4;
        }
        mark
    }
}
