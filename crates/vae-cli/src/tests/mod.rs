//! Tests that need clap's own list of commands and arguments.

mod flags;
mod pages;
mod reference;
mod shell;
