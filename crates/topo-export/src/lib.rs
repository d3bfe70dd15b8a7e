#![doc = include_str!("../README.md")]

mod checks;
mod contours;
mod dxf;
mod error;
mod lattice;
mod png;
mod polygon;
mod prism;
mod smooth;
mod stl;
mod svg;
mod vtk;

pub use contours::{AREA_TOLERANCE, Contours};
pub use dxf::dxf;
pub use error::ExportError;
pub use png::png;
pub use prism::{Triangle, open_edges, prism};
pub use stl::stl;
pub use svg::svg;
pub use vtk::{Vtk, vtk};
