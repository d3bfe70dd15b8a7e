//! Records of a local site: fetched, verified, and refused.

mod hostile;
mod misbehavior;
mod site;
