//! How often the problem of a set is guessed right: `cargo run -p topo-data --example
//! guess_families -- SEEDS`. Sets of families whose problems are known are generated, and guessed
//! from their designs alone.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::ops::ControlFlow;

use topo_data::{GenerateSpec, generate, guess_problem};
use vae_data::{Source, open};

/// A family, its grid, a word of its true supports, and one of its true load.
const TRUTH: [(&str, usize, usize, &str, &str); 4] = [
    ("cantilever", 24, 48, "the left edge is clamped", "right edge"),
    ("mbb-half", 16, 48, "half a beam: symmetry on the left", "top edge"),
    ("mbb-full", 16, 64, "a pin and a roller at the lower corners", "top edge"),
    ("bridge", 20, 40, "lower", "from side to side"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let seeds: u64 = std::env::args().nth(1).map_or(Ok(1), |text| text.parse())?;
    for (family, height, width, supports, load) in TRUTH {
        for seed in 1..=seeds {
            let folder = tempfile::tempdir()?;
            let out = folder.path().join("set");
            let spec = GenerateSpec {
                height,
                width,
                seed,
                problems: Some(24),
                variants: 1,
                ..GenerateSpec::for_family(family)?
            };
            generate(&spec, "", &out, &|_| ControlFlow::Continue(()))?;
            let guess = guess_problem(&open(&Source::Path(out))?, 16)?;
            let right = guess.supports[0].words.contains(supports);
            let loaded = guess.load.words().contains(load);
            println!("{family}, seed {seed}: supports {right}, load {loaded}");
            println!("{}", guess.to_toml());
        }
    }
    Ok(())
}
