#![doc = include_str!("../README.md")]

mod course;

pub use course::course;
