//! A release as one HTML page for people: pictures, a sentence on each, and the numbers behind them.
//!
//! It computes no metric: what it shows are cells of published tables, rounded. Where lines of a picture begin is drawn
//! from those numbers and never shown as one. The SVG is written here, of few primitives: what the page needs of a
//! chart library (text of one size on any width, colours that follow the reader's, bars below zero, empty cells, nothing
//! that is not finite) would be more code around one than this is. The page has no script, asks no network for anything,
//! and has the same bytes for the same release.
//!
//! A figure is one file here and one line in the list `FIGURES`.

mod backtest;
mod bridge;
mod budget;
mod calibration;
mod capacity;
mod cells;
mod changes;
mod cohorts;
mod drawn;
mod equity;
mod figure;
mod html;
mod key_numbers;
mod left_out;
mod page;
mod picture;
mod prices;
mod product_matrix;
mod pyramid;
mod serving_cost;
mod statement;
mod survival;
mod tracking;
mod treatments;
mod value_map;
mod waterfall;
mod whale_curve;

pub use left_out::LeftOut;
pub use page::{Page, page};

use figure::Figure;

/// All figures, in the order of the page.
const FIGURES: &[Figure] = &[
    whale_curve::WHALE_CURVE,
    waterfall::WATERFALL,
    prices::PRICES,
    bridge::BRIDGE,
    budget::BUDGET,
    pyramid::PYRAMID,
    serving_cost::SERVING_COST,
    product_matrix::PRODUCT_MATRIX,
    capacity::CAPACITY,
    cohorts::COHORTS,
    survival::SURVIVAL,
    equity::EQUITY,
    equity::SEGMENT_EQUITY,
    calibration::CALIBRATION,
    tracking::TRACKING,
    treatments::TREATMENTS,
    value_map::VALUE_MAP,
    changes::CHANGES,
];
