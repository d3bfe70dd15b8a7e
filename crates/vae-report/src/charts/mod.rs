//! Axes, curves and color bars.

pub(crate) mod axis;
pub(crate) mod chart;
pub(crate) mod color_bar;
pub(crate) mod panel;
