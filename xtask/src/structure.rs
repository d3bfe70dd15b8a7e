//! The shape of the crates as their `use` lines draw it: files, layers, circles.
//!
//! A file imports another if it uses a name that the other defines; names that a file only hands on
//! (`pub use`) are followed to the file that defines them. Tests inside files are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// A file longer than this without its tests holds more than one subject.
#[cfg(test)]
const LONGEST: usize = 450;

/// The figures of one crate.
pub(crate) struct Shape {
    /// Name of the crate's folder.
    pub(crate) name: String,
    /// Number of files in `src`, and the most that lie in one folder.
    pub(crate) files: usize,
    pub(crate) most_in_a_folder: usize,
    /// Files on the longest chain of imports.
    pub(crate) layers: usize,
    pub(crate) imports: usize,
    /// Files that import each other in a loop, loop by loop.
    pub(crate) circles: Vec<Vec<String>>,
    /// Imports between files of one circle.
    pub(crate) imports_in_circles: usize,
    /// The longest file without its tests, and its lines.
    pub(crate) longest: (String, usize),
}

/// Prints the figures of every crate below `root`, and of xtask.
pub(crate) fn print(root: &Path) -> Result<()> {
    crate::say(&format!(
        "{:12} {:>5} {:>9} {:>6} {:>7} {:>7} {:>10}  longest file",
        "crate", "files", "in folder", "layers", "imports", "circles", "in circles"
    ));
    for Shape {
        name,
        files,
        most_in_a_folder,
        layers,
        imports,
        circles,
        imports_in_circles,
        longest,
    } in shapes(root)?
    {
        let (file, lines) = longest;
        crate::say(&format!(
            "{name:12} {files:5} {most_in_a_folder:9} {layers:6} {imports:7} {:7} {imports_in_circles:10}  {lines} {file}",
            circles.len()
        ));
        for circle in circles {
            crate::say(&format!("    circle: {}", circle.join(", ")));
        }
    }
    Ok(())
}

/// The figures of every crate below `root`, and of xtask.
pub(crate) fn shapes(root: &Path) -> Result<Vec<Shape>> {
    let folder = root.join("crates");
    let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
    let mut crates: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
    crates.push(root.join("xtask"));
    crates.sort();
    crates.iter().map(|path| Shape::of(path)).collect()
}

impl Shape {
    fn of(path: &Path) -> Result<Self> {
        let sources = Sources::read(&path.join("src"))?;
        let arrows = sources.arrows();
        let circles = circles(&arrows);
        let circle_of: BTreeMap<usize, usize> = circles
            .iter()
            .enumerate()
            .flat_map(|(number, circle)| circle.iter().map(move |file| (*file, number)))
            .collect();
        let inside = |(from, to): &(usize, usize)| {
            circle_of.contains_key(from) && circle_of.get(from) == circle_of.get(to)
        };
        let pairs: Vec<(usize, usize)> = arrows
            .iter()
            .enumerate()
            .flat_map(|(from, to)| to.iter().map(move |to| (from, *to)))
            .collect();
        let mut folders: BTreeMap<&Path, usize> = BTreeMap::new();
        for file in &sources.files {
            *folders.entry(file.path.parent().unwrap_or(Path::new(""))).or_default() += 1;
        }
        let longest =
            sources.files.iter().map(|file| (file.lines, file.path.display().to_string()));
        let (lines, file) = longest.max().unwrap_or_default();
        Ok(Self {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            files: sources.files.len(),
            most_in_a_folder: folders.into_values().max().unwrap_or(0),
            layers: layers(&arrows, &circle_of),
            imports: pairs.len(),
            imports_in_circles: pairs.iter().filter(|pair| inside(pair)).count(),
            circles: circles
                .iter()
                .map(|circle| {
                    circle
                        .iter()
                        .map(|&file| sources.files[file].path.display().to_string())
                        .collect()
                })
                .collect(),
            longest: (file, lines),
        })
    }
}

/// A file of a crate.
struct File {
    /// Its path below `src`.
    path: PathBuf,
    /// Its module path: `["npy", "header"]`; empty for the root of the crate.
    module: Vec<String>,
    /// What its `use` lines name, each with the name under which it is known here, and whether it
    /// is handed on.
    uses: Vec<(Vec<String>, String, bool)>,
    lines: usize,
}

/// The files of a crate by module path.
struct Sources {
    files: Vec<File>,
    by_module: BTreeMap<Vec<String>, usize>,
}

impl Sources {
    fn read(src: &Path) -> Result<Self> {
        let mut folders = vec![src.to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let text =
                        fs::read_to_string(&path).with_context(|| path.display().to_string())?;
                    files.extend(File::read(path.strip_prefix(src)?, &text));
                }
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let by_module =
            files.iter().enumerate().map(|(number, file)| (file.module.clone(), number)).collect();
        Ok(Self { files, by_module })
    }

    /// For each file the files whose names it uses; what it only hands on is not counted.
    fn arrows(&self) -> Vec<BTreeSet<usize>> {
        let arrows = |(number, file): (usize, &File)| {
            let used = file.uses.iter().filter(|(_, _, handed_on)| !handed_on);
            used.filter_map(|(path, _, _)| self.defining(&file.module, path, 0))
                .filter(|defining| *defining != number)
                .collect()
        };
        self.files.iter().enumerate().map(arrows).collect()
    }

    /// The file that defines what `path` names when it is used in `module`; `None` for other
    /// crates.
    fn defining(&self, module: &[String], path: &[String], depth: usize) -> Option<usize> {
        let mut at: Vec<String> = module.to_vec();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => {
                at.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    at.pop();
                    rest = &rest[1..];
                }
            }
            child => {
                let mut inside = at.clone();
                inside.push(child.to_owned());
                self.by_module.get(&inside)?;
            }
        }
        while let Some((next, after)) = rest.split_first() {
            let mut inside = at.clone();
            inside.push(next.clone());
            if !self.by_module.contains_key(&inside) {
                break;
            }
            at = inside;
            rest = after;
        }
        let file = *self.by_module.get(&at)?;
        let Some(name) = rest.first().filter(|name| *name != "*") else { return Some(file) };
        if depth < 8 {
            for (target, known_as, handed_on) in &self.files[file].uses {
                if *handed_on && (known_as == name || known_as == "*") {
                    let found = self.defining(&at, target, depth + 1);
                    if known_as == name && found.is_some() {
                        return found;
                    }
                }
            }
        }
        Some(file)
    }
}

impl File {
    /// `None` for a file that holds only tests.
    fn read(path: &Path, text: &str) -> Option<Self> {
        let mut module: Vec<String> = path
            .with_extension("")
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect();
        if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
            module.pop();
        }
        if module.last().is_some_and(|last| last == "tests" || last == "laws") {
            return None;
        }
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
        let mut uses = Vec::new();
        let mut statement = String::new();
        for line in code.lines() {
            let line = line.split("//").next().unwrap_or("").trim();
            let begins = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "];
            if statement.is_empty() && !begins.iter().any(|begin| line.starts_with(begin)) {
                continue;
            }
            statement.push_str(line);
            statement.push(' ');
            if line.ends_with(';') {
                let handed_on = statement.starts_with("pub");
                let tree = statement.split_once("use ").map_or("", |(_, tree)| tree);
                for (path, known_as) in expand(tree.trim().trim_end_matches(';')) {
                    uses.push((path, known_as, handed_on));
                }
                statement.clear();
            }
        }
        Some(Self { path: path.to_owned(), module, uses, lines: code.lines().count() })
    }
}

/// The paths of a `use` tree such as `crate::{a::B, c as d}`, each with the name it is known under.
fn expand(tree: &str) -> Vec<(Vec<String>, String)> {
    let tree = tree.trim();
    let Some((prefix, group)) = tree.split_once('{') else {
        let (path, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
        let path = parts(path);
        let known_as = if alias.is_empty() { path.last().cloned() } else { Some(alias.to_owned()) };
        return vec![(path, known_as.unwrap_or_default())];
    };
    let prefix = parts(prefix);
    let group = group.rsplit_once('}').map_or(group, |(group, _)| group);
    let mut expanded = Vec::new();
    for (path, known_as) in items(group).into_iter().flat_map(expand) {
        if path == ["self"] {
            expanded.push((prefix.clone(), prefix.last().cloned().unwrap_or_default()));
        } else {
            expanded.push(([prefix.clone(), path].concat(), known_as));
        }
    }
    expanded
}

/// The items of a group, separated by its outermost commas.
fn items(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut items) = (0_usize, 0, Vec::new());
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                items.push(&group[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    items.push(&group[start..]);
    items.retain(|item| !item.trim().is_empty());
    items
}

fn parts(path: &str) -> Vec<String> {
    path.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// Files that reach each other, circle by circle.
fn circles(arrows: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    let reached: Vec<BTreeSet<usize>> = (0..arrows.len()).map(|from| reach(arrows, from)).collect();
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    let mut circles = Vec::new();
    for from in 0..arrows.len() {
        if seen.contains(&from) || !reached[from].contains(&from) {
            continue;
        }
        let circle: Vec<usize> =
            reached[from].iter().copied().filter(|to| reached[*to].contains(&from)).collect();
        seen.extend(&circle);
        circles.push(circle);
    }
    circles
}

fn reach(arrows: &[BTreeSet<usize>], from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<usize> = arrows[from].iter().copied().collect();
    while let Some(file) = open.pop() {
        if reached.insert(file) {
            open.extend(&arrows[file]);
        }
    }
    reached
}

/// The number of files on the longest chain of imports, a circle counting as one.
fn layers(arrows: &[BTreeSet<usize>], circle_of: &BTreeMap<usize, usize>) -> usize {
    fn floor(
        file: usize,
        arrows: &[BTreeSet<usize>],
        circle_of: &BTreeMap<usize, usize>,
        known: &mut BTreeMap<usize, usize>,
    ) -> usize {
        if let Some(floor) = known.get(&file) {
            return *floor;
        }
        known.insert(file, 1);
        let same = |other: usize| {
            circle_of.contains_key(&file) && circle_of.get(&file) == circle_of.get(&other)
        };
        let below = arrows[file]
            .iter()
            .filter(|other| !same(**other))
            .map(|other| floor(*other, arrows, circle_of, known))
            .max();
        let found = below.unwrap_or(0) + 1;
        known.insert(file, found);
        found
    }
    let mut known = BTreeMap::new();
    (0..arrows.len()).map(|file| floor(file, arrows, circle_of, &mut known)).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
    }

    #[test]
    fn no_files_import_each_other_in_a_circle() {
        for shape in shapes(root()).unwrap() {
            assert!(shape.circles.is_empty(), "{}: {:?}", shape.name, shape.circles);
        }
    }

    #[test]
    fn no_file_is_too_long_to_have_one_subject() {
        for shape in shapes(root()).unwrap() {
            let (file, lines) = shape.longest;
            assert!(lines <= LONGEST, "{}/src/{file} has {lines} lines", shape.name);
        }
    }

    #[test]
    fn use_trees_are_expanded() {
        let expanded = expand("crate::{a::{B, self}, c as d, e::*}");
        let expected = [
            (vec!["crate", "a", "B"], "B"),
            (vec!["crate", "a"], "a"),
            (vec!["crate", "c"], "d"),
            (vec!["crate", "e", "*"], "*"),
        ];
        let expected = expected.map(|(path, name)| {
            (path.into_iter().map(str::to_owned).collect::<Vec<_>>(), name.to_owned())
        });
        assert_eq!(expanded, expected);
    }

    #[test]
    fn a_circle_is_found_and_counts_as_one_layer() {
        let arrows = [BTreeSet::from([1]), BTreeSet::from([2]), BTreeSet::from([1])];
        let found = circles(&arrows);
        assert_eq!(found, [vec![1, 2]]);
        let circle_of = BTreeMap::from([(1, 0), (2, 0)]);
        assert_eq!(layers(&arrows, &circle_of), 2);
    }
}
