//! Lifetime value: what customers will still buy, and what that is worth.

pub mod models;
