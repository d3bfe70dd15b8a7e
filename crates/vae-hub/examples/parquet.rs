//! Writes the data-set folder of Parquet files: `cargo run -p vae-hub --features hub --example
//! parquet -- FILE… FOLDER`.

use std::path::PathBuf;

use vae_hub::hub::{Reading, convert_parquet};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let out = files.pop().filter(|_| !files.is_empty()).ok_or("give Parquet files and a folder")?;
    let fetched = convert_parquet(&files, &Reading::default(), &out, &mut |_| {})?;
    #[expect(clippy::print_stdout, reason = "an example says what it did")]
    {
        println!("{} files in {}", fetched.receipt.files.len(), out.display());
    }
    Ok(())
}
