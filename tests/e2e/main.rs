//! All end-to-end tests: one binary, because each further one would link everything again.
//! They need the sandbox (`scripts/sandbox up`) and the built jobs (`cargo build --workspace --bins`).

mod harness;
