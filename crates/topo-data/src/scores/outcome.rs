//! What became of each design, beside the reference of its problem.

use crate::judging::Judgement;

/// A design beside a reference of its problem.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What mechanics says of the design.
    pub judgement: Judgement,
    /// Compliance error at equal volume, `C / C_reference - 1`.
    pub error: f64,
}

impl Outcome {
    /// Whether the design fails: a compliance error of 100 % or more, or a load that no support
    /// holds.
    pub fn fails(&self) -> bool {
        1.0 <= self.error || !self.judgement.loads_supported
    }

    /// Whether the cut design is in several pieces, elements that share a corner being connected.
    pub fn is_in_pieces(&self) -> bool {
        self.judgement.pieces_8 != 1
    }

    /// Whether there is void under a load of the cut design.
    pub fn has_load_on_void(&self) -> bool {
        !self.judgement.loads_on_material
    }
}
