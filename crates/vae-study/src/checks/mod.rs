//! Data held against mechanics.

mod compliances;
mod cuts;
mod mirrors;
mod places;
mod polarity;
mod statement;
mod turns;
mod volumes;

pub use compliances::check_compliances;
pub use cuts::check_cuts;
pub use mirrors::mirrors;
pub use places::moved_supports;
pub use polarity::check_polarity;
pub use statement::check_problem;
pub use volumes::check_volumes;
