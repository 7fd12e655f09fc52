//! linkreport-gen and its neighbours.
