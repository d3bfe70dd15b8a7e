//! What a caller can do about an error or a guess, without saying how settings are given.

use std::fmt;

/// What helps. The caller knows how its settings are given (a flag, an entry of a file), so a
/// library names the setting and leaves the words to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Give a setting another value: `setting` is its key in the configuration, `value` is the
    /// value or a placeholder in capitals, and `effect` continues the sentence, such as
    /// `keeps the frame`.
    Set {
        /// Key of the setting, such as `crop` or `learning_rate`.
        setting: &'static str,
        /// The value, or a placeholder such as `VOID:SOLID`; empty for a switch.
        value: String,
        /// What that does, as the end of a sentence.
        effect: String,
    },
    /// Something else that helps, as an imperative sentence without a full stop.
    Advice(String),
}

impl Remedy {
    /// A setting that helps.
    pub fn set(setting: &'static str, value: impl Into<String>, effect: impl Into<String>) -> Self {
        Self::Set { setting, value: value.into(), effect: effect.into() }
    }

    /// Something else that helps.
    pub fn advice(text: impl Into<String>) -> Self {
        Self::Advice(text.into())
    }
}

/// What a library found out or decided by itself, and what changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What was found or taken, as a clause.
    pub found: String,
    /// What changes it; empty if nothing does.
    pub remedies: Vec<Remedy>,
}

impl Note {
    /// A note that nothing changes.
    pub fn new(found: impl Into<String>) -> Self {
        Self { found: found.into(), remedies: Vec::new() }
    }

    /// The note with one more remedy.
    #[must_use]
    pub fn or(mut self, remedy: Remedy) -> Self {
        self.remedies.push(remedy);
        self
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.found)
    }
}
