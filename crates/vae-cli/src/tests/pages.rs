//! Pages of help: topics exist, are titled, and say what their commands leave out.

use clap::CommandFactory as _;
use vae_help::TOPICS;

use crate::Cli;

#[test]
fn every_topic_has_a_title_and_names_commands_that_exist() {
    let cli = Cli::command();
    for topic in &TOPICS {
        assert!(topic.text.starts_with("# "), "{}", topic.name);
        for line in topic.text.lines().filter(|line| line.starts_with("    vae ")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let command = cli.find_subcommand(words[1]);
            let below = command.is_some_and(|command| {
                !command.has_subcommands() || command.find_subcommand(words[2]).is_some()
            });
            assert!(below, "{}: {line}", topic.name);
        }
    }
}

/// A flag that no page of one screen shows is named by a topic.
#[test]
fn what_a_screen_leaves_out_is_in_the_full_page() {
    fn hidden(command: &clap::Command) -> Vec<clap::Arg> {
        let below = command.get_subcommands().flat_map(hidden);
        let own = command.get_arguments().filter(|arg| arg.is_hide_short_help_set());
        own.cloned().chain(below).collect()
    }
    let hidden = hidden(&Cli::command());
    assert!(20 < hidden.len());
    assert!(hidden.iter().all(|arg| !arg.is_hide_set() && !arg.is_hide_long_help_set()));
}
