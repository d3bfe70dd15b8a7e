//! Maps of a problem at the size of its designs, which tell a model where loads act, where the
//! design is held, and how a solid plate would carry the loads.
//!
//! Lengths scale with the shorter side of the grid, in elements. Below, d is the distance from the
//! center of an element to a node, and s the shorter side.
//!
//! | map | value at an element |
//! |---|---|
//! | `load_xx`, `load_yy`, `load_xy` | load tensor: forces squared, spread over d by a Gaussian of σ = s/20 |
//! | `load_near` | exp(−3 d/s) to the nearest loaded node |
//! | `held_x`, `held_y` | exp(−8 d/s) to the nearest node that is held in this direction; 0 if none is |
//! | `prescribed` | 1 solid, −1 void or outside, 0 free |
//! | `energy` | log₁₀(e + 10⁻⁴)/1.5 for the strain energy e of the solid plate over its mean |
//! | `rank` | 4 (r − 1 + v) for the rank r of e among the n free elements, from 0 to 1 − 1/n; 0 where not free |
//! | `volume` | 4 (v − 0.4) for the share v of the free elements that is to be filled |
//! | `stress_xxxx`, `stress_yyyy`, `stress_xxyy`, `stress_xxxy`, `stress_yyxy` | components of 2 σ⊗σ/(σ² + 10⁻⁴) for the stress σ of the solid plate, σ² = σ : σ over its mean; σ⊗σ is over that mean too |
//!
//! No map depends on the unit of the forces, on the sign of a load case or on the material, except
//! for the Poisson ratio.

mod attach;
mod channels;
mod distance;
mod loads;
mod maps;
mod plate;
mod rank;

pub use attach::with_fields;
pub use channels::FieldRecipe;
pub use maps::{fields_of, problem_fields};
