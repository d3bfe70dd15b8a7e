//! The pages of `-h` and of the long flag.

use clap::{Arg, ArgAction, Command};

use crate::topics::{READING, TOPICS, Topic};

/// Heading of the flags that every command has.
pub const EVERYWHERE: &str = "Everywhere";
/// The command that looks at data: its page shows the flags of the topic.
const READER: &str = "info";

/// How much a page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// The flags.
    List,
    /// One screen: also what the command is for, and examples.
    Screen,
}

/// The commands with pages of one screen: flags in one line each where that is possible, without
/// those that a topic explains or that hide from short pages, and at the end where more is said.
pub fn on_one_screen(command: Command, length: Length) -> Command {
    paged(command, length, &mut Vec::new())
}

fn paged(command: Command, length: Length, above: &mut Vec<String>) -> Command {
    above.push(command.get_name().to_owned());
    let more = more(&command, above);
    let hides_reading = command.get_name() != READER;
    let end = match command.get_after_help() {
        Some(examples) => format!("{examples}\n\n{more}"),
        None => more.clone(),
    };
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string);
    // The first line is that of the list, and a screen goes on.
    let prose = about.and_then(|text| text.split_once("\n\n").map(|(_, rest)| rest.to_owned()));
    let help = Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::HelpShort)
        .help_heading(EVERYWHERE)
        .help("The flags, with -h; spelt out also what they are for");
    let hidden = |arg: Arg| {
        let hides = hides_reading && arg.get_help_heading() == Some(READING);
        if hides { arg.hide_short_help(true) } else { arg }
    };
    let command = command
        .mut_subcommands(|below| paged(below, length, above))
        .mut_args(hidden)
        .disable_help_flag(true)
        .arg(help);
    above.pop();
    let list = "{about-with-newline}\n{usage-heading} {usage}\n\n{all-args}{after-help}";
    let screen =
        "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";
    match (length, prose) {
        (Length::List, _) => command.help_template(list).after_help(more),
        (Length::Screen, None) => command.help_template(list).after_help(end),
        (Length::Screen, Some(prose)) => {
            command.help_template(screen).before_help(prose).after_help(end)
        }
    }
}

/// Where more is said about a command, which is the last of a path.
fn more(command: &Command, path: &[String]) -> String {
    let Some((program, path)) = path.split_first() else { return String::new() };
    if path.is_empty() {
        let topics = TOPICS.iter().map(|topic| format!("\n  {:10}  {}", topic.name, topic.title()));
        return format!(
            "Topics, such as '{program} help data':{}\n\n'{program} help COMMAND' explains every flag of a command.",
            topics.collect::<String>()
        );
    }
    let reads = command.get_arguments().any(|arg| arg.get_help_heading() == Some(READING));
    let belongs = |topic: &&Topic| {
        path.iter().any(|part| topic.commands.contains(&part.as_str()))
            || (reads && topic.name == "data")
    };
    let all = format!("{program} help {} (every flag)", path.join(" "));
    let topics = TOPICS.iter().filter(belongs).map(|topic| topic.name.to_owned());
    let topics: Vec<String> = topics.map(|name| format!("{program} help {name}")).collect();
    match (command.has_subcommands(), topics.is_empty()) {
        (true, true) => format!("More: {program} help"),
        (true, false) => format!("More: {}", topics.join(", ")),
        (false, _) => format!("More: {}", [vec![all], topics].concat().join(", ")),
    }
}
