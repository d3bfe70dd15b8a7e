//! The role of an element.

use super::statement::PassiveKind;

/// The role of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Free,
    Passive(PassiveKind),
}

impl Cell {
    /// Whether the element counts in the volume and the filter.
    pub(crate) const fn in_domain(self) -> bool {
        !matches!(self, Self::Passive(PassiveKind::Outside))
    }

    /// Whether the element can have material.
    pub(super) const fn can_carry(self) -> bool {
        matches!(self, Self::Free | Self::Passive(PassiveKind::Solid))
    }
}
