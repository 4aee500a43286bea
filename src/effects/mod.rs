//! Whether treatments worked: customers who were contacted against those who were to be and were held out, by what they
//! bought, brought and whether they came back. Knows nothing of how costs were made.

mod arms;
mod contacts;
mod control;
mod estimate;
mod measuring;
mod stage;
mod tables;

pub use contacts::{Contacts, check, read};
pub use stage::{Summary, run};
