//! `docs/cli.md` is what clap says of the commands.

use std::path::Path;

use clap::CommandFactory;
use vae_help::{TOPICS, Topic};

use crate::Cli;

/// Set this variable to write the file anew: `UPDATE_CLI_REFERENCE=1 cargo test -p vae-cli
/// reference`.
const UPDATE: &str = "UPDATE_CLI_REFERENCE";

/// The text of a topic below a heading of the second level.
fn body(topic: &Topic) -> String {
    topic.text.replacen("# ", "**", 1).replacen('\n', "**\n", 1)
}

#[test]
fn the_reference_of_the_command_line_is_current() {
    let options = clap_markdown::MarkdownOptions::new()
        .title("The command line of `vae`".to_owned())
        .show_footer(false);
    let reference = clap_markdown::help_markdown_command_custom(&Cli::command(), &options);
    let topics =
        TOPICS.iter().map(|topic| format!("\n## Topic `{}`\n\n{}", topic.name, body(topic)));
    let reference = reference + &topics.collect::<String>();
    // Documentation is plain Markdown without blanks at the ends of lines.
    let lines: Vec<&str> = reference.lines().map(str::trim_end).collect();
    let reference = lines.join("\n").trim_end().to_owned() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &reference).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == reference,
        "docs/cli.md is out of date: {UPDATE}=1 cargo test -p vae-cli reference"
    );
}
