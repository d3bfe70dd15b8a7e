//! Every formula against values of 25 digits, in both precisions.
//!
//! `make_tables.py` wrote `tables.csv` from the definitions, with 1000 digits. Each row carries the
//! error that the documentation of its function promises.

#![expect(clippy::print_stdout, reason = "`--nocapture` shows how far the errors stay below")]

mod known;
#[cfg(feature = "alloc")]
mod oracle;
mod scalar;
mod table;
