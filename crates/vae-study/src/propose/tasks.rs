//! Tasks by the dozen: a line each of a table.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use vae_base::paths::file_name;
use vae_base::text::Share;
use vae_data::Table;
use vae_report::{Block, Page, Table as Facts};

use super::error::{ProposeError, Result};
use super::files::{Files, PAGE};
use super::proposals::Proposals;
use super::settings::ProposeSettings;
use super::task::ProposalTask;
use crate::analysis::{AnalysisError, write_table};
use crate::run::{Run, make_folder};

/// Tasks of one table at most.
const MOST_TASKS: usize = 10_000;
/// Columns of the table of results, after those of the tasks.
const RESULTS: [&str; 12] = [
    "accepted",
    "proposed",
    "topologies",
    "tried",
    "compliance",
    "reference",
    "reference_compliance",
    "compliance_error",
    "known_design",
    "known_compliance",
    "optimum",
    "remark",
];

/// A task with a name, which is that of its folder.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTask {
    /// Its name.
    pub name: String,
    /// What is asked for.
    pub settings: ProposeSettings,
    /// Its cells in the table, in the order of the columns.
    cells: Vec<String>,
}

/// The tasks of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Tasks {
    columns: Vec<String>,
    /// The tasks, in the order of their lines.
    pub tasks: Vec<NamedTask>,
}

/// What came of a task.
#[derive(Debug)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// The proposals, of which there may be none, or why it could not be tried.
    pub found: Result<Proposals>,
}

impl Outcome {
    /// Whether there is anything to look at.
    pub fn has_proposals(&self) -> bool {
        self.found.as_ref().is_ok_and(|found| !found.accepted.is_empty())
    }

    /// Why there is no proposal; `None` if there is one.
    pub fn remark(&self) -> Option<String> {
        match &self.found {
            Ok(found) if found.accepted.is_empty() => {
                Some(format!("none of {} candidates is accepted", found.counts.tried))
            }
            Ok(_) => None,
            Err(error) => Some(error.to_string()),
        }
    }
}

impl Tasks {
    /// Reads a table, separated by commas, semicolons or tabulators. The columns `name`, `problem`
    /// (a file, relative to the table), `volume`, `compliance_within`, `count`, `require` (bounds,
    /// separated by blanks) and `seed` are settings, any other one is a condition. An empty cell
    /// leaves what `common` says. Tasks without a name are numbered.
    ///
    /// # Errors
    /// [`ProposeError::Tasks`] with the line and what is wrong with it.
    pub fn read(path: &Path, common: &ProposeSettings) -> Result<Self> {
        let unreadable = |source| AnalysisError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let table = Table::read_separated(&text, &path.display().to_string())?;
        let wrong = |line: Option<usize>, why: String| {
            let at = line.map_or_else(String::new, |line| format!(", task {}", line + 1));
            ProposeError::Tasks { at: format!("{}{at}", path.display()), why }
        };
        if !(1..=MOST_TASKS).contains(&table.len()) {
            let why = format!("it has {} tasks; from 1 to {MOST_TASKS} are taken", table.len());
            return Err(wrong(None, why));
        }
        let columns = table.columns().to_vec();
        let width = table.len().to_string().len();
        let mut tasks: Vec<NamedTask> = Vec::new();
        for (line, cells) in table.rows().enumerate() {
            let mut settings = common.clone();
            let mut name = format!("{:0width$}", line + 1);
            for (column, cell) in columns.iter().zip(cells) {
                let cell = cell.trim();
                if cell.is_empty() {
                    continue;
                }
                let why = if column == "name" {
                    cell.clone_into(&mut name);
                    file_name(cell).err().map(str::to_owned)
                } else {
                    set(&mut settings, column, cell, path).err()
                };
                if let Some(why) = why {
                    return Err(wrong(Some(line), format!("{column} {cell:?}: {why}")));
                }
            }
            if tasks.iter().any(|task| task.name == name) {
                return Err(wrong(Some(line), format!("two tasks are called {name}")));
            }
            tasks.push(NamedTask { name, settings, cells: cells.to_vec() });
        }
        Ok(Self { columns, tasks })
    }

    /// Proposes designs for every task, in parallel; one that fails does not keep the others. The
    /// observer sees how many tasks are done.
    pub fn propose(&self, run: &Run, observe: impl Fn(usize) + Sync) -> Vec<Outcome> {
        let done = AtomicUsize::new(0);
        let each = self.tasks.par_iter().map(|task| {
            let found =
                ProposalTask::new(run, &task.settings).and_then(|task| task.propose(|_| {}));
            observe(done.fetch_add(1, Ordering::Relaxed) + 1);
            Outcome { name: task.name.clone(), found }
        });
        each.collect()
    }

    /// Writes a folder for each task with proposals, `tasks.csv` with a line for each task, and
    /// `index.html`, a page of them all.
    ///
    /// # Errors
    /// If a file cannot be written, or a design not drawn.
    pub fn write(&self, outcomes: &[Outcome], out: &Path, files: &Files<'_>) -> Result<()> {
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).chain(RESULTS).collect();
        let mut table = Table::new(&columns);
        let mut blocks = vec![Block::Table(summary(outcomes))];
        for (task, outcome) in self.tasks.iter().zip(outcomes) {
            table.push(&task.cells.iter().cloned().chain(results(outcome)).collect::<Vec<_>>());
            blocks.push(Block::Heading(outcome.name.clone()));
            match &outcome.found {
                Ok(found) if outcome.has_proposals() => {
                    let folder = out.join(&outcome.name);
                    make_folder(&folder)?;
                    found.write_into(&folder, files)?;
                    blocks.extend(found.figures(&folder));
                    let page = format!("{}/{PAGE}", outcome.name);
                    blocks.push(Block::Links(vec![("its page".to_owned(), page)]));
                }
                _ => blocks.extend(outcome.remark().map(Block::Text)),
            }
        }
        write_table(&table, &out.join("tasks.csv"))?;
        let page = Page { title: format!("Proposals for {} tasks", outcomes.len()), blocks };
        let path = out.join("index.html");
        let html = page.to_html();
        let html = html.map_err(|source| ProposeError::Figure { path: path.clone(), source })?;
        Ok(vae_base::files::write(&path, html.as_bytes())?)
    }
}

/// Takes a cell of a task into its settings; the error is what is wrong with it.
fn set(
    settings: &mut ProposeSettings,
    column: &str,
    cell: &str,
    table: &Path,
) -> std::result::Result<(), String> {
    let beside = |name: &str| -> PathBuf {
        table.parent().map_or_else(|| name.into(), |folder| folder.join(name))
    };
    match column {
        "problem" => settings.problem = Some(beside(cell)),
        "volume" => settings.volume = Some(cell.parse::<Share>()?.get()),
        "compliance_within" => settings.compliance_within = cell.parse()?,
        "count" => settings.count = cell.parse().map_err(|_| "it is no whole number")?,
        "seed" => settings.seed = cell.parse().map_err(|_| "it is no whole number")?,
        "require" => {
            let bounds = cell.split_whitespace().map(str::parse);
            settings.requirements = bounds.collect::<std::result::Result<_, String>>()?;
        }
        condition => {
            let value = cell.parse().map_err(|_| "it is no number, as a condition must be")?;
            settings.set.retain(|(name, _)| name != condition);
            settings.set.push((condition.to_owned(), value));
        }
    }
    Ok(())
}

/// The cells of the results of a task.
fn results(outcome: &Outcome) -> [String; 12] {
    let Ok(found) = &outcome.found else {
        let mut cells: [String; 12] = Default::default();
        cells[11] = outcome.remark().unwrap_or_default();
        return cells;
    };
    let best = found.described().into_iter().next();
    let known = found.comparison.known.as_ref();
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    let reference = found.reference.as_ref();
    [
        found.counts.accepted.to_string(),
        found.accepted.len().to_string(),
        found.counts.topologies.to_string(),
        found.counts.tried.to_string(),
        number(best.as_ref().map(|best| best.candidate.compliance)),
        reference.map(|reference| reference.name.clone()).unwrap_or_default(),
        number(reference.map(|reference| reference.compliance)),
        number(best.and_then(|best| best.compliance_error)),
        known.map(|known| known.position.to_string()).unwrap_or_default(),
        number(known.map(|known| known.compliance)),
        number(found.comparison.optimum.ok()),
        outcome.remark().unwrap_or_default(),
    ]
}

/// The table at the top of the page.
fn summary(outcomes: &[Outcome]) -> Facts {
    let columns = ["task", "proposals", "topologies", "stiffest", "against the reference"];
    let mut facts = Facts::new("", &columns);
    for outcome in outcomes {
        let cells = match &outcome.found {
            Ok(found) => {
                let best = found.described().into_iter().next();
                let compliance =
                    best.as_ref().map(|best| format!("{:.4}", best.candidate.compliance));
                let error = best.and_then(|best| best.compliance_error);
                [
                    found.accepted.len().to_string(),
                    found.counts.topologies.to_string(),
                    compliance.unwrap_or_default(),
                    error.map(|error| format!("{:+.1} %", 100.0 * error)).unwrap_or_default(),
                ]
            }
            Err(_) => [String::from("0"), String::new(), String::new(), String::new()],
        };
        facts.push(outcome.name.as_str(), cells);
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Tasks> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tasks.csv");
        std::fs::write(&path, text).unwrap();
        Tasks::read(&path, &ProposeSettings { count: 7, ..ProposeSettings::default() })
    }

    #[test]
    fn cells_are_settings_or_conditions_and_empty_ones_leave_what_is_common() {
        let text =
            "name;volume;load_y;count;require\nleft;40%;0,25;3;stress<=2 member>=3\n;0.3;;;\n";
        let tasks = read(text).unwrap().tasks;
        let [left, second] = &tasks[..] else { panic!("two tasks") };
        assert_eq!((left.name.as_str(), second.name.as_str()), ("left", "2"));
        assert_eq!((left.settings.volume, second.settings.volume), (Some(0.4), Some(0.3)));
        assert_eq!((left.settings.count, second.settings.count), (3, 7));
        assert_eq!(left.settings.set, [("load_y".to_owned(), 0.25)]);
        assert_eq!(left.settings.requirements.len(), 2);
        assert!(second.settings.set.is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_task() {
        for (text, words) in [
            ("name,volume\n../up,0.4\n", ["task 1", "name"]),
            ("name,volume\na,0.4\na,0.5\n", ["task 2", "called a"]),
            ("volume\n0.4\nmuch\n", ["task 2", "volume \"much\""]),
            ("volume,load_y\n0.4,top\n", ["task 1", "no number"]),
            ("volume,require\n0.4,stress\n", ["task 1", "MEASURE<=NUMBER"]),
            ("volume,count\n0.4,many\n", ["task 1", "whole number"]),
        ] {
            let said = read(text).unwrap_err().to_string();
            assert!(words.iter().all(|word| said.contains(word)), "{text:?}: {said}");
        }
    }
}
