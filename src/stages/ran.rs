//! What a stage leaves besides tables.

/// What a stage leaves besides tables.
pub(super) struct Ran<S, H> {
    /// For the run's summary and the manifest; kept with the release for runs that take the stage's tables over.
    pub(super) summary: S,
    /// For later stages, in memory.
    pub(super) hands_on: H,
    /// What it did, in words.
    pub(super) account: String,
}
