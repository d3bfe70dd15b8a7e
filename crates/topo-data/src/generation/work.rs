//! The work of a generation: jobs in parallel, written down as they finish.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Mutex, PoisonError},
};

use rayon::prelude::*;

use super::{
    candidate::Maker,
    log::{Log, Outcome},
    report::Progress,
    spec::GenerateSpec,
};
use crate::{
    error::{Result, TopoDataError},
    families::Family,
};

/// Is told how far the work is, from any thread, and may stop it.
pub(super) type Observer<'a> = dyn Fn(Progress) -> ControlFlow<()> + Sync + 'a;

/// Outcomes by problem and variant.
pub(super) type Outcomes = BTreeMap<(usize, usize), Outcome>;

/// What is written down as jobs finish.
pub(super) struct Book {
    pub(super) log: Log,
    pub(super) outcomes: Outcomes,
    pub(super) replayed: usize,
    pub(super) total: usize,
    pub(super) failed: usize,
}

/// Does the jobs, one on each thread, and returns the book with all of them.
pub(super) fn run(
    spec: &GenerateSpec,
    family: &Family,
    observer: &Observer<'_>,
    book: Book,
    jobs: Vec<(usize, usize)>,
) -> Result<Book> {
    let work = Work { spec, family, observer, makers: Mutex::default(), book: Mutex::new(book) };
    work.observe()?;
    jobs.into_iter().par_bridge().try_for_each(|job| work.run(job))?;
    Ok(work.book.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// What the threads of a generation share.
struct Work<'a> {
    spec: &'a GenerateSpec,
    family: &'a Family,
    observer: &'a Observer<'a>,
    /// Idle solvers, at most one for each thread.
    makers: Mutex<Vec<Maker<'a>>>,
    book: Mutex<Book>,
}

impl Work<'_> {
    /// Does one job and writes it down.
    fn run(&self, (problem, variant): (usize, usize)) -> Result<()> {
        let resting = self.makers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let maker = resting.map_or_else(|| Maker::new(self.spec, self.family), Ok);
        let made = maker.and_then(|mut maker| {
            let go_on = || match self.observe() {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            };
            let made = match self.spec.keep_iterates {
                Some(count) => maker.iterates(problem, variant, count, &go_on),
                None => maker
                    .make_while(problem, variant, &go_on)
                    .map(|candidate| candidate.map(|candidate| vec![candidate])),
            };
            self.makers.lock().unwrap_or_else(PoisonError::into_inner).push(maker);
            made
        });
        let outcome = match made {
            Ok(Some(candidates)) => Outcome::Made(candidates),
            // The observer has asked for it.
            Ok(None) => return Err(self.stopped()),
            Err(TopoDataError::Simp(error)) => {
                Outcome::Failed { problem, variant, reason: error.to_string() }
            }
            Err(other) => return Err(other),
        };
        {
            let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
            book.log.append(&outcome)?;
            book.failed += usize::from(matches!(outcome, Outcome::Failed { .. }));
            book.outcomes.insert(outcome.key(), outcome);
        }
        self.observe()
    }

    /// Tells the observer how far the work is.
    fn observe(&self) -> Result<()> {
        match (self.observer)(self.progress()) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(self.stopped()),
        }
    }

    fn progress(&self) -> Progress {
        let book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        let (done, total) = (book.outcomes.len(), book.total);
        Progress { done, replayed: book.replayed, total, failed: book.failed }
    }

    fn stopped(&self) -> TopoDataError {
        let Progress { done, total, .. } = self.progress();
        TopoDataError::Stopped { done, total }
    }
}
