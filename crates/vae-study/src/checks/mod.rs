//! Data held against mechanics.

mod compliances;
mod mirrors;

pub use compliances::check_compliances;
pub use mirrors::check_mirrors;
