//! What mechanics says of every design on the map, found while the page is used.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ndarray::Axis;
use topo_data::Judge;

use vae_study::run::silhouette;

use super::open::Subject;
use crate::error::Result;

/// Columns of results; unknown values are NaN.
#[derive(Debug)]
pub(crate) struct Results {
    /// `1 − IoU` with the nearest other training design.
    novelty: Mutex<Vec<f32>>,
    /// Compliance of the cut designs.
    compliance: Mutex<Vec<f32>>,
    /// Designs that are judged.
    done: AtomicUsize,
}

impl Results {
    /// Nothing is known yet.
    pub(crate) fn new(subject: &Subject) -> Self {
        let unknown = || Mutex::new(vec![f32::NAN; subject.shown.len()]);
        Self { novelty: unknown(), compliance: unknown(), done: AtomicUsize::new(0) }
    }

    /// Judges all designs, and stops early if `stop` is set; `wait` is asked between two designs and
    /// returns when nobody needs the processor.
    ///
    /// # Errors
    /// If a design or its problem cannot be read or solved.
    pub(crate) fn fill(
        &self,
        subject: &Subject,
        stop: &AtomicBool,
        mut wait: impl FnMut(),
    ) -> Result<()> {
        let mut judge: Option<Judge> = None;
        for row in 0..subject.shown.len() {
            wait();
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let known = silhouette(subject.designs.index_axis(Axis(0), row));
            if let Some((_, overlap)) = subject.nearest(&known, Some(row)) {
                locked(&self.novelty)[row] = (1.0 - overlap) as f32;
            }
            if let Some(problem) = subject.problem_of(row)? {
                let judge = match &mut judge {
                    Some(judge) => judge,
                    None => judge.insert(Judge::new(problem.grid)?),
                };
                let compliance = judge.compliance_cut(&problem, subject.stored(row)?)?;
                locked(&self.compliance)[row] = compliance as f32;
            }
            self.done.store(row + 1, Ordering::Release);
        }
        Ok(())
    }

    /// How many designs are judged, and the columns by name.
    pub(crate) fn columns(&self) -> (usize, [(&'static str, Vec<f32>); 2]) {
        let done = self.done.load(Ordering::Acquire);
        let compliance = locked(&self.compliance).clone();
        (done, [("compliance", compliance), ("novelty", locked(&self.novelty).clone())])
    }
}

/// The values, whatever became of the thread that held them.
fn locked(values: &Mutex<Vec<f32>>) -> std::sync::MutexGuard<'_, Vec<f32>> {
    values.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
