//! What comes from elsewhere: each dependency has its reason, its licence is allowed, and it comes
//! from one registry. `cargo deny check` looks for advisories as well.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The lines of a manifest that name a dependency.
fn dependencies(manifest: &Path) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in fs::read_to_string(manifest).unwrap().lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies]");
        } else if inside && line.contains('=') && !line.starts_with('#') {
            found.push(line.to_owned());
        }
    }
    found
}

#[test]
fn every_dependency_has_its_reason() {
    let is_ours = |line: &str| line.contains("path = ");
    let from_elsewhere: Vec<String> = [root().join("Cargo.toml"), root().join("fuzz/Cargo.toml")]
        .iter()
        .flat_map(|manifest| dependencies(manifest))
        .filter(|line| !is_ours(line))
        .collect();
    assert!(40 < from_elsewhere.len(), "{from_elsewhere:?}");
    for line in from_elsewhere {
        let reason = line.split_once(" # ").map_or("", |(_, reason)| reason);
        assert!(8 < reason.len(), "no reason is given for {line}");
    }
    // There is one place for reasons: members name no version of their own.
    let members = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    for folder in members.chain([root().join("xtask"), root().join("benches")]) {
        for line in dependencies(&folder.join("Cargo.toml")) {
            assert!(line.contains("workspace = true"), "{}: {line}", folder.display());
        }
    }
}

#[test]
fn every_licence_is_allowed_and_there_is_one_source() {
    let config = fs::read_to_string(root().join("deny.toml")).unwrap();
    let list = config.split("allow = [").nth(1).unwrap().split(']').next().unwrap();
    let allowed: BTreeSet<&str> = list.split('"').skip(1).step_by(2).collect();
    assert!(allowed.contains("MIT"));
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).exec().unwrap();
    let mut sources = BTreeSet::new();
    for package in &metadata.packages {
        let Some(source) = &package.source else { continue };
        sources.insert(source.repr.clone());
        let license = package.license.clone().unwrap_or_default();
        assert!(is_allowed(&license, &allowed), "{}: {license:?}", package.name);
    }
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert!(sources.iter().all(|source| source.starts_with("registry+")), "{sources:?}");
}

/// Whether a choice of licences can be made among the allowed ones: `OR` binds less than `AND`, and
/// what is in brackets less still, so that it is looked at first.
fn is_allowed(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    if let Some(end) = expression.find(')') {
        let start = expression[..end].rfind('(').unwrap();
        let inside = is_allowed(&expression[start + 1..end], allowed);
        let inside = if inside { "MIT" } else { "none" };
        let all = format!("{}{inside}{}", &expression[..start], &expression[end + 1..]);
        return is_allowed(&all, allowed);
    }
    expression
        .replace('/', " OR ")
        .split(" OR ")
        .any(|all| all.split(" AND ").all(|one| allowed.contains(one.trim())))
}

#[test]
fn licences_are_expressions() {
    let allowed = BTreeSet::from(["MIT", "Zlib"]);
    for (expression, holds) in [
        ("MIT", true),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("(GPL-3.0 OR MIT) AND Zlib", true),
        ("(GPL-3.0 OR MIT) AND GPL-3.0", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), holds, "{expression}");
    }
}
