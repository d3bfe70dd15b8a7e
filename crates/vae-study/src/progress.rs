//! How far a long piece of work has come.

/// Units done of a known total, such as draws or candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Units done so far.
    pub done: u64,
    /// Units in all.
    pub total: u64,
}
