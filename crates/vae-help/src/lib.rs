//! What clap knows of a command line, put into words: pages of one screen, topics, manual pages and
//! completions.
//!
//! Every function takes a [`clap::Command`] as its derive macros describe it, and returns text or
//! another command; nothing is printed. The topics are those of the program `vae`.

mod described;
mod manual;
mod pages;
mod topics;

pub use clap_complete::Shell;
pub use described::{described, hint};
pub use manual::manual_pages;
pub use pages::{EVERYWHERE, Length, on_one_screen};
pub use topics::{Explained, READING, TOPICS, Topic, Unexplained, explain};

/// The script that makes a shell complete the commands, flags and paths of a program.
pub fn completions(shell: Shell, command: clap::Command) -> String {
    let mut script = Vec::new();
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, &mut described(command), name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
