mod steps;
mod trust;
