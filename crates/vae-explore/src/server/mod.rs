//! The server: sockets, who may ask, what is answered, and by which thread.

mod address;
mod body;
mod desk;
mod guard;
mod listen;
mod patient;
mod routes;

pub use address::Address;
pub use listen::{Limits, Server};
