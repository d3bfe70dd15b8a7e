//! Manual pages.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::described::described;

/// A manual page for each command of a program: its name, such as `vae-train.1`, and its bytes.
///
/// # Errors
/// None that a vector in memory could give.
pub fn manual_pages(program: Command) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut program = described(program);
    program.build();
    let mut pages = Vec::new();
    add(&program, &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    pages.push((format!("{name}.1"), page(command)?));
    command.get_subcommands().try_for_each(|below| add(below, pages))
}

/// What stands at the foot of each page.
const SOURCE: &str = concat!("vae ", env!("CARGO_PKG_VERSION"));

/// A page; examples keep their lines.
fn page(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone()).manual("Manual of vae").source(SOURCE);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    if command.get_arguments().next().is_some() {
        man.render_options_section(&mut page)?;
    }
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(examples) = command.get_after_help() {
        let mut notes = Roff::new();
        notes.control("SH", ["NOTES"]).control("nf", []);
        examples.to_string().lines().for_each(|line| {
            notes.text([roman(line)]);
        });
        notes.control("fi", []).to_writer(&mut page)?;
    }
    Ok(page)
}
