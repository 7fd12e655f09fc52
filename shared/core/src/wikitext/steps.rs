//! Counts, in test builds only, how often the scanner looks at a byte.
//!
//! Tests hold it against the length of hostile texts: time cannot be
//! measured so exactly. In every other build nothing is left of it.

#[cfg(test)]
thread_local! {
    static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Notes that `bytes` bytes are looked at.
#[cfg(test)]
pub(super) fn visit(bytes: usize) {
    STEPS.with(|steps| steps.set(steps.get() + bytes));
}

/// Notes nothing.
#[cfg(not(test))]
#[inline(always)]
pub(super) fn visit(_bytes: usize) {}

/// How many bytes `work` looks at.
#[cfg(test)]
pub(super) fn count(work: impl FnOnce()) -> usize {
    STEPS.with(|steps| steps.set(0));
    work();
    STEPS.with(std::cell::Cell::get)
}
