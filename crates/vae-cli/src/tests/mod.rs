//! Tests that need clap's own list of commands and arguments.

mod reference;
