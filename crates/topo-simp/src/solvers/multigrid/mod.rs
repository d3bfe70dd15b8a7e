//! The stiffness equations by conjugate gradients with a multigrid preconditioner, started from the
//! last solution.
//!
//! The finest level needs no matrix: the element matrix is applied in the modes of the square
//! ([`fine`]). Every coarser level has elements of twice the size, and the Galerkin product of the
//! level below as its matrix, with supports cut out of the interpolation: so supports and voids of
//! any shape are seen on every level. Grids of any size can be halved: the last elements stick out,
//! and what sticks out has no stiffness. The smoother is Jacobi's, the coarsest level is solved
//! directly. All vectors are kept, so that nothing is allocated from one design to the next.
//!
//! Reference: Amir, Aage and Lazarov, "On multigrid-CG for efficient topology optimization", 2014.

#[expect(
    clippy::inline_always,
    reason = "a kernel must be compiled inside the caller that has the vector instructions"
)]
mod banded;
#[expect(
    clippy::inline_always,
    reason = "a kernel must be compiled inside the caller that has the vector instructions"
)]
mod coarse;
#[expect(
    clippy::inline_always,
    reason = "a kernel must be compiled inside the caller that has the vector instructions"
)]
mod fine;
mod gradients;
mod layout;
mod level;
mod supports;
#[expect(
    clippy::inline_always,
    reason = "a kernel must be compiled inside the caller that has the vector instructions"
)]
mod sweeps;
mod transfer;

pub(crate) use gradients::Multigrid;
