//! What designs tell of the problem that they were made for: supports and loads, as guesses.

mod loads;
mod places;
mod rank;
mod reduced;
mod statement;
mod uniformity;

pub use loads::LoadGuess;
pub use rank::{ProblemGuess, SupportGuess, guess_problem};
