//! Data held against mechanics.

mod compliances;
mod mirrors;
mod polarity;

pub use compliances::check_compliances;
pub use mirrors::check_mirrors;
pub use polarity::check_polarity;
