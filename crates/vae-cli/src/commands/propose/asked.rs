//! What is asked for: the problem at its volume, the conditions, the reference, and where
//! candidates come from.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Result;
use ndarray::Array2;
use topo_data::{Judge, problem_at_conditions};
use topo_simp::{Problem, ProblemError};
use vae_design::{DesignError, Origin, TrustRegion};
use vae_models::Vae;
use vae_train::evaluate::posteriors;
use vae_train::explore::{conditions, prior_draws, repeated};
use vae_train::sampler::Samplers;

use super::Args;
use crate::args::{SamplerArg, fitted_samplers};
use crate::design;
use crate::failure::UsageError;
use crate::output::note;
use vae_study::Run as OpenedRun;
use vae_study::run::stored_one;

/// A design by its place: a number, for a design of the run's data, or a file, with a position
/// after a colon.
#[derive(Clone, Debug)]
pub(crate) enum NearArg {
    /// In the data.
    Data(usize),
    /// In a file.
    File(PathBuf, usize),
}

impl FromStr for NearArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(index) = text.parse() {
            return Ok(Self::Data(index));
        }
        let place = text.rsplit_once(':').and_then(|(file, index)| {
            (!Path::new(text).exists()).then(|| Some((file, index.parse().ok()?)))?
        });
        let (file, index) = place.unwrap_or((text, 0));
        Ok(Self::File(file.into(), index))
    }
}

impl std::fmt::Display for NearArg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Data(index) => write!(f, "design {index} of the data"),
            Self::File(path, 0) => write!(f, "{}", path.display()),
            Self::File(path, index) => write!(f, "{}:{index}", path.display()),
        }
    }
}

impl NearArg {
    /// The design, in the model's size.
    fn read(&self, opened: &OpenedRun) -> Result<Array2<f32>> {
        let design = match self {
            Self::Data(index) if *index < opened.data.len() => stored_one(&opened.data, *index)?,
            Self::Data(index) => {
                let n = opened.data.len();
                let message = format!("there is no design {index} in the data: there are {n}");
                return Err(UsageError::new(message).into());
            }
            Self::File(path, index) => design::read(path, *index)?.mapv(|x| x as f32),
        };
        let expected = (opened.data.height(), opened.data.width());
        if design.dim() != expected {
            let ((h, w), (height, width)) = (design.dim(), expected);
            return Err(UsageError::new(format!(
                "{self} is {h} x {w}, but the model makes designs of {height} x {width}"
            ))
            .into());
        }
        Ok(design)
    }
}

/// More than anybody looks at, and as many as are held in memory.
const MOST_PROPOSALS: usize = 1000;
const MOST_CANDIDATES: usize = 100_000;

/// A share, written `10%` or `0.1`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Percent(f64);

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A plain 10 is more likely 10 % than 1000 %.
        let (number, unit, most) = match text.strip_suffix('%') {
            Some(number) => (number, 0.01, f64::MAX),
            None => (text, 1.0, 1.0),
        };
        match number.trim().parse::<f64>() {
            Ok(value) if (0.0..=most).contains(&value) => Ok(Self(value * unit)),
            _ => Err("write it as 10% or 0.1".to_owned()),
        }
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // 0.07 · 100 is no whole number.
        write!(f, "{} %", (1e8 * self.0).round() / 1e6)
    }
}

/// What compliances are compared with.
pub(crate) enum Reference {
    /// A design that was named.
    Named {
        /// Its name.
        name: String,
        /// Its compliance, cut at the volume of the problem.
        compliance: f64,
    },
    /// The SIMP optimum.
    Optimum,
}

/// What is asked for.
pub(crate) struct Asked {
    /// What is to be designed, at the volume asked for.
    pub(crate) problem: Problem,
    /// The conditions that the model is told.
    pub(crate) conditions: Vec<f32>,
    /// Compliance of the SIMP optimum, cut.
    pub(crate) optimum: f64,
    pub(crate) reference: Reference,
    pub(crate) within: Percent,
    /// Codes in whose neighborhood candidates are drawn; none for everywhere.
    near: Vec<Vec<f64>>,
    sampler: SamplerArg,
    /// None where nothing is drawn from them.
    samplers: Option<Samplers>,
    spread: f64,
    seed: u64,
}

impl Asked {
    /// Puts together and checks what the arguments say.
    pub(crate) fn of(args: &Args, opened: &OpenedRun) -> Result<Self> {
        let candidates = args.candidates.unwrap_or(1);
        for (flag, n, most) in
            [("--count", args.count, MOST_PROPOSALS), ("--candidates", candidates, MOST_CANDIDATES)]
        {
            if !(1..=most).contains(&n) {
                return Err(UsageError::new(format!("{flag} {n} must be from 1 to {most}")).into());
            }
        }
        if !(0.0 < args.overlap && args.overlap <= 1.0) {
            let message = format!("--overlap {} must be above 0 and at most 1", args.overlap);
            return Err(UsageError::new(message).into());
        }
        if !(0.0 <= args.spread && args.spread.is_finite()) {
            let message = format!("--spread {} must be a number from 0", args.spread);
            return Err(UsageError::new(message).into());
        }
        let text = args.problem.as_deref().map(read).transpose()?;
        let conditions = told(args, opened, text.as_deref())?;
        let problem = problem(args, opened, text.as_deref(), &conditions)?;
        let (height, width) = (opened.data.height(), opened.data.width());
        if (problem.grid.nely, problem.grid.nelx) != (height, width) {
            return Err(DesignError::Grid { grid: problem.grid, height, width }.into());
        }
        let mut judge = Judge::new(problem.grid)?;
        let optimum = judge.optimum(&problem)?.compliance_cut;
        let reference = match &args.reference {
            None => Reference::Optimum,
            Some(named) => {
                let design = named.read(opened)?;
                let judged = judge.judge(&problem, design.view())?;
                let name = named.to_string();
                if !judged.loads_supported {
                    let message = format!(
                        "{name} is no reference: cut at volume {}, it does not carry the load",
                        problem.volume_fraction
                    );
                    return Err(UsageError::new(message).into());
                }
                Reference::Named { name, compliance: judged.compliance_cut }
            }
        };
        let near = near(args, opened, &conditions)?;
        let fitted = near.is_empty() && args.sampler != SamplerArg::Standard;
        Ok(Self {
            problem,
            conditions,
            optimum,
            reference,
            within: args.compliance_within,
            near,
            sampler: args.sampler,
            samplers: fitted.then(|| fitted_samplers(opened)).transpose()?,
            spread: args.spread,
            seed: args.seed,
        })
    }

    /// The compliance that a proposal is compared with.
    pub(crate) fn reference(&self) -> f64 {
        match &self.reference {
            Reference::Named { compliance, .. } => *compliance,
            Reference::Optimum => self.optimum,
        }
    }

    /// The largest compliance that a proposal may have.
    pub(crate) fn limit(&self) -> f64 {
        self.reference() * (1.0 + self.within.0)
    }

    /// The codes of some candidates, by their numbers: near the given designs in turn, from what
    /// was fitted, or from the prior.
    pub(crate) fn origins(
        &self,
        numbers: Range<usize>,
        vae: &Vae,
        region: &TrustRegion,
    ) -> Vec<Origin> {
        let draws = match &self.samplers {
            Some(samplers) => {
                let cs = repeated(&self.conditions, numbers.end);
                samplers.draws(vae, self.sampler.into(), &cs, self.seed)
            }
            None => prior_draws(region.latent_dim(), numbers.end, self.seed),
        };
        let origin = |number: usize| {
            let draw = draws.row(number).mapv(f64::from);
            if self.near.is_empty() {
                let source = if self.samplers.is_some() { "fitted" } else { "prior" };
                return Origin { source, latent: draw.to_vec() };
            }
            let mut u = region.whiten(&self.near[number % self.near.len()]);
            u.iter_mut().zip(&draw).for_each(|(u, eps)| *u += self.spread * eps);
            Origin { source: "near", latent: region.color(&u) }
        };
        numbers.map(origin).collect()
    }
}

fn read(path: &Path) -> Result<String> {
    Ok(std::fs::read_to_string(path)
        .map_err(|err| UsageError::new(format!("cannot read {}: {err}", path.display())))?)
}

/// The conditions: those that are set, the volume by whatever name the problem gives it, and the
/// training mean of the others.
fn told(args: &Args, opened: &OpenedRun, text: Option<&str>) -> Result<Vec<f32>> {
    let known = &opened.vae.config().conditions;
    let mut set = args.set.clone();
    let volume_name = text.and_then(volume_name).unwrap_or_else(|| "volume_fraction".to_owned());
    if let Some(volume) = args.volume
        && known.iter().any(|condition| condition.name == volume_name)
        && !set.iter().any(|(name, _)| *name == volume_name)
    {
        set.push((volume_name, volume as f32));
    }
    let values = conditions(&opened.vae, &set)?;
    for (condition, value) in known.iter().zip(&values) {
        if !set.iter().any(|(name, _)| *name == condition.name) {
            let name = &condition.name;
            note(format!("{name} is not set: {value}, the mean of the training designs"));
        }
    }
    Ok(values)
}

/// The condition that stands for the volume fraction in the text of a problem.
fn volume_name(text: &str) -> Option<String> {
    let table: toml::Table = toml::from_str(text).ok()?;
    Some(table.get("volume_fraction")?.as_str()?.strip_prefix('$')?.to_owned())
}

/// The problem at the conditions and the volume.
fn problem(args: &Args, opened: &OpenedRun, text: Option<&str>, values: &[f32]) -> Result<Problem> {
    let known = &opened.vae.config().conditions;
    let mut problem = if let (Some(path), Some(text)) = (&args.problem, text) {
        let value = |name: &str| {
            let column = known.iter().position(|condition| condition.name == name)?;
            // The number that was meant: 0.1, and not the nearest one of single precision.
            values[column].to_string().parse().ok()
        };
        Problem::from_toml_with(text, value).map_err(|err| match err {
            ProblemError::Volume { .. } if args.volume.is_some() => wrong_volume(args, &err),
            err => anyhow::Error::new(err).context(path.display().to_string()),
        })?
    } else {
        let stated = (opened.data.conditions().ncols() == values.len())
            .then(|| problem_at_conditions(&opened.data, values))
            .transpose()?
            .flatten();
        stated.ok_or_else(|| {
            UsageError::with_hint(
                "the data of this run state no problem",
                "name it with --problem part.toml",
            )
        })?
    };
    if let Some(volume) = args.volume {
        problem.volume_fraction = volume;
        // What is wrong with it now is wrong with the flag.
        problem.validate().map_err(|err| wrong_volume(args, &err))?;
    }
    Ok(problem)
}

fn wrong_volume(args: &Args, err: &ProblemError) -> anyhow::Error {
    UsageError::new(format!("--volume {}: {err}", args.volume.unwrap_or_default())).into()
}

/// The codes of the designs to look near.
fn near(args: &Args, opened: &OpenedRun, conditions: &[f32]) -> Result<Vec<Vec<f64>>> {
    let row = |means: &Array2<f32>| means.row(0).mapv(f64::from).to_vec();
    let codes = args.near.iter().map(|near| match near {
        NearArg::Data(index) if *index < opened.data.len() => {
            let designs = opened.designs();
            Ok(row(&posteriors(&opened.vae, &designs, &[*index], &opened.device)?.0))
        }
        near => {
            let design = near.read(opened)?;
            let mean = vae_design::encode(&opened.vae, design.view(), conditions)?;
            Ok(mean)
        }
    });
    codes.collect()
}
