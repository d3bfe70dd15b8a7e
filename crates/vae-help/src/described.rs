//! Commands with help in plain text, whose arguments tell a shell what completes them.

use clap::builder::StyledStr;
use clap::{Arg, Command, ValueHint};

/// A command whose help has quotes where its source, which is Markdown, has backticks, and whose
/// arguments tell a shell what completes them.
pub fn described(command: Command) -> Command {
    let plain = |text: &StyledStr| text.to_string().replace('`', "'");
    let mut command = command.mut_subcommands(described).mut_args(|arg| {
        let (help, long) = (arg.get_help().map(plain), arg.get_long_help().map(plain));
        let arg = help.into_iter().fold(arg, Arg::help);
        let arg = long.into_iter().fold(arg, Arg::long_help);
        hint(&arg).into_iter().fold(arg, Arg::value_hint)
    });
    if let Some(about) = command.get_about().map(plain) {
        command = command.about(about);
    }
    match command.get_long_about().map(plain) {
        Some(about) => command.long_about(about),
        None => command,
    }
}

/// What completes an argument, by the name of its value; `None` if that is no path.
pub fn hint(arg: &Arg) -> Option<ValueHint> {
    match arg.get_value_names()?.first()?.as_str() {
        "DIR" => Some(ValueHint::DirPath),
        "FILE" | "FILE.png" | "PARTS" | "CODES" => Some(ValueHint::FilePath),
        // A folder or a file, or a name that is typed.
        "RUN" | "SOURCE" | "DESIGN" | "PROBLEM" | "FAMILY" | "PATH" => Some(ValueHint::AnyPath),
        "SITE" => Some(ValueHint::Url),
        _ => None,
    }
}
