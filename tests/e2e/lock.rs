//! Being written (dev_faults).
