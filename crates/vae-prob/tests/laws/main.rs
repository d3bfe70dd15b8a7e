//! What must hold for all parameters: laws by random search, identities on an exactly solvable
//! model, and statistics of seeded draws.
//!
//! Draws are seeded, so that no test fails by chance; the seeds were not chosen, and a statistic
//! may lie 4.3 standard errors off, which one seed in fifty thousand does.

#![expect(clippy::float_cmp, reason = "a law that holds exactly is asserted exactly")]
#![expect(clippy::unwrap_used, reason = "a test may fail; clippy spares only the test functions")]

mod densities;
mod divergences;
mod errors;
mod gaussian_likelihood;
mod gradients;
mod importance;
#[cfg(feature = "alloc")]
mod linear_gaussian;
mod precision;
mod statistics;
