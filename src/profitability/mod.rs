//! Waterfall
