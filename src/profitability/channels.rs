//! Customers by the channel that serves them, as the customers source says.

use super::waterfall::Measures;
use crate::error::{Error, Result};
use crate::facts::schema::CustomerMaster;
use arrow::array::{AsArray, StringArray};
use arrow::datatypes::DataType;
use hashbrown::HashMap;

/// The attribute that names a customer's channel.
const ATTRIBUTE: &str = "channel";

/// The channels of a run, and the customers of each.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    /// Sorted.
    pub(crate) names: Vec<String>,
    /// By rank, an index into `names`, or their number for customers without channel; shorter where the rest has none.
    of_rank: Vec<u32>,
}

/// What the customers of one channel come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Income {
    /// Those with a sale line.
    pub(crate) customers: i64,
    /// Of all, after all they bear.
    pub(crate) profit: i128,
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).expect("there are fewer channels than customers")
}

impl Channels {
    pub(crate) fn new(master: Option<&CustomerMaster>) -> Result<Self> {
        let attributes = master.iter().flat_map(|master| &master.attributes);
        let Some((_, values)) = attributes.into_iter().find(|(name, _)| name == ATTRIBUTE) else {
            return Ok(Self::default());
        };
        let texts = arrow::compute::cast(values, &DataType::Utf8)
            .map_err(|error| Error::input(format!("customer attribute '{ATTRIBUTE}': {error}")))?;
        Ok(Self::of_texts(texts.as_string()))
    }

    fn of_texts(texts: &StringArray) -> Self {
        // Few names and many customers: numbers in the order they are met first, then in that of the names.
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let met: Vec<Option<u32>> = texts
            .iter()
            .map(|text| {
                let next = narrow(numbers.len());
                text.map(|name| *numbers.entry(name).or_insert(next))
            })
            .collect();
        let mut names: Vec<(&str, u32)> = numbers.into_iter().collect();
        names.sort_unstable();
        let mut code_of = vec![0; names.len()];
        (0..).zip(&names).for_each(|(code, (_, number))| code_of[*number as usize] = code);
        let none = narrow(names.len());
        let of_rank = met.into_iter().map(|number| number.map_or(none, |number| code_of[number as usize]));
        Self {
            of_rank: of_rank.collect(),
            names: names.into_iter().map(|(name, _)| name.to_owned()).collect(),
        }
    }

    /// By channel; last the customers without one. `counts` says which rows count as customers; ranks from `known` on
    /// are none.
    pub(crate) fn incomes(
        &self,
        known: usize,
        measures: &Measures,
        counts: fn(&Measures, usize) -> bool,
    ) -> Vec<Income> {
        let mut incomes = vec![Income::default(); self.names.len() + 1];
        let profits = measures.ranks.iter().zip(measures.worth.last_step());
        for (row, (rank, profit)) in profits.enumerate() {
            let rank = *rank as usize;
            let income = &mut incomes[self.of_rank.get(rank).map_or(self.names.len(), |code| *code as usize)];
            income.customers += i64::from(rank < known && counts(measures, row));
            income.profit += i128::from(*profit);
        }
        incomes
    }
}
