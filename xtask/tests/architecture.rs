//! The shape of the workspace that ARCHITECTURE.md promises.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Which of our crates each crate may depend on. Tests may also use vae-prob as an oracle and
/// vae-torture for damaged files; neither depends on any of ours.
const ALLOWED: [(&str, &[&str]); 19] = [
    ("vae-base", &[]),
    ("vae-torture", &[]),
    ("vae-prob", &[]),
    ("topo-simp", &["vae-base"]),
    ("topo-export", &[]),
    ("vae-help", &["vae-base"]),
    ("vae-nn", &["vae-base"]),
    ("vae-data", &["vae-base"]),
    ("vae-report", &["vae-base"]),
    ("vae-models", &["vae-nn", "vae-base"]),
    ("vae-hub", &["vae-data", "vae-base"]),
    ("topo-data", &["topo-simp", "vae-data", "vae-base"]),
    ("vae-train", &["vae-models", "vae-data", "vae-prob", "vae-nn", "vae-base"]),
    (
        "vae-design",
        &["vae-train", "vae-models", "vae-nn", "topo-simp", "topo-data", "vae-data", "vae-base"],
    ),
    (
        "vae-study",
        &[
            "vae-design",
            "vae-train",
            "vae-report",
            "topo-data",
            "topo-export",
            "topo-simp",
            "vae-data",
            "vae-models",
            "vae-nn",
            "vae-base",
        ],
    ),
    (
        "vae-explore",
        &[
            "vae-study",
            "vae-design",
            "vae-train",
            "vae-report",
            "topo-data",
            "topo-simp",
            "vae-data",
            "vae-models",
            "vae-base",
        ],
    ),
    (
        "vae-cli",
        &[
            "vae-explore",
            "vae-study",
            "vae-design",
            "vae-train",
            "vae-report",
            "topo-data",
            "topo-export",
            "topo-simp",
            "vae-help",
            "vae-hub",
            "vae-data",
            "vae-models",
            "vae-nn",
            "vae-base",
        ],
    ),
    ("xtask", &["vae-torture"]),
    (
        "benches",
        &[
            "vae-study",
            "vae-design",
            "vae-train",
            "vae-report",
            "topo-data",
            "topo-simp",
            "vae-data",
            "vae-models",
            "vae-nn",
            "vae-prob",
            "vae-base",
        ],
    ),
];

fn metadata() -> cargo_metadata::Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .exec()
        .expect("cargo metadata")
}

#[test]
fn dependencies_point_in_the_allowed_directions() {
    let metadata = metadata();
    let allowed = BTreeMap::from(ALLOWED);
    let members: BTreeSet<&str> =
        metadata.workspace_packages().iter().map(|package| package.name.as_str()).collect();
    assert_eq!(members, allowed.keys().copied().collect(), "every member has a row in the table");
    for package in metadata.workspace_packages() {
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| members.contains(dependency.name.as_str()))
        {
            let for_tests = dependency.kind == DependencyKind::Development
                && ["vae-prob", "vae-torture"].contains(&dependency.name.as_str());
            assert!(
                for_tests || allowed[package.name.as_str()].contains(&dependency.name.as_str()),
                "{} may not depend on {}",
                package.name,
                dependency.name
            );
        }
    }
}

#[test]
fn vae_prob_needs_no_tensor_crate() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().unwrap();
    let name = |id: &cargo_metadata::PackageId| metadata[id].name.to_string();
    let vae_prob = resolve.nodes.iter().find(|node| name(&node.id) == "vae-prob").unwrap();
    let normal: BTreeSet<String> = vae_prob
        .deps
        .iter()
        .filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal))
        .map(|dep| name(&dep.pkg))
        .collect();
    assert!(
        normal.is_subset(&BTreeSet::from(["libm".to_owned(), "num-traits".to_owned()])),
        "{normal:?}"
    );
}

#[test]
fn every_source_file_says_what_it_is() {
    // A crate may open with its README.
    let opens_well =
        |text: &str| text.starts_with("//!") || text.starts_with("#![doc = include_str!");
    let missing: Vec<_> =
        sources().into_iter().filter(|(_, text)| !opens_well(text)).map(|(path, _)| path).collect();
    assert!(missing.is_empty(), "files without a `//!` line: {missing:?}");
}

/// How often each file says `unsafe`. Who adds one states here that it was looked at.
const RAW: [(&str, usize); 9] = [
    ("crates/vae-nn/src/kernels/element.rs", 3),
    ("crates/vae-nn/src/kernels/matmul.rs", 1),
    ("crates/vae-nn/src/kernels/micro/dots.rs", 3),
    ("crates/vae-nn/src/kernels/micro/level.rs", 9),
    ("crates/vae-nn/src/kernels/micro/outer.rs", 5),
    ("crates/vae-nn/src/kernels/micro/tiles.rs", 5),
    ("crates/vae-nn/src/kernels/micro/vector.rs", 32),
    ("crates/vae-nn/src/kernels/simd.rs", 1),
    ("crates/vae-nn/src/memory.rs", 1),
];

#[test]
fn raw_memory_access_stays_in_the_kernels() {
    // Put together, so that this file does not hold the word outside comments and texts.
    let word = ["un", "safe"].concat();
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let count = |text: &str| -> usize {
        let code = text.lines().filter_map(|line| line.split("//").next());
        code.flat_map(|line| line.split(|c| !is_part(c))).filter(|part| *part == word).count()
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().canonicalize().unwrap();
    let found: BTreeMap<String, usize> = sources()
        .into_iter()
        .map(|(path, text)| (path.strip_prefix(&root).unwrap().display().to_string(), count(&text)))
        .filter(|(_, count)| 0 < *count)
        .collect();
    let listed: BTreeMap<String, usize> =
        RAW.iter().map(|(path, count)| ((*path).to_owned(), *count)).collect();
    assert_eq!(found, listed);
}

#[test]
fn vae_cli_is_glue() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/vae-cli/src");
    let source = source.canonicalize().unwrap();
    let is_ours =
        |path: &Path| path.starts_with(&source) && !path.starts_with(source.join("tests"));
    let files: Vec<_> = sources().into_iter().filter(|(path, _)| is_ours(path)).collect();
    let beside = files.iter().filter(|(path, _)| path.parent() == Some(&source)).count();
    assert!(beside <= 12, "{beside} files beside commands/");
    // Flags with their explanations are most of it; 200 lines more than before are the commands and
    // results of the shell: help, completions, manual, and an object of JSON for each result.
    let lines: usize = files.iter().map(|(_, text)| code(text).lines().count()).sum();
    assert!((1..=5400).contains(&lines), "{lines} lines without tests");

    let metadata = metadata();
    let package = metadata.workspace_packages().into_iter().find(|p| p.name == "vae-cli").unwrap();
    for name in ["candle-core", "candle-nn", "topo-simp"] {
        let depends = package
            .dependencies
            .iter()
            .any(|dependency| dependency.kind == DependencyKind::Normal && dependency.name == name);
        assert!(!depends, "vae-cli depends on {name}");
    }
}

#[test]
fn libraries_do_not_speak_the_command_line() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").canonicalize().unwrap();
    let mut found = 0;
    for (path, text) in sources() {
        let Ok(below) = path.strip_prefix(&crates) else { continue };
        let mut parts = below.iter().filter_map(|part| part.to_str());
        if parts.next() == Some("vae-cli") || parts.next() != Some("src") {
            continue;
        }
        for literal in literals(code(&text)) {
            let mut flags = literal.split("--").skip(1);
            let flag = flags.any(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
            let command = literal.contains("`vae ");
            assert!(!flag && !command, "{}: {literal:?}", path.display());
            found += 1;
        }
    }
    assert!(1000 < found, "the search finds {found} strings, which are too few");
}

/// A source file without its unit tests.
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap()
}

/// The string literals of a source file.
fn literals(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(['"', '/', '\'']) {
        rest = &rest[start..];
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if let Some(after) = rest.strip_prefix("'\"'") {
            rest = after;
        } else if let Some(inside) = rest.strip_prefix('"') {
            let mut literal = String::new();
            let mut chars = inside.chars();
            while let Some(c) = chars.next() {
                match c {
                    '"' => break,
                    '\\' => literal.extend(chars.next()),
                    c => literal.push(c),
                }
            }
            rest = chars.as_str();
            found.push(literal);
        } else {
            rest = &rest[1..];
        }
    }
    found
}

/// Path and text of every Rust file of the workspace.
fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let root = root.canonicalize().unwrap();
    let mut folders = ["crates", "xtask", "benches", "fuzz"].map(|name| root.join(name)).to_vec();
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                sources.push((path, text));
            }
        }
    }
    sources
}
