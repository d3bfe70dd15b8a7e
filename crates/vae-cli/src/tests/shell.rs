//! Completions and manual pages.

use clap::{CommandFactory as _, ValueEnum as _, ValueHint};
use vae_help::{Shell, completions, described, hint};

use crate::Cli;

/// Every argument of a command and of those below it.
fn arguments(command: &clap::Command) -> Vec<clap::Arg> {
    let below = command.get_subcommands().flat_map(arguments);
    command.get_arguments().cloned().chain(below).collect()
}

#[test]
fn what_is_a_path_is_completed_as_one() {
    let cli = described(Cli::command());
    let arguments = arguments(&cli);
    let paths = arguments.iter().filter(|arg| arg.get_value_hint() != ValueHint::Unknown);
    assert!(40 < paths.count());
    for arg in &arguments {
        let hinted = hint(arg);
        let name = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
        // A path by its type has a hint of its own; ours says whether it is a folder.
        let is_path = arg.get_value_hint() != ValueHint::Unknown;
        assert_eq!(is_path, hinted.is_some(), "{} {name:?}", arg.get_id());
    }
}

#[test]
fn every_shell_gets_a_script_that_names_commands_and_flags() {
    for shell in Shell::value_variants() {
        let script = completions(*shell, Cli::command());
        for word in ["propose", "latent-dim", "interpolate"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}
