//! Named segments by their scores.

use crate::pipeline::{CellDef, TEN_SEGMENTS};

/// No segment.
pub(crate) const NONE: u16 = u16::MAX;

/// The published ten-segment grid: rows R = 1..5, columns F = 1..5, indices into `TEN_SEGMENTS`.
const TEN: [[u16; 5]; 5] =
    [[9, 9, 7, 7, 8], [9, 9, 7, 7, 8], [6, 6, 5, 1, 1], [4, 2, 2, 1, 1], [3, 2, 2, 0, 0]];

/// Which segment each combination of scores is in.
#[derive(Debug)]
pub(crate) struct Grid {
    /// In the order declared, each once.
    pub(crate) names: Vec<String>,
    /// By (r · bins + f) · bins + m, from 0.
    table: Vec<u16>,
    bins: usize,
}

impl Grid {
    /// The declared cells, or the ten segments.
    pub(crate) fn new(cells: &[CellDef], bins: usize) -> Self {
        let mut names: Vec<String> = Vec::new();
        if cells.is_empty() {
            names.extend(TEN_SEGMENTS.map(str::to_owned));
        }
        for cell in cells {
            if !names.contains(&cell.name) {
                names.push(cell.name.clone());
            }
        }
        let scores = (0..bins * bins * bins).map(|at| [at / bins / bins, at / bins % bins, at % bins]);
        let table = scores.map(|scores| segment(cells, &names, scores)).collect();
        Self { names, table, bins }
    }

    /// The segment of scores from 1.
    pub(crate) fn of(&self, r: u8, f: u8, m: u8) -> u16 {
        let [r, f, m] = [r, f, m].map(|score| usize::from(score) - 1);
        self.table[(r * self.bins + f) * self.bins + m]
    }
}

fn segment(cells: &[CellDef], names: &[String], scores: [usize; 3]) -> u16 {
    if cells.is_empty() {
        return TEN[scores[0]][scores[1]];
    }
    let holds = |cell: &&CellDef| {
        cell.scores.iter().zip(scores).all(|((from, to), score)| (*from..=*to).contains(&(score + 1)))
    };
    let cell = cells.iter().find(holds);
    let name = cell.and_then(|cell| names.iter().position(|name| *name == cell.name));
    name.map_or(NONE, |name| u16::try_from(name).expect("few segments"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ten_segments_cover_the_published_grid() {
        let grid = Grid::new(&[], 5);
        let name = |r, f| grid.names[usize::from(grid.of(r, f, 1))].as_str();
        assert_eq!(
            [5, 4, 3, 2, 1].map(|r| name(r, 1)),
            ["New", "Promising", "About to sleep", "Hibernating", "Hibernating"]
        );
        assert_eq!(
            [5, 4, 3, 2, 1].map(|r| name(r, 3)),
            ["Potential loyalist", "Potential loyalist", "Need attention", "At risk", "At risk"]
        );
        assert_eq!(
            [5, 4, 3, 2, 1].map(|r| name(r, 5)),
            ["Champions", "Loyal", "Loyal", "Can't lose", "Can't lose"]
        );
    }

    #[test]
    fn the_first_declared_cell_wins_and_the_rest_has_no_segment() {
        let cell = |name: &str, scores| CellDef { name: name.to_owned(), scores };
        let cells = [
            cell("best", [(2, 2), (2, 2), (1, 2)]),
            cell("recent", [(2, 2), (1, 2), (1, 2)]),
            cell("best", [(1, 1), (2, 2), (2, 2)]),
        ];
        let grid = Grid::new(&cells, 2);
        assert_eq!(grid.names, ["best", "recent"]);
        assert_eq!([grid.of(2, 2, 1), grid.of(2, 1, 2), grid.of(1, 2, 2), grid.of(1, 1, 1)], [0, 1, 0, NONE]);
    }
}
