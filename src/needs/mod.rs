//! Segments of customers by what matters to them: benefit segmentation.
//!
//! R. I. Haley, "Benefit segmentation: a decision-oriented research tool", Journal of Marketing 32 (1968) 30–35: customers are
//! grouped by the benefits they seek, and described by who they are afterwards. Here a respondent's ratings of importance,
//! divided by their sum, are its importance shares; shares are clustered (`k_means.rs`), the number of clusters follows from a
//! declared criterion, and customers who were not asked are assigned by traits that are known of everybody (`naive_bayes.rs`),
//! which is held against respondents held out.
//!
//! Walks over respondents, slice by slice: what was rated; the sample that is clustered; traits and ratings of each segment; how
//! well those held out are predicted. One over customers writes `customer_need`. It knows neither how worth was made nor how surveys
//! were read.

mod benefits;
mod choice;
mod customer_need;
mod draws;
mod holdout;
mod k_means;
mod naive_bayes;
mod profile;
mod sample;
mod segments;
mod stage;
mod tables;
mod traits;
mod walk;
mod worth;
mod writing;

pub use stage::{Summary, run};
