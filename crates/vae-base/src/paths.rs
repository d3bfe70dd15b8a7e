//! Names from elsewhere, checked before they become paths.

use std::path::{Path, PathBuf};

/// The folder that holds `path`; the current one for a bare name.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Parts of a path at most.
const MAX_DEPTH: usize = 32;

/// Reads a name as a path below some folder, whatever the system: `/` and `\` separate, and nothing
/// may leave the folder.
///
/// # Errors
///
/// The reason why the name is refused.
pub fn below(name: &str) -> Result<PathBuf, &'static str> {
    if name.starts_with(['/', '\\']) {
        return Err("its name is an absolute path");
    }
    let parts: Vec<&str> = name.split(['/', '\\']).collect();
    if MAX_DEPTH < parts.len() {
        return Err("its name has too many parts");
    }
    for part in &parts {
        match *part {
            "" | "." => return Err("its name has an empty part"),
            ".." => return Err("its name leaves the folder"),
            part if part.contains(':') => {
                return Err("its name has a colon, which means a drive or a stream");
            }
            part if part.chars().any(char::is_control) => {
                return Err("its name has a control character");
            }
            part if 255 < part.len() => return Err("its name is too long"),
            _ => {}
        }
    }
    Ok(parts.iter().collect())
}

/// Reads a name as that of one file or folder: what a file says it is called decides no more than
/// that.
///
/// # Errors
///
/// The reason why the name is refused.
pub fn file_name(name: &str) -> Result<PathBuf, &'static str> {
    let path = below(name)?;
    if path.components().count() == 1 { Ok(path) } else { Err("its name is a path") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below() {
        assert_eq!(below("a/b c/d.jpg"), Ok(["a", "b c", "d.jpg"].iter().collect()));
        assert_eq!(below("a\\b.jpg"), Ok(["a", "b.jpg"].iter().collect()));
        assert_eq!(file_name("a..b"), Ok("a..b".into()));
        let long = "x".repeat(256);
        let deep = "x/".repeat(40) + "y";
        for name in [
            "",
            ".",
            "..",
            "a//b",
            "a/./b",
            "../a",
            "a/../b",
            "a\\..\\..\\b",
            "/a",
            "\\a",
            "\\\\host\\a",
            "C:a",
            "C:\\a",
            "a:stream",
            "a\0b",
            "a\nb",
            &long,
            &deep,
        ] {
            assert!(below(name).is_err(), "{name:?}");
        }
        assert!(file_name("a/b").is_err());
    }

    /// What is accepted is relative and has no part that means another place.
    #[test]
    fn accepted_paths_are_plain() {
        use std::path::Component;
        for name in ["a", "a/b", "a\\b", "...", "..a/b..", " ", "~", "~/x", "$HOME/x"] {
            let path = below(name).unwrap();
            assert!(path.components().all(|part| matches!(part, Component::Normal(_))), "{name:?}");
        }
    }
}
