//! What passive elements have to be.

use crate::{
    code::Code,
    problem::{Cell, PassiveKind},
};

/// Gives passive elements the physical density that they have to have.
pub(super) fn hold_physical(cells: &[Cell], code: Code, physical: &mut [f64]) {
    let least = code.least_density();
    for (x, cell) in physical.iter_mut().zip(cells) {
        match cell {
            Cell::Free => {}
            Cell::Passive(PassiveKind::Solid) => *x = 1.0,
            Cell::Passive(PassiveKind::Void | PassiveKind::Outside) => *x = least,
        }
    }
}

/// Gives the design variables that the code keeps fixed their values.
pub(super) fn hold_design(cells: &[Cell], code: Code, design: &mut [f64]) {
    let least = code.least_density();
    for (x, cell) in design.iter_mut().zip(cells) {
        match (cell, code) {
            (Cell::Passive(PassiveKind::Outside), _)
            | (Cell::Passive(PassiveKind::Void), Code::Top99) => *x = least,
            (Cell::Passive(PassiveKind::Solid), Code::Top99) => *x = 1.0,
            _ => {}
        }
    }
}
