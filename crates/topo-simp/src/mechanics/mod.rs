//! The stiffness of one element: its matrix, and Young's modulus as a function of its density.

mod element;
mod modulus;

pub(crate) use element::{ElementMatrix, element_matrix, energy};
pub(crate) use modulus::Modulus;
pub use modulus::{PENALTY, VOID_STIFFNESS};
