//! The compliance of the design that a latent code stands for, and its gradient.

use candle_core::{DType, Tensor, Var};
use ndarray::Array2;
use topo_simp::{Optimizer, PENALTY, Problem, SimpError};
use vae_models::{Context, Vae, finite};
use vae_train::data::Given;

use crate::error::{DesignError, Result};
use crate::projection::Projection;

/// Compliance as a function of the latent code: `z → decoder → projection → finite elements`.
///
/// The volume is that of the problem for every z. The decoder runs as it does after training, in
/// its own element type, everything else in f64; a design so disconnected that its stiffness matrix
/// cannot be factorized has an infinite compliance and no gradient.
///
/// # Examples
///
/// ```
/// use candle_core::{DType, Device};
/// use topo_simp::{Grid, Problem};
/// use vae_design::{Objective, Projection};
/// use vae_models::{ModelConfig, Vae};
/// use vae_nn::Parameters;
/// use vae_train::data::Given;
///
/// let parameters = Parameters::new(1, DType::F32, Device::Cpu);
/// let vae = Vae::new(&ModelConfig::compact(8, 16, Vec::new()), parameters.var_builder())?;
/// let problem = Problem::cantilever(Grid { nelx: 16, nely: 8 }, 0.4);
/// let projection = Projection::new(&problem, 1.0, None)?;
/// let mut objective = Objective::new(&vae, &Given::repeated(&[], None, 1), &problem, &projection)?;
/// let point = objective.at(&[0.5; 32])?;
/// assert_eq!(objective.gradient(&point)?.len(), 32);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Objective<'a> {
    vae: &'a Vae,
    context: Context,
    problem: &'a Problem,
    projection: &'a Projection,
    optimizer: Optimizer,
}

/// What is known at one latent code.
#[derive(Debug)]
pub struct Point {
    /// The code.
    pub latent: Vec<f64>,
    /// Compliance of the projected design, penalty 3.
    pub compliance: f64,
    /// The design of 0 and 1 at exactly the volume of the problem, in one piece where that can be,
    /// shape (nely, nelx).
    pub cut: Array2<f32>,
    /// Derivative of the compliance by the logits, row by row.
    slope: Vec<f64>,
    variable: Var,
    logits: Tensor,
}

impl<'a> Objective<'a> {
    /// The objective of one problem; `given` is the one row of what the model is told.
    ///
    /// # Errors
    ///
    /// [`DesignError::Grid`] if the model makes designs of another size, and the solver's for a
    /// grid that is too large.
    ///
    /// # Panics
    ///
    /// If the projection is that of another grid.
    pub fn new(
        vae: &'a Vae,
        given: &Given,
        problem: &'a Problem,
        projection: &'a Projection,
    ) -> Result<Self> {
        let (height, width, grid) = (vae.config().height, vae.config().width, problem.grid);
        if (grid.nely, grid.nelx) != (height, width) {
            return Err(DesignError::Grid { grid, height, width });
        }
        assert_eq!(projection.grid(), grid, "the projection belongs to another problem");
        // Derivatives are by the code alone.
        let context = given.context(vae)?.detached();
        let optimizer = Optimizer::new(grid)?;
        Ok(Self { vae, context, problem, projection, optimizer })
    }

    /// Dimensions of the latent space.
    pub fn latent_dim(&self) -> usize {
        self.vae.config().latent_dim
    }

    /// Decodes a code, gives it its volume, and solves for the compliance.
    ///
    /// # Errors
    ///
    /// [`DesignError::LatentLength`], and the errors of decoder and solver.
    pub fn at(&mut self, latent: &[f64]) -> Result<Point> {
        let (expected, found) = (self.latent_dim(), latent.len());
        if expected != found {
            return Err(DesignError::LatentLength { expected, found });
        }
        let row = Tensor::from_slice(latent, (1, found), self.vae.device())?;
        let variable = Var::from_tensor(&row.to_dtype(self.vae.dtype())?)?;
        let logits = self.vae.decode_logits(variable.as_tensor(), &self.context, false)?;
        let logits = finite(logits, "designs")?;
        let values = logits.detach().to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
        let projected = self.projection.project(&values);
        let solved =
            self.optimizer.sensitivity(self.problem, projected.densities().view(), PENALTY);
        let solved = unless_singular(solved)?.filter(|(compliance, _)| compliance.is_finite());
        let (compliance, slope) = match solved {
            Some((compliance, gradient)) => (compliance, projected.pull_back(gradient.view())),
            None => (f64::INFINITY, vec![0.0; values.len()]),
        };
        let cut = projected.cut_whole();
        Ok(Point { latent: latent.to_vec(), compliance, cut, slope, variable, logits })
    }

    /// The derivative of the compliance by the code, by reverse differentiation of `⟨slope,
    /// logits⟩` through the decoder.
    ///
    /// # Errors
    ///
    /// Those of the tensor operations.
    pub fn gradient(&self, point: &Point) -> Result<Vec<f64>> {
        let slope = Tensor::from_slice(&point.slope, point.logits.dims(), self.vae.device())?;
        let product = (slope.to_dtype(self.vae.dtype())? * &point.logits)?.sum_all()?;
        let gradients = product.backward()?;
        match gradients.get(point.variable.as_tensor()) {
            Some(gradient) => Ok(gradient.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?),
            // A decoder of no layer that depends on the code.
            None => Ok(vec![0.0; point.latent.len()]),
        }
    }

    /// The compliance of the cut design, which is what designs are compared by.
    ///
    /// # Errors
    ///
    /// Those of the solver.
    pub fn compliance_cut(&mut self, point: &Point) -> Result<f64> {
        let cut = point.cut.mapv(f64::from);
        let solved = self.optimizer.analyze(self.problem, cut.view(), PENALTY);
        let compliance = unless_singular(solved)?.map(|analysis| analysis.compliance);
        Ok(compliance.filter(|compliance| compliance.is_finite()).unwrap_or(f64::INFINITY))
    }
}

/// What was solved for; `None` if the matrix is singular.
fn unless_singular<T>(solved: std::result::Result<T, SimpError>) -> Result<Option<T>> {
    match solved {
        Ok(solved) => Ok(Some(solved)),
        Err(SimpError::Singular { .. }) => Ok(None),
        Err(other) => Err(other.into()),
    }
}
