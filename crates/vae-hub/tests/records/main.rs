//! Records of a local site: fetched, verified, and refused.

mod hostile;
mod hostile_servers;
mod misbehavior;
mod site;
