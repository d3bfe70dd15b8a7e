//! The README's examples, run with the binary that the tests built. Lines that train are shortened
//! to one epoch, the first on the built-in set and the second on a few designs like it, and
//! evaluations leave the mechanics to the tests that look at them.

use std::path::Path;
use std::process::Command;

/// The commands of the fenced `sh` blocks, one per line, without their comments.
fn commands(readme: &str) -> Vec<String> {
    let mut inside = false;
    let mut commands = Vec::new();
    for line in readme.lines() {
        match line.trim() {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside => {
                commands.push(line.split(" #").next().unwrap_or(line).trim().to_owned());
            }
            _ => {}
        }
    }
    commands.retain(|command| !command.is_empty());
    commands
}

#[test]
fn the_examples_of_the_readme_run() {
    let readme =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md"))
            .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let vae = |arguments: &[&str]| {
        let mut vae = Command::new(env!("CARGO_BIN_EXE_vae"));
        vae.args(arguments).current_dir(folder.path()).output().unwrap()
    };
    // As the built-in set, but small.
    let few = "simp generate cantilever --problems 24 --variants 2 --filter-radii 1.5 --out few";
    assert!(vae(&few.split(' ').collect::<Vec<_>>()).status.success());
    let mut run = 0;
    for command in commands(&readme) {
        let words: Vec<&str> = command.split_whitespace().collect();
        let arguments = match words.as_slice() {
            ["vae", arguments @ ..] | ["cargo", "run", "-p", "vae-cli", "--", arguments @ ..] => {
                arguments
            }
            // What CI is made of, and what only checks the built-in set, would run themselves.
            ["cargo", "xtask" | "install", ..] | ["git", ..] => {
                continue;
            }
            _ => panic!("the test does not know how to run: {command}"),
        };
        let shortened: &[&str] = match arguments[0] {
            "train" if arguments.contains(&"--latent-dim") => &["--epochs", "1", "--data", "few"],
            "train" if !arguments.contains(&"--resume") => &["--epochs", "1"],
            "evaluate" => &["--no-mechanics"],
            // A model of one epoch proposes nothing that is stiff: here SIMP does it.
            "propose" => {
                &["--compliance-within", "300%", "--count", "1", "--refine", "20", "--search", "2"]
            }
            // A server runs until it is stopped; its offline page is written and done.
            "explore" => &["--export", "page.html"],
            _ => &[],
        };
        let mut words = [arguments, shortened].concat();
        words.retain(|word| *word != "--open");
        let output = vae(&words);
        assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
        run += 1;
    }
    assert!(5 < run, "the README shows the main commands");
}
