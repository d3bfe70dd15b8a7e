//! What a set is called and where it comes from.

/// What a set is called and where it comes from.
pub(super) struct Origin {
    /// The source, such as `hub:ylecun/mnist`.
    pub(super) source: String,
    pub(super) url: String,
    pub(super) license: Option<String>,
}
