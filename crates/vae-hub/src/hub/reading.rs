//! What a caller says about a table.

/// How to read designs out of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The column of designs; needed if a table has several that could be.
    pub column: Option<String>,
    /// Whether pictures show material in black: densities are then 1 − grey.
    pub inverted: bool,
    /// The terms of use, if they are known.
    pub license: Option<String>,
    /// The command that makes the set again, for `dataset.json`.
    pub command: Option<String>,
}
