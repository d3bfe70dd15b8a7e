//! `vae weights`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Subcommand;
use serde::Serialize;
use serde_json::json;
use vae_base::files::write;
use vae_data::Size;
use vae_models::{ConditionStats, to_pytorch_tutorial};
use vae_study::Model;
use vae_study::run::Imported;
use vae_train::{Layer, RunFolder, Told};

use crate::args::ModelArgs;
use crate::failure::UsageError;
use crate::machine::manifest;
use crate::output::{json, line, shown, typed};
use crate::reading::{ReadingArgs, absolute_source, open_data};

/// Exchange weights with PyTorch
#[derive(Subcommand)]
pub(crate) enum Command {
    Export(ExportArgs),
    Import(Box<ImportArgs>),
}

/// Write the weights of a run for PyTorch
///
/// `pytorch-tutorial` has the names of the lecture's classes, which load the file with
/// `load_state_dict(strict=True)`. The caller of the classes standardizes the condition: its mean
/// and deviation are printed, and stored in the metadata of the file.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae weights export runs/tutorial-tutorial-conv-1 --out cvae.safetensors

In Python:
  from safetensors.torch import load_file
  model.load_state_dict(load_file(\"cvae.safetensors\"), strict=True)")]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Names of the tensors
    #[arg(long, value_enum, default_value = "pytorch-tutorial")]
    format: Format,
    /// File to write
    #[arg(long, value_name = "FILE", default_value = "weights.safetensors")]
    out: PathBuf,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// As in the lecture's classes
    PytorchTutorial,
}

/// Make a run from weights of PyTorch
///
/// Reads a safetensors file with the names of the lecture's classes, with any widths and number of
/// latents. State what the tensors do not tell: the size of the designs, and the conditions with
/// the mean and deviation that they were standardized by and the range of the training designs.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  vae weights import cvae.safetensors --preset tutorial-conv --condition volume_percent=52.0163,27.7679,5,99 --out runs/lecture
  vae weights import mlp.safetensors --preset tutorial-mlp --size 126x349 --out runs/lecture-mlp

In Python, from a checkpoint of the lecture:
  from safetensors.torch import save_file
  save_file(model.state_dict(), \"cvae.safetensors\")")]
pub(crate) struct ImportArgs {
    /// The weights
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Which of the lecture's models: tutorial-conv, tutorial-mlp
    #[arg(long, value_name = "NAME")]
    preset: String,
    /// Rows x columns of the designs [default: 128x128 for tutorial-conv, 126x349 for tutorial-mlp]
    #[arg(long, value_name = "HxW")]
    size: Option<Size>,
    /// A condition in its order, NAME=MEAN,DEVIATION,MIN,MAX of the training designs; may be
    /// repeated
    #[arg(long = "condition", value_name = "NAME=MEAN,STD,MIN,MAX", value_parser = condition)]
    conditions: Vec<ConditionStats>,
    /// Data that the weights were trained on, for commands that need them
    #[arg(long, value_name = "SOURCE")]
    data: Option<String>,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Folder of the new run
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Reads `NAME=MEAN,STD,MIN,MAX`.
fn condition(text: &str) -> Result<ConditionStats, String> {
    let parse = || {
        let (name, numbers) = text.split_once('=')?;
        let numbers: Option<Vec<f64>> =
            numbers.split(',').map(|number| number.trim().parse().ok()).collect();
        let &[mean, std, min, max] = numbers?.as_slice() else { return None };
        let (min, max) = (min as f32, max as f32);
        (0.0 < std && min <= max).then(|| ConditionStats {
            name: name.to_owned(),
            unit: String::new(),
            mean,
            std,
            min,
            max,
        })
    };
    parse().ok_or_else(|| {
        "write it as NAME=MEAN,STD,MIN,MAX, the deviation positive, such as volume_percent=52.0163,27.7679,5,99"
            .to_owned()
    })
}

pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Export(args) => export(args),
        Command::Import(args) => import(args),
    }
}

fn export(args: &ExportArgs) -> Result<ExitCode> {
    let Model { vae, parameters, .. } = args.model.open()?;
    let Format::PytorchTutorial = args.format;
    write(&args.out, &to_pytorch_tutorial(&vae, &parameters)?)?;
    let model = vae.config();
    json(&json!({
        "file": shown(&args.out), "weights": parameters.elem_count(), "height": model.height,
        "width": model.width, "latent_dim": model.latent_dim, "conditions": model.conditions,
    }))?;
    line(format!(
        "{}: {} weights for designs of {} x {}, {} latents",
        shown(&args.out),
        parameters.elem_count(),
        model.height,
        model.width,
        model.latent_dim
    ))?;
    for ConditionStats { name, mean, std, .. } in &model.conditions {
        line(format!("{name} is given as ({name} - {mean}) / {std}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The settings of a run whose weights come from elsewhere.
#[derive(Serialize)]
struct ImportedData<'a> {
    source: String,
    told: Told,
    reading: &'a ReadingArgs,
}

fn import(args: &ImportArgs) -> Result<ExitCode> {
    if args.file.is_dir() || !args.file.exists() {
        let message = format!("there is no file {}", args.file.display());
        return Err(UsageError::new(message).into());
    }
    let source = args.data.as_deref().map(absolute_source).transpose()?;
    let names: Vec<String> = args.conditions.iter().map(|c| c.name.clone()).collect();
    let told = if names.is_empty() { Told::None } else { Told::Named(names) };
    let data = ImportedData { source: source.unwrap_or_default(), told, reading: &args.reading };
    let settings = Layer::new(&BTreeMap::from([("data", data)]))?;
    let size = args.size.map(|size| (size.height, size.width));
    let (preset, conditions) = (&args.preset, args.conditions.clone());
    let imported = Imported::read(&args.file, preset, size, conditions, &settings)
        .with_context(|| format!("--preset {preset} with {} conditions", args.conditions.len()))?;

    let reading = &imported.config.data.reading;
    let data = args.data.as_deref().map(|source| open_data(source, reading)).transpose()?;
    let fingerprint = data.as_ref().map(vae_data::DataSet::fingerprint).transpose()?;
    let manifest = manifest(fingerprint.unwrap_or_default(), imported.config.seed);
    let folder = RunFolder::vacant(&args.out)?;
    imported.write(&folder, data.as_ref(), &manifest)?;
    let model = imported.model.vae.config();
    json(&json!({
        "run": shown(folder.root()), "height": model.height, "width": model.width,
        "latent_dim": model.latent_dim, "conditions": model.conditions,
    }))?;
    line(format!(
        "{}: a model of designs of {} x {} with {} latents",
        shown(folder.root()),
        model.height,
        model.width,
        model.latent_dim
    ))?;
    let root = typed(folder.root());
    line(format!("try next:\n  vae sample {root}\n  vae traverse {root}"))?;
    Ok(ExitCode::SUCCESS)
}
