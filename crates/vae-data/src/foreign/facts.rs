//! What is known of designs before they are opened: the grid of their problem, and how many rows
//! of conditions there are.

use serde::Deserialize;

use crate::error::FormatError;
use crate::foreign::reading::Reading;
use crate::formats::bytes::Bytes;
use crate::formats::npy::Header;
use crate::formats::table::Table;
use crate::set::folder::Files;

/// A problem or a table larger than this is not looked into.
const MAX_TEXT: u64 = 16 << 20;

/// What is known of designs before they are opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Rows and columns.
    pub(crate) grid: Option<(usize, usize)>,
    /// Number of designs.
    pub(crate) count: Option<usize>,
}

/// The part of a problem that says how large a design is.
#[derive(Deserialize)]
struct Stated {
    grid: Grid,
}

#[derive(Deserialize)]
struct Grid {
    nelx: usize,
    nely: usize,
}

impl Facts {
    /// What the files that are named with the source say. What cannot be read says nothing; it is
    /// refused where it is used.
    pub(crate) fn of(reading: &Reading) -> Self {
        let problem = text(&reading.problem).ok();
        let table = text(&reading.conditions).ok();
        let label = reading.conditions.display().to_string();
        Self {
            grid: problem.and_then(|text| grid(&text)),
            count: table
                .and_then(|text| Table::read_any(&text, &label).ok())
                .map(|table| table.len()),
        }
    }

    /// The same with what the files of a folder or archive say.
    pub(crate) fn with(self, files: &Files) -> Self {
        let text = |file: &Option<Bytes>| file.as_ref()?.read_text(MAX_TEXT).ok();
        let stated = || {
            let shared = text(&files.shared_problem).and_then(|text| grid(&text));
            shared.or_else(|| {
                let texts = text(&files.problems)?;
                let stated: Stated = serde_json::from_str(texts.lines().next()?).ok()?;
                Some((stated.grid.nely, stated.grid.nelx))
            })
        };
        let rows = || {
            let file = files.conditions.as_ref().or(files.groups.as_ref())?;
            Header::read(file, "conditions").ok()?.shape.first().copied()
        };
        Self { grid: self.grid.or_else(stated), count: self.count.or_else(rows) }
    }
}

fn text(path: &std::path::Path) -> Result<String, FormatError> {
    Bytes::open(path)?.read_text(MAX_TEXT)
}

/// The grid of a problem in TOML.
fn grid(text: &str) -> Option<(usize, usize)> {
    let stated: Stated = toml::from_str(text).ok()?;
    Some((stated.grid.nely, stated.grid.nelx))
}
