//! Packs a data-set folder into one compressed file, as the built-in set is packed.
//!
//! `cargo run -p vae-data --example pack -- DIR OUT`

#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::path::Path;

use vae_data::{Source, open, pack_to};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, out] = &arguments[..] else { return Err("usage: pack DIR OUT".into()) };
    pack_to(Path::new(folder), Path::new(out))?;
    let set = open(&Source::Path(out.into()))?;
    let bytes = std::fs::metadata(out)?.len();
    println!("{out}: {} designs, {bytes} bytes, fingerprint {}", set.len(), set.fingerprint()?);
    Ok(())
}
