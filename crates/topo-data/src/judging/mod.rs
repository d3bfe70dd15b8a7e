//! What can be said of one design: its pieces, its members, its loads, its compliance.

mod bound;
mod contact;
mod domain;
mod free_ends;
mod geometry;
mod judge;
mod optimum;
mod pieces;
mod problem_of;
mod silhouette;
mod skeleton;
mod stated;
mod topology;
mod whole;

pub use bound::SOFTEST;
pub use contact::{Contacts, LoadPlace};
pub use domain::Domain;
pub use geometry::{checkerboard, member_size};
pub use judge::{Inspection, Judge, Judgement, Refinement, UniformStart};
pub use optimum::{Flaw, Optimum};
pub use pieces::{Components, Connectivity, components, holes, one_piece_share};
pub use problem_of::{problem_at_conditions, problem_of};
pub use silhouette::{Silhouette, nearest_iou};
pub use skeleton::depth;
pub use stated::StatedProblems;
pub use topology::{Hole, Topology, smallest_hole};
