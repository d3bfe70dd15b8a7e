//! What a failure has to look like.

use crate::support::Ran;

/// A failure as a person sees it.
pub(crate) trait Failure {
    /// It ended with this code and one line of error (and perhaps a hint) that holds all these
    /// words.
    fn fails(self, code: i32, words: &[&str]);
}

impl Failure for Ran {
    #[track_caller]
    fn fails(self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        let lines: Vec<&str> =
            self.stderr.lines().filter(|line| line.starts_with("vae: ")).collect();
        assert_eq!(lines.len(), 1, "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is not in: {}", self.stderr);
        }
    }
}
