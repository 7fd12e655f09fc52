//! What `scripts/bench` runs. Arguments: the bench, the Python of the venv, a script with the Python peers, a folder
//! for what they read, and the number of rounds.

mod overlap;
mod pairs;
mod texts;
mod wikitext;

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [bench, python, script, folder, rounds] = args.as_slice() else {
        return Err("usage: wikicrew-bench BENCH PYTHON SCRIPT FOLDER ROUNDS".into());
    };
    let (folder, rounds) = (Path::new(folder), rounds.parse()?);
    match bench.as_str() {
        "wikitext" => wikitext::run(python, script, folder, rounds),
        "overlap" => overlap::run(python, script, folder, rounds),
        other => Err(format!("no bench {other:?}").into()),
    }
}
