//! Makes a string shorter as long as it still shows what it should.

use crate::Error;

/// The shortest string that leaving out characters of `text` leads to.
/// `first` gives the place of the first candidate that still differs.
pub fn shrink(text: &str, mut first: impl FnMut(&[&str]) -> Result<Option<usize>, Error>) -> Result<String, Error> {
    let mut best: Vec<char> = text.chars().collect();
    let mut size = best.len().div_ceil(2);
    while size > 0 {
        let candidates: Vec<String> = (0..=best.len() - size.min(best.len()))
            .map(|start| best[..start].iter().chain(&best[start + size..]).collect())
            .collect();
        let borrowed: Vec<&str> = candidates.iter().map(String::as_str).collect();
        match first(&borrowed)? {
            Some(i) => {
                best = candidates[i].chars().collect();
                size = size.min(best.len());
            }
            None => size /= 2,
        }
    }
    Ok(best.into_iter().collect())
}
