//! The shell: completions, manual pages, help of one screen, JSON, silence and colors.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::process::{Command, Stdio};

use serde_json::Value;
use support::{Bench, Ran, bytes};

#[test]
fn bash_completes_commands_and_values() {
    let bench = Bench::empty();
    let script = bench.vae("completions bash").succeeds();
    assert!(script.stderr.is_empty(), "{}", script.stderr);
    std::fs::write(bench.path("vae.bash"), &script.stdout).unwrap();
    // Where there is no bash, nothing can be tried.
    let ask = |words: &str, at: usize| {
        let script = format!(
            "source vae.bash; COMP_WORDS=({words}); COMP_CWORD={at}; _vae vae '' ''; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let mut bash = Command::new("bash");
        bash.args(["-c", &script]).current_dir(bench.path("")).stderr(Stdio::null());
        bash.output().ok().map(|ran| String::from_utf8_lossy(&ran.stdout).into_owned())
    };
    if let Some(found) = ask("vae pro", 1) {
        assert!(found.lines().any(|word| word == "problem"), "{found}");
    }
    if let Some(found) = ask("vae train --objective", 2) {
        assert!(found.lines().any(|word| word == "--objective"), "{found}");
    }
    assert_eq!(bench.vae("completions tcsh").code, Some(2), "no such shell");
}

#[test]
fn every_command_has_a_manual_page() {
    let bench = Bench::empty();
    let said = bench.vae("man --out pages").succeeds().stdout;
    let files: Vec<_> = std::fs::read_dir(bench.path("pages")).unwrap().flatten().collect();
    assert!(said.starts_with(&format!("{} pages in pages", files.len())), "{said}");
    let page = |name: &str| std::fs::read_to_string(bench.path("pages").join(name)).unwrap();
    for name in ["vae.1", "vae-train.1", "vae-simp-solve.1", "vae-weights-import.1"] {
        assert!(page(name).starts_with(".ie"), "{name}");
    }
    let train = page("vae-train.1");
    assert!(train.contains("latent") && train.contains(".nf\nExamples:\n  vae train\n"), "{train}");
    assert!(!train.contains('`'), "quotes instead of the marks of Markdown");
}

/// All commands with those below them, as words.
fn commands(bench: &Bench) -> Vec<String> {
    bench.vae("man --out pages").succeeds();
    let files = std::fs::read_dir(bench.path("pages")).unwrap().flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().replace(".1", ""));
    let known = |name: &str| name.replacen("vae", "", 1).replace("from-designs", "from designs");
    let mut found: Vec<String> = names
        .map(|name| known(&name).replace('-', " ").replace("from designs", "from-designs"))
        .collect();
    found.sort();
    found
}

/// The longest help is one screen, whatever the command.
#[test]
fn help_fits_on_a_screen_and_names_where_more_is() {
    let bench = Bench::empty();
    let commands = commands(&bench);
    assert!(35 < commands.len(), "{commands:?}");
    let mut long = Vec::new();
    for command in &commands {
        for flag in ["--help", "-h"] {
            let mut asked = bench.command(&format!("{command} {flag}"));
            let ran = Ran::of(&asked.env("COLUMNS", "100").output().unwrap()).succeeds();
            let lines = ran.stdout.lines().count();
            if 60 < lines {
                long.push(format!("vae{command} {flag}: {lines} lines"));
            }
            assert!(ran.stdout.contains("vae help"), "vae{command} {flag}: {}", ran.stdout);
            assert!(!ran.stdout.contains('`'), "vae{command} {flag}: {}", ran.stdout);
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

/// Commands that result in something, in an order in which each finds what it needs, and a key of
/// its object.
const RESULTS: [(&str, &str); 29] = [
    ("train --data beams --epochs 2 --latent-dim 2 --batch-size 8 --run run", "run"),
    ("train --resume run", "ended"),
    ("evaluate run --samples 2 --no-mechanics", "iou"),
    ("reconstruct run --count 2", "picture"),
    ("sample run --count 2 --out samples", "designs"),
    ("interpolate run --steps 3 --out walk", "files"),
    ("traverse run --steps 2 --out square", "dimensions"),
    ("plot curves run --out curves.png", "picture"),
    ("plot latent run --out latent.png", "deviations"),
    ("plot samples beams --count 3 --out shown", "pictures"),
    ("outliers run --count 2 --out unusual", "designs"),
    ("encode run --out z.npz", "codes"),
    ("decode run z.npz --out decoded.npz", "file"),
    ("analyze beams --design 0 --no-optimum", "designs"),
    ("export beams --design 0 --to svg --out one.svg", "file"),
    ("data info beams", "n"),
    ("data convert beams --out copied", "conditions"),
    ("data fetch builtin", "designs"),
    ("problem new task.toml --nelx 24 --nely 12", "file"),
    ("problem check task.toml", "states"),
    ("problem from-designs beams --count 4 --out guessed.toml", "supports"),
    ("problem check guessed.toml", "states"),
    ("config init study.toml", "file"),
    ("config show --config study.toml --data beams", "origins"),
    ("doctor", "locks"),
    ("simp solve mbb --nelx 12 --nely 6 --max-iterations 3", "compliance"),
    ("explore run --export page.html", "bytes"),
    ("bench decode --batch-size 1 --count 2", "gflops"),
    ("man --out pages", "pages"),
];

#[test]
fn json_is_one_object_and_quiet_is_silent() {
    let bench = Bench::new();
    for (command, key) in RESULTS {
        let ran = bench.vae(&format!("{command} --json --quiet")).succeeds();
        let object: Value = serde_json::from_str(&ran.stdout)
            .unwrap_or_else(|err| panic!("{command}: {err}: {}", ran.stdout));
        assert!(object.get(key).is_some(), "{command}: {object}");
        let warnings = ran.stderr.lines().filter(|line| line.contains("warning: "));
        assert_eq!(warnings.count(), ran.stderr.lines().count(), "{command}: {}", ran.stderr);
    }
    assert!(!bytes(&bench.path("one.svg")).is_empty(), "the files are written all the same");
    let both = bench.vae("config show run --epochs 3");
    assert_eq!(both.code, Some(2), "{}", both.stderr);
    // Without the flag there is something to leave out, and an error is always said.
    let spoken = bench.vae("evaluate run --samples 2 --no-mechanics").succeeds();
    assert!(spoken.stderr.contains("report: "), "{}", spoken.stderr);
    let wrong = bench.vae("evaluate nowhere --quiet --json");
    assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(2), ""));
    assert!(wrong.stderr.starts_with("vae: "), "{}", wrong.stderr);
}

/// A guess on weak evidence is said even to those who want to hear nothing.
#[test]
fn a_warning_is_not_silenced() {
    let bench = Bench::new();
    let said =
        |flag: &str| bench.vae(&format!("data info beams/designs.npy --conditions none {flag}"));
    let (spoken, quiet) = (said("").succeeds(), said("--quiet --json").succeeds());
    assert!(spoken.stderr.contains("is material"), "{}", spoken.stderr);
    assert!(
        quiet.stderr.contains("warning: ") && !quiet.stderr.contains("is material"),
        "{}",
        quiet.stderr
    );
}

#[test]
fn no_color_switches_colors_off() {
    let bench = Bench::empty();
    let help = |variables: &[(&str, &str)]| {
        let mut command = bench.command("train --help");
        command.env_remove("NO_COLOR").envs(variables.iter().copied());
        Ran::of(&command.output().unwrap()).succeeds().stdout
    };
    let forced = ("CLICOLOR_FORCE", "1");
    assert!(help(&[forced]).contains('\u{1b}'), "colors can be forced, else nothing is tried");
    assert!(!help(&[forced, ("NO_COLOR", "1")]).contains('\u{1b}'));
    assert!(!help(&[]).contains('\u{1b}'), "a pipe gets no colors");
}
