//! A square of latent space around a real design.

use std::path::Path;

use candle_core::Device;
use ndarray::{Array2, Array3};
use topo_data::problem_of;
use vae_models::Vae;
use vae_report::Marks;
use vae_train::codes::decode;
use vae_train::data::Given;
use vae_train::generate::{by_effect, conditions, square};

use crate::error::{Result, StudyError};
use crate::middle::middle;
use crate::pictures::{at_conditions, draw_square, marks};
use crate::run::{Briefing, Model, Run};

/// Which square is swept.
#[derive(Clone, Copy, Debug)]
pub struct SweepSettings<'a> {
    /// Two latent dimensions, counted from 0: across, and up; `None` for those that change the
    /// design most.
    pub dims: Option<(usize, usize)>,
    /// How far the sides are from the middle.
    pub reach: f32,
    /// Designs along each side.
    pub steps: usize,
    /// Conditions by name; the others stay at their training mean. Without any, those of the design
    /// in the middle are taken.
    pub set: &'a [(String, f32)],
}

/// Designs over a square of latent space.
pub struct Sweep {
    /// Their codes, shape (steps², latent dimensions), row by row.
    pub zs: Array2<f32>,
    /// What the model is told about each.
    pub given: Given,
    /// The designs, shape (steps², rows, columns).
    pub designs: Array3<f32>,
    dims: (usize, usize),
    marks: Option<Marks>,
    title: String,
}

impl Sweep {
    /// The two latent dimensions, across and up, counted from 1.
    pub fn dimensions(&self) -> [usize; 2] {
        [self.dims.0 + 1, self.dims.1 + 1]
    }

    /// Decodes a square around the training design whose code is nearest to the median of all, or
    /// around the mean of the prior if there are no data. If a problem is named in the briefing, or
    /// a condition set, the design in the middle only gives its code.
    ///
    /// # Errors
    /// If a condition is unknown or out of range, nothing states a problem that the model has to be
    /// told, the model has one dimension, or a design cannot be read.
    pub fn new(
        model: &Model,
        run: Option<&Run>,
        briefing: &Briefing<'_>,
        settings: SweepSettings<'_>,
    ) -> Result<Self> {
        let Model { vae, device, .. } = model;
        let middle = run.map(middle).transpose()?.flatten();
        let own = middle
            .as_ref()
            .zip(run)
            .filter(|_| settings.set.is_empty() && !briefing.names_a_problem());
        let (given, problem) = if let Some((middle, run)) = own {
            (run.designs().given(&[middle.0]), problem_of(&run.data, middle.0)?)
        } else {
            let row = conditions(vae, settings.set)?;
            (briefing.given(vae, &row)?, briefing.problem(vae, &row)?)
        };
        let dims = dims(vae, &given, device, settings.dims)?;
        let mut zs = square(vae.config().latent_dim, dims, settings.reach, settings.steps);
        if let Some((_, code)) = &middle {
            zs.rows_mut().into_iter().for_each(|mut z| z += code);
        }
        let around = match (&middle, own) {
            (Some((design, _)), Some(_)) => {
                format!("Around design {design}, whose code is nearest to the median")
            }
            (Some((design, _)), None) => {
                format!("Around the code of design {design}, which is nearest to the median")
            }
            (None, _) => "Around the mean of the prior".to_owned(),
        };
        let row = given.conditions().row(0).to_vec();
        let at = at_conditions(vae, &row, &[]);
        let title = if at.is_empty() { around } else { format!("{around},{at}") };
        let given = given.select(&vec![0; zs.nrows()]);
        let designs = decode(vae, &zs, &given, device)?;
        let marks = problem.and_then(|problem| marks(&problem).ok());
        Ok(Self { zs, given, designs, dims, marks, title })
    }

    /// Draws the square, with the coordinates at its sides.
    ///
    /// # Errors
    /// [`StudyError::Draw`].
    pub fn draw(&self, out: &Path) -> Result<()> {
        let marks = vec![self.marks.clone(); self.zs.nrows()];
        draw_square(&self.title, &self.zs, self.dims, (&self.designs, &marks), out)
    }
}

/// The dimensions asked for, or those that change the design most.
fn dims(
    vae: &Vae,
    given: &Given,
    device: &Device,
    asked: Option<(usize, usize)>,
) -> Result<(usize, usize)> {
    if let Some(dims) = asked {
        return Ok(dims);
    }
    match by_effect(vae, given, device)?.as_slice() {
        [across, up, ..] => Ok((*across, *up)),
        _ => Err(StudyError::OneDimension { latent_dim: vae.config().latent_dim }),
    }
}
