//! Rounds of re-encoding, which pull a draw to where designs are.

use candle_core::{DType, Tensor};
use ndarray::{Array2, Array3, Axis};
use topo_data::Domain;
use vae_models::{Context, Vae, finite};
use vae_train::data::Given;

use crate::error::Result;

/// Codes per pass; no result depends on it.
const BATCH: usize = 64;

/// Designs of exact volume, and the codes that they were decoded from.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Codes, (N, Z).
    pub codes: Array2<f32>,
    /// Designs of 0 and 1 at exactly the volume of their problem, (N, H, W).
    pub designs: Array3<f32>,
    /// Rounds until the design stayed as it was, of each; the number asked for if it never did.
    pub rounds: Vec<usize>,
}

/// Decodes codes (N, Z) into designs of exact volume, and in each of at most `rounds` rounds
/// encodes the designs and decodes the means of their posteriors again; a design that a round
/// leaves as it is stays.
///
/// It is a walk along the model's own joint distribution of codes and designs, with the mean in
/// place of a draw from q(z|x): designs that look like the data reproduce themselves, and what does
/// not is moved towards them. `given` and `domains` have one row for each code. It helps only a
/// model that knows the problem; another model moves designs to what is common instead.
///
/// # Errors
/// [`crate::DesignError::Model`] for codes that are not the model's, and
/// [`crate::DesignError::Told`] for conditions or fields that are not.
///
/// # Panics
/// If there is not one row and one domain for each code.
///
/// # References
/// Rezende, Mohamed & Wierstra 2014, "Stochastic backpropagation and approximate inference in deep
/// generative models", appendix F.
pub fn settle(
    vae: &Vae,
    given: &Given,
    domains: &[Domain],
    codes: &Array2<f32>,
    rounds: usize,
) -> Result<Settled> {
    let n = codes.nrows();
    assert!(n == given.len() && n == domains.len(), "one row and one domain for each code");
    let (height, width) = (vae.config().height, vae.config().width);
    let mut settled = Settled {
        codes: codes.clone(),
        designs: Array3::zeros((n, height, width)),
        rounds: vec![0; n],
    };
    let all: Vec<usize> = (0..n).collect();
    for rows in all.chunks(BATCH) {
        let mut context = given.select(rows).context(vae)?;
        settled.decode(vae, &context, domains, rows)?;
        let mut moving = rows.to_vec();
        for _ in 0..rounds {
            settled.encode(vae, &context, &moving)?;
            let changed = settled.decode(vae, &context, domains, &moving)?;
            if changed.is_empty() {
                break;
            }
            if changed.len() < moving.len() {
                context = context.select(&changed)?;
                moving = changed.iter().map(|&position| moving[position]).collect();
            }
            for &row in &moving {
                settled.rounds[row] += 1;
            }
        }
    }
    Ok(settled)
}

impl Settled {
    /// Replaces the codes of some rows by the posterior means of their designs.
    fn encode(&mut self, vae: &Vae, context: &Context, rows: &[usize]) -> Result<()> {
        let designs = self.designs.select(Axis(0), rows);
        let (n, height, width) = designs.dim();
        let pixels: Vec<f32> = designs.iter().copied().collect();
        let xs = Tensor::from_vec(pixels, (n, 1, height, width), vae.device())?;
        let mean = vae.encode(&xs.to_dtype(vae.dtype())?, context, false)?.mean;
        let means: Vec<Vec<f32>> = mean.to_dtype(DType::F32)?.to_vec2()?;
        for (&row, mean) in rows.iter().zip(means) {
            self.codes.row_mut(row).iter_mut().zip(mean).for_each(|(code, mean)| *code = mean);
        }
        Ok(())
    }

    /// Decodes the codes of some rows and cuts the designs; returns the positions, among these
    /// rows, of those that changed.
    fn decode(
        &mut self,
        vae: &Vae,
        context: &Context,
        domains: &[Domain],
        rows: &[usize],
    ) -> Result<Vec<usize>> {
        let codes: Vec<f32> = self.codes.select(Axis(0), rows).iter().copied().collect();
        let shape = (rows.len(), self.codes.ncols());
        let zs = Tensor::from_vec(codes, shape, vae.device())?.to_dtype(vae.dtype())?;
        let logits = finite(vae.decode_logits(&zs, context, false)?, "designs")?;
        let logits = logits.to_dtype(DType::F32)?;
        let logits: Vec<Vec<f32>> = logits.flatten_from(1)?.to_vec2()?;
        let mut changed = Vec::new();
        for (position, (&row, logits)) in rows.iter().zip(logits).enumerate() {
            let cut = domains[row].cut(&logits);
            let mut design = self.designs.index_axis_mut(Axis(0), row);
            if design.iter().ne(&cut) {
                design.iter_mut().zip(cut).for_each(|(cell, value)| *cell = value);
                changed.push(position);
            }
        }
        Ok(changed)
    }
}
