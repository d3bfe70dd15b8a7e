//! Opening a source: what a caller says about it, what is found out, and the steps from files to
//! designs (list, decode, cut, color, scale, polarity, bin, resize, label, group).

mod archives;
mod arrays;
mod axes;
mod axis_evidence;
mod beside;
mod bin;
pub(crate) mod choices;
mod color_map;
mod coloring;
mod conditions_file;
mod elements;
mod facts;
mod folder;
mod frame;
mod grouping;
mod labels;
pub(crate) mod layout;
mod listing;
mod mnist;
pub(crate) mod open;
pub(crate) mod pack;
pub(crate) mod pattern;
mod pictures;
mod pieces;
mod plot;
mod points;
mod polarity;
pub(crate) mod problem_file;
pub(crate) mod reading;
mod scale;
pub(crate) mod setting;
mod shades;
pub(crate) mod source;
mod unpack;
mod vectors;
