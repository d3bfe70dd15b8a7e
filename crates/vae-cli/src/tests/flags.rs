//! Every flag that a message or a remedy names is one of clap's.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use vae_base::Remedy;

use crate::Cli;
use crate::words::{hint, remedy};

#[test]
fn a_remedy_names_its_flag() {
    let keep = Remedy::set("crop", "none", "keeps the frame");
    let skip = Remedy::set("skip_bad", "", "leaves such files out");
    assert_eq!(remedy(&keep), "--crop none keeps the frame");
    assert_eq!(remedy(&skip), "--skip-bad leaves such files out");
    let both = "--crop none keeps the frame, or --skip-bad leaves such files out";
    assert_eq!(hint(&[keep, skip]).as_deref(), Some(both));
    assert_eq!(hint(&[]), None);
}

#[test]
fn every_setting_that_a_library_names_has_a_flag() {
    let flags = flags(&Cli::command());
    let mut found = 0;
    for (path, text) in sources(&crates()) {
        for call in text.split("Remedy::set(").skip(1) {
            let Some(key) = call.trim_start().strip_prefix('"') else { continue };
            let key = key.split('"').next().unwrap_or_default();
            let flag = key.replace('_', "-");
            assert!(flags.contains(&flag), "{}: no flag for `{key}`", path.display());
            found += 1;
        }
    }
    assert!(0 < found, "the search finds nothing where there is something");
}

#[test]
fn every_flag_in_a_message_exists() {
    let cli = Cli::command();
    let mut found = 0;
    for (path, text) in sources(&crates().join("vae-cli/src")) {
        let own = owner(&cli, &path);
        for literal in literals(&text) {
            for line in literal.lines() {
                let known = flags(named(&cli, line).or(own).unwrap_or(&cli));
                // `--features` is a flag of cargo.
                for flag in flags_in(line).iter().filter(|flag| *flag != "features") {
                    assert!(
                        known.contains(flag),
                        "{}: {line:?} names --{flag}, which does not exist there",
                        path.display()
                    );
                    found += 1;
                }
            }
        }
    }
    assert!(0 < found, "the search finds nothing where there is something");
}

/// The folder of all crates.
fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Long names of the arguments of a command and of the commands below it.
fn flags(command: &clap::Command) -> BTreeSet<String> {
    let mut all: BTreeSet<String> =
        ["help", "version", "threads", "quiet", "json"].map(str::to_owned).into_iter().collect();
    all.extend(command.get_arguments().filter_map(|arg| arg.get_long()).map(str::to_owned));
    all.extend(command.get_subcommands().flat_map(flags));
    all
}

/// The command whose file this is; `None` for a file that several commands share.
fn owner<'a>(cli: &'a clap::Command, path: &Path) -> Option<&'a clap::Command> {
    let mut parts = path.iter().skip_while(|part| *part != "commands").skip(1);
    let name = Path::new(parts.next()?).file_stem()?.to_str()?;
    cli.find_subcommand(name)
}

/// The command that a line names, as in `vae bench train`.
fn named<'a>(cli: &'a clap::Command, line: &str) -> Option<&'a clap::Command> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let start = words.iter().position(|word| word.trim_start_matches('`') == "vae")?;
    let mut command = cli;
    for word in &words[start + 1..] {
        match command.find_subcommand(word.trim_matches('`')) {
            Some(below) => command = below,
            None => break,
        }
    }
    Some(command)
}

/// The names after `--` in a text.
fn flags_in(text: &str) -> Vec<String> {
    let names = text.split("--").skip(1).filter(|rest| rest.starts_with(char::is_alphabetic));
    let end = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    names.filter_map(|rest| rest.split(end).next()).map(str::to_owned).collect()
}

/// Path and text of every source file below a folder, without unit tests.
fn sources(root: &Path) -> Vec<(PathBuf, String)> {
    let (mut folders, mut found) = (vec![root.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
                found.push((path, text));
            }
        }
    }
    found
}

/// The string literals of a source file, on one line where the source joins lines.
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
                    '\\' => literal.extend(chars.next().map(|c| if c == 'n' { '\n' } else { c })),
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
