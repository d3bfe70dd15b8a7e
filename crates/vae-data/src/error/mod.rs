//! What can be wrong with data, each case with the file, position and value at fault: one error
//! per room, and their sum.

mod advice;
mod data;
mod format;
mod names;
mod reading;
mod set;
mod split;

pub(crate) use advice::is_sheet;
pub use data::DataError;
pub use format::FormatError;
pub use reading::ReadingError;
pub use set::SetError;
pub(crate) use set::density_remedies;
pub use split::SplitError;
