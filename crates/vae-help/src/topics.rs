//! Subjects that belong to more than one command, and the full page of a command.

use clap::{Arg, Command};
use vae_base::text::nearest;

use crate::described::described;

/// Heading of the flags that the topic `data` explains.
pub const READING: &str = "How the data are read";

/// A subject that belongs to more than one command.
#[derive(Clone, Copy, Debug)]
pub struct Topic {
    /// The word that names it.
    pub name: &'static str,
    /// Markdown with one sentence on each line; the first line is its title.
    pub text: &'static str,
    /// Commands whose pages end by naming it.
    pub commands: &'static [&'static str],
}

/// All topics, in the order in which they are listed.
pub const TOPICS: [Topic; 7] = [
    topic("data", include_str!("../topics/data.md"), &["plot", "data"]),
    topic("training", include_str!("../topics/training.md"), &["train", "config"]),
    topic(
        "problems",
        include_str!("../topics/problems.md"),
        &["problem", "propose", "solve", "analyze"],
    ),
    topic(
        "mechanics",
        include_str!("../topics/mechanics.md"),
        &["analyze", "evaluate", "simp", "export"],
    ),
    topic("proposing", include_str!("../topics/proposing.md"), &["propose"]),
    topic("runs", include_str!("../topics/runs.md"), &["sample", "train", "traverse"]),
    topic("shell", include_str!("../topics/shell.md"), &["completions", "man", "doctor"]),
];

const fn topic(name: &'static str, text: &'static str, commands: &'static [&'static str]) -> Topic {
    Topic { name, text, commands }
}

impl Topic {
    /// Its first line.
    pub fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }
}

/// What there is to say about some words.
#[derive(Debug)]
pub enum Explained {
    /// Lines of a topic, to be wrapped, and a page that is laid out already; it may be empty.
    Topic(Vec<String>, String),
    /// A command whose long page has every flag.
    Command(Box<Command>),
}

/// Nothing is known under some words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexplained {
    /// The nearest command or topic; `None` if none is near.
    pub nearest: Option<String>,
}

/// Explains a topic, or a command by the words of its path.
///
/// # Errors
/// [`Unexplained`] if the words are neither.
pub fn explain(program: Command, words: &[String]) -> Result<Explained, Unexplained> {
    let mut program = described(program);
    program.build();
    if let [name] = words
        && let Some(topic) = TOPICS.iter().find(|topic| topic.name == name)
    {
        let mut lines: Vec<String> =
            topic.text.lines().map(|line| line.trim_start_matches("# ").to_owned()).collect();
        if program.find_subcommand(name).is_some() {
            lines.push(String::new());
            lines.push(format!("A command has the same name: {} {name} -h", program.get_name()));
        }
        return Ok(Explained::Topic(lines, flags(&program, name)));
    }
    let names: Vec<String> = program.get_subcommands().map(|it| it.get_name().to_owned()).collect();
    let found = words.iter().try_fold(&program, |command, word| command.find_subcommand(word));
    found.cloned().map(Box::new).map(Explained::Command).ok_or_else(|| {
        let topics = TOPICS.iter().map(|topic| topic.name);
        let word = words.first().map_or("", String::as_str);
        Unexplained { nearest: nearest(word, names.iter().map(String::as_str).chain(topics)) }
    })
}

/// The page of the flags that a topic explains; empty if these are shown by their commands.
fn flags(program: &Command, topic: &str) -> String {
    let reader = program.find_subcommand("data").and_then(|data| data.find_subcommand("info"));
    let Some(reader) = reader.filter(|_| topic == "data") else { return String::new() };
    let belongs = |arg: &&Arg| arg.get_help_heading() == Some(READING);
    let arguments = reader.get_arguments().filter(belongs).cloned();
    let mut page = Command::new("flags")
        .disable_help_flag(true)
        .help_template("{all-args}")
        .max_term_width(100)
        .args(arguments);
    page.render_help().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program() -> Command {
        let reading =
            Arg::new("layout").long("layout").help("How arrays lie").help_heading(READING);
        let info = Command::new("info").arg(reading);
        Command::new("vae")
            .subcommand(Command::new("data").subcommand(info))
            .subcommand(Command::new("train"))
    }

    fn explained(words: &[&str]) -> Result<Explained, Unexplained> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        explain(program(), &words)
    }

    #[test]
    fn a_topic_comes_before_a_command_of_its_name_and_has_its_flags() {
        let Ok(Explained::Topic(lines, flags)) = explained(&["data"]) else { panic!() };
        assert!(lines[0].starts_with("Data: ") && lines.last().unwrap().ends_with("vae data -h"));
        assert!(flags.contains("--layout"), "{flags}");
        let Ok(Explained::Topic(_, none)) = explained(&["runs"]) else { panic!() };
        assert_eq!(none, "");
    }

    #[test]
    fn a_command_is_found_by_its_path_and_a_typing_error_is_recognized() {
        let Ok(Explained::Command(info)) = explained(&["data", "info"]) else { panic!() };
        assert_eq!(info.get_name(), "info");
        let near = |words: &[&str]| explained(words).map(|_| ()).unwrap_err().nearest;
        assert_eq!(near(&["trian"]).as_deref(), Some("train"));
        assert_eq!(near(&["xyz"]), None);
        assert_eq!(near(&["train", "x"]).as_deref(), Some("train"));
    }
}
