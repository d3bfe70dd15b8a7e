//! Makes the built-in data set of `vae-data` and measures it.
//!
//! `cargo run -p topo-data --example make_builtin -- FOLDER ARCHIVE SAMPLE`
//!
//! FOLDER is what `vae simp generate cantilever --grid 48x96 --seed 1 --variants 8 --solver direct
//! --out FOLDER` writes; if it is there already, it is only packed and measured. ARCHIVE is the
//! packed form, SAMPLE a few designs with the beginning of their histories, which a test makes
//! again.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to a person")]

use std::{
    error::Error,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Mutex,
    time::Instant,
};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use topo_data::{
    GenerateSpec, Maker, Progress, SetQuality, Silhouette, cut_designs, generate, nearest_iou,
};
use topo_simp::Solver;
use vae_data::{DataSet, Shares, Source, SplitRule, open, split};

/// The command that makes the same designs, as the set records it.
const COMMAND: &str =
    "vae simp generate cantilever --grid 48x96 --seed 1 --variants 8 --solver direct";

/// Every so many designs one is part of the sample.
const SAMPLE_STEP: usize = 700;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [folder, archive, sample] = arguments.as_slice() else {
        return Err("usage: make_builtin FOLDER ARCHIVE SAMPLE".into());
    };
    // Direct, so that a test on any machine can hold the histories to their last digits.
    let spec = GenerateSpec { solver: Solver::Direct, ..GenerateSpec::for_family("cantilever")? };
    if !folder.exists() {
        make(&spec, folder)?;
    }
    vae_data::pack_to(folder, archive)?;
    let bytes = std::fs::metadata(archive)?.len();
    let set = open(&Source::Path(archive.clone()))?;
    println!("{bytes} bytes, {:.0} a design", bytes as f64 / set.len() as f64);
    measure(&set)?;
    std::fs::write(sample, sample_of(&set)?)?;
    Ok(())
}

/// Generates the folder, with a line every ten seconds.
fn make(spec: &GenerateSpec, folder: &Path) -> Result<(), Box<dyn Error>> {
    println!("{COMMAND}");
    let last = Mutex::new(Instant::now());
    let observer = |progress: Progress| {
        if let Ok(mut last) = last.lock()
            && last.elapsed().as_secs() >= 10
        {
            *last = Instant::now();
            eprintln!("{} of {}, {} failed", progress.done, progress.total, progress.failed);
        }
        ControlFlow::Continue(())
    };
    println!("{:#?}", generate(spec, COMMAND, folder, &observer)?);
    Ok(())
}

/// Prints the quality under one random split, and with each group held out by itself.
fn measure(set: &DataSet) -> Result<(), Box<dyn Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let random = split(set, &SplitRule::Random, Shares::default(), &mut rng)?;
    println!("random split: {:#?}", SetQuality::of(set, &random)?);

    // The hardest question for a test split: every other cell is in training.
    let all: Vec<usize> = (0..set.len()).collect();
    let cut = cut_designs(set, &all)?;
    let silhouettes: Vec<Silhouette> = cut
        .outer_iter()
        .map(|design| Silhouette::of(&design.iter().copied().collect::<Vec<_>>()))
        .collect();
    let mut near = Vec::new();
    for group in 0..=set.groups().iter().copied().max().unwrap_or(0) {
        let side = |inside: bool| -> Vec<Silhouette> {
            let chosen = all.iter().filter(|&&i| (set.groups()[i] == group) == inside);
            chosen.map(|&i| silhouettes[i].clone()).collect()
        };
        near.extend(nearest_iou(&side(true), &side(false)));
    }
    near.sort_by(f64::total_cmp);
    let at = |q: f64| near[((near.len() - 1) as f64 * q).round() as usize];
    let quantiles = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0].map(at);
    println!("each cell held out alone: {quantiles:.3?}");
    Ok(())
}

/// Makes every so many designs again, and notes the beginning of their histories.
fn sample_of(set: &DataSet) -> Result<String, Box<dyn Error>> {
    let recorded =
        set.metadata().extra.get("spec").ok_or("the set does not say how it was made")?;
    let spec: GenerateSpec = serde_json::from_value(recorded.clone())?;
    let family = spec.validate()?;
    let mut maker = Maker::new(&spec, &family)?;
    let results = set.results().ok_or("the set has no results")?;
    let column = |name| results.numbers(name, "results.csv").map(Option::unwrap_or_default);
    let (problems, variants) = (column("problem")?, column("variant")?);
    let mut sample = Vec::new();
    for design in (0..set.len()).step_by(SAMPLE_STEP) {
        let (problem, variant) = (problems[design] as usize, variants[design] as usize);
        let candidate = maker.make(problem, variant)?;
        sample.push(json!({
            "design": design,
            "problem": problem,
            "variant": variant,
            "history": candidate.history[..20],
            "compliance": candidate.compliance,
        }));
    }
    Ok(serde_json::to_string_pretty(&sample)? + "\n")
}
