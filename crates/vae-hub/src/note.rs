//! The name of our note on what was fetched, which nothing else may have.

use std::path::Path;

/// Name of the note in the folder.
pub const RECEIPT: &str = "fetched.json";

/// Whether a path below the folder is that of the note, or leads through it. Upper and lower case
/// are the same, because on some systems they are.
pub(crate) fn is_receipt(relative: &Path) -> bool {
    let first = relative.components().next();
    first.is_some_and(|first| first.as_os_str().eq_ignore_ascii_case(RECEIPT))
}
