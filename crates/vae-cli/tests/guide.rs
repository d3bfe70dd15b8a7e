//! The guide: its links lead somewhere, its figures are there, and its commands run, at a reduced
//! size.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/src")
}

/// Text and target of each link of a page, pictures included, outside code blocks.
fn links(page: &str) -> Vec<(String, String)> {
    let mut links = Vec::new();
    let text: String = page.split("```").step_by(2).collect();
    let mut rest = text.as_str();
    while let Some(middle) = rest.find("](") {
        let end = middle + rest[middle..].find(')').expect("a link ends");
        let start = rest[..middle].rfind('[').expect("a link has a text");
        links.push((rest[start + 1..middle].to_owned(), rest[middle + 2..end].to_owned()));
        rest = &rest[end..];
    }
    links
}

/// The pages in the order of the summary.
fn pages() -> Vec<String> {
    let summary = fs::read_to_string(source().join("SUMMARY.md")).unwrap();
    links(&summary).into_iter().map(|(_, target)| target).collect()
}

fn page(name: &str) -> String {
    fs::read_to_string(source().join(name)).unwrap_or_else(|err| panic!("{name}: {err}"))
}

/// Names by which the headings of a page are linked.
fn anchors(page: &str) -> BTreeSet<String> {
    let heading = |line: &str| line.strip_prefix('#').map(|l| l.trim_start_matches('#').to_owned());
    let slug = |heading: String| -> String {
        let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
    };
    page.split("```").step_by(2).flat_map(str::lines).filter_map(heading).map(slug).collect()
}

/// Whether Rust source has an item, such as `Vae::encode` or `softplus`.
fn has_item(source: &str, path: &str) -> bool {
    path.split("::").all(|name| {
        ["fn", "struct", "enum", "trait"].iter().any(|kind| {
            let item = format!("{kind} {name}");
            source.match_indices(&item).any(|(at, _)| {
                let after = source[at + item.len()..].chars().next();
                after.is_some_and(|c| !c.is_alphanumeric() && c != '_')
            })
        })
    })
}

#[test]
fn links_lead_to_files_headings_and_items() {
    let mut items = 0;
    for name in pages() {
        let text = page(&name);
        for (label, target) in links(&text) {
            if target.starts_with("https://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = source().join(if file.is_empty() { &name } else { file });
            assert!(path.exists(), "{name}: there is no {target}");
            if !anchor.is_empty() {
                let known = anchors(&fs::read_to_string(&path).unwrap());
                assert!(known.contains(anchor), "{name}: no heading for {target}");
            }
            if let Some(item) = label.strip_prefix('`').and_then(|l| l.strip_suffix('`'))
                && path.extension().is_some_and(|extension| extension == "rs")
            {
                let code = fs::read_to_string(&path).unwrap();
                assert!(has_item(&code, item), "{name}: {target} has no {item}");
                items += 1;
            }
        }
    }
    assert!(30 < items, "the formulas of the guide are linked to what computes them: {items} are");
}

/// Whether Rust source has a test of this name: the attributes above the function say so.
fn has_test(source: &str, name: &str) -> bool {
    source.match_indices(&format!("fn {name}(")).any(|(at, _)| {
        let above = source[..at].rsplit_once('\n').map_or("", |(above, _)| above);
        above
            .lines()
            .rev()
            .map(str::trim)
            .take_while(|line| line.starts_with("#["))
            .any(|line| line == "#[test]")
    })
}

/// A row that names no test, or one that is gone, is a claim that nothing holds.
#[test]
fn every_oracle_has_a_test() {
    let text = page("oracles.md");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .filter_map(|line| {
            Some(line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect())
        })
        .skip(1)
        .collect();
    assert!(30 < rows.len(), "{} rows", rows.len());
    for row in rows {
        let [formula, oracle, tests] = row[..] else { panic!("three cells: {row:?}") };
        assert!(!formula.is_empty() && !oracle.is_empty());
        let named = links(tests);
        assert!(!named.is_empty(), "{formula}: no test is named");
        for (label, target) in named {
            let code = fs::read_to_string(source().join(&target)).unwrap();
            assert!(has_test(&code, label.trim_matches('`')), "{target} has no test {label}");
        }
    }
}

#[test]
fn every_page_is_listed_and_every_figure_shown() {
    let listed: BTreeSet<String> = pages().into_iter().collect();
    let mut shown = BTreeSet::new();
    for name in &listed {
        shown.extend(
            links(&page(name))
                .into_iter()
                .filter_map(|(_, target)| target.strip_prefix("figures/").map(str::to_owned)),
        );
    }
    let files = |folder: PathBuf, extension: &str| -> BTreeSet<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| name.into_string().unwrap());
        names.filter(|name| name.ends_with(extension)).collect()
    };
    let mut pages = files(source(), ".md");
    pages.remove("SUMMARY.md");
    assert_eq!(listed, pages);
    let mut figures = files(source().join("figures"), ".png");
    figures.extend(files(source().join("figures"), ".svg"));
    assert_eq!(shown, figures);
    let size: u64 = shown
        .iter()
        .map(|name| fs::metadata(source().join("figures").join(name)).unwrap().len())
        .sum();
    assert!(size < 1_500_000, "the figures have {size} bytes");
}

/// The commands of the fenced `sh` blocks of a page, one per line, as words.
fn commands(page: &str) -> Vec<Vec<String>> {
    let blocks = page.split("```").skip(1).step_by(2);
    let lines = blocks.filter_map(|block| block.strip_prefix("sh\n")).flat_map(str::lines);
    lines.map(|line| line.split_whitespace().map(|word| word.replace('\'', "")).collect()).collect()
}

/// The arguments of a command, made small enough for a test: few iterates of few optimizations, one
/// epoch, small pictures.
fn reduced(words: &[String]) -> Vec<String> {
    let mut arguments = words[1..].to_vec();
    let has = |word: &str| words.iter().any(|w| w == word);
    if let Some(at) = arguments.iter().position(|word| word == "--epochs") {
        arguments.drain(at..at + 2);
    }
    // A model of one epoch proposes nothing that is stiff: here SIMP does it.
    if words[1] == "propose" {
        for flag in ["--compliance-within", "--candidates", "--count", "--refine", "--overlap"] {
            if let Some(at) = arguments.iter().position(|word| word == flag) {
                arguments.drain(at..at + 2);
            }
        }
    }
    let size: &[&str] = match words[1].as_str() {
        "simp" => &["--problems", "12", "--keep-iterates", "5"],
        "train" if has("--resume") => &[],
        "train" if has("lecture") && !has("--resize") => &["--epochs", "1", "--resize", "32x96"],
        // Proposals are asked of it, and 40 designs are soon passed over.
        "train" if has("foreign/designs.csv") => &["--epochs", "40"],
        "train" => &["--epochs", "1"],
        "propose" => {
            &["--compliance-within", "300%", "--count", "1", "--refine", "20", "--search", "2"]
        }
        _ => &[],
    };
    arguments.extend(size.iter().map(|&word| word.to_owned()));
    arguments
}

/// What stands for a person's own designs: cantilevers as flat vectors, column by column, with
/// conditions and the problem of all.
fn write_foreign(folder: &Path) {
    let vae = |words: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vae"));
        let status = command.args(words.split_whitespace()).current_dir(folder).output().unwrap();
        assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    };
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vae-design/python");
    fs::create_dir(folder.join("foreign")).unwrap();
    for name in ["part.toml", "tip-load.toml"] {
        fs::copy(python.join(name), folder.join("foreign").join(name)).unwrap();
    }
    vae("simp generate foreign/tip-load.toml --problems 20 --variants 2 --out foreign/made");
    let designs = vae_data::npy::read::<u8>(&folder.join("foreign/made/designs.npy")).unwrap();
    let conditions =
        vae_data::npy::read::<f32>(&folder.join("foreign/made/conditions.npy")).unwrap();
    let line = |cells: Vec<f32>| {
        let cells: Vec<String> = cells.iter().map(ToString::to_string).collect();
        cells.join(",") + "\n"
    };
    let (rows, columns) = (designs.shape()[1], designs.shape()[2]);
    let flat: String = designs
        .outer_iter()
        .map(|design| {
            let cell = |at: usize| f32::from(design[[at % rows, at / rows]]) / 255.0;
            line((0..rows * columns).map(cell).collect())
        })
        .collect();
    fs::write(folder.join("foreign/designs.csv"), flat).unwrap();
    let stated: String =
        conditions.outer_iter().map(|row| line(row.iter().copied().collect())).collect();
    fs::write(
        folder.join("foreign/conditions.csv"),
        "volume_fraction,load_y\n".to_owned() + &stated,
    )
    .unwrap();
}

#[test]
fn the_commands_of_the_guide_run() {
    let folder = tempfile::tempdir().unwrap();
    write_foreign(folder.path());
    let mut run = 0;
    for name in pages() {
        for words in commands(&page(&name)) {
            assert_eq!(words[0], "vae", "{name}: the test does not know how to run {words:?}");
            let output = Command::new(env!("CARGO_BIN_EXE_vae"))
                .args(reduced(&words))
                .current_dir(folder.path())
                .output()
                .unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{name}: {}\n{stderr}", words.join(" "));
            run += 1;
        }
    }
    assert!(20 < run, "each step of the lecture is a command: {run} are");
}
