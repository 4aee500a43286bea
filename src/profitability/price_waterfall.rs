//! `price_waterfall` and `price_waterfall_total`: the price waterfall of product groups by period, and of all of them.

use super::price_lines::{PriceLine, PriceLines, PriceSums};
use super::product_cost::ProductPeriod;
use super::product_groups::net_revenue;
use crate::costing::schema::Costing;
use crate::facts::measures::{GROUP_MEASURES, PRODUCT_COST, RETURNED_UNITS, UNITS};
use crate::publish::schema::{Column, ColumnKind, Sheet};
use crate::publish::{Draft, TableFormat};
use crate::units::{Period, pow10, round_ratio};

/// Stands for price concessions that no order line causes, and that therefore no product group has.
const NO_PRODUCT_GROUP: &str = "(no product group)";

/// What components on invoice add up to in a period: by product group, in the order of [`PriceLines::invoiced`].
pub(crate) type Invoiced = Vec<Vec<i128>>;

/// Adds the cells of some customers; `kept` has the places of [`PriceLines::invoiced`] among what is kept of cells.
pub(crate) fn add_invoiced(sums: &mut Invoiced, cells: &ProductPeriod, kept: &[usize]) {
    for (place, column) in kept.iter().enumerate() {
        for (group, value) in cells.facts.groups.iter().zip(cells.aggregate(*column).iter()) {
            sums[*group as usize][place] += i128::from(*value);
        }
    }
}

/// The waterfalls of a run.
pub(crate) struct PriceWaterfall<'r> {
    pub(crate) lines: &'r PriceLines,
    /// Of product groups.
    pub(crate) names: &'r [String],
    periods: Vec<Period>,
    /// By period: of every product group, and what no product group has.
    sums: Vec<Vec<PriceSums>>,
}

/// A line of a waterfall in a table: what it is of, its place and its amount.
struct Row<'r> {
    period: Period,
    group: &'r str,
    place: usize,
    amount: i128,
    list: i128,
    units: i128,
}

impl<'r> PriceWaterfall<'r> {
    /// From sums by period and product group: `measures`, components on invoice, and `cost_of`, what an activity (by its index)
    /// costs a group; none of an activity that reaches no product groups.
    pub(crate) fn new(
        lines: &'r PriceLines,
        names: &'r [String],
        costing: &Costing,
        measures: &[Vec<[i128; GROUP_MEASURES]>],
        invoiced: Vec<Invoiced>,
        cost_of: impl Fn(usize, usize, usize) -> Option<i128>,
    ) -> Self {
        let mut sums = Vec::with_capacity(measures.len());
        for ((number, (of_groups, invoiced)), costed) in
            measures.iter().zip(invoiced).enumerate().zip(&costing.periods)
        {
            let mut of_period: Vec<PriceSums> = Vec::with_capacity(names.len() + 1);
            for (group, (measures, invoiced)) in of_groups.iter().zip(invoiced).enumerate() {
                let cost = |activity: &usize| cost_of(number, *activity, group).unwrap_or(0);
                of_period.push(PriceSums {
                    invoiced,
                    net_revenue: net_revenue(measures),
                    concessions: lines.concessions.iter().map(cost).collect(),
                    product_cost: measures[PRODUCT_COST],
                    units: measures[UNITS] - measures[RETURNED_UNITS],
                });
            }
            let mut rest = lines.nothing();
            for (concession, activity) in rest.concessions.iter_mut().zip(&lines.concessions) {
                if cost_of(number, *activity, 0).is_none() {
                    *concession = i128::from(costed.activities[*activity].posted);
                }
            }
            of_period.push(rest);
            sums.push(of_period);
        }
        let periods = costing.periods.iter().map(|costed| costed.period).collect();
        Self { lines, names, periods, sums }
    }

    /// Amounts of all lines, by period.
    pub(crate) fn of_periods(&self) -> impl Iterator<Item = (Period, Vec<i128>)> {
        let totals = self.totals();
        self.periods.iter().copied().zip(totals.into_iter().map(|sums| self.lines.amounts(&sums)))
    }

    fn totals(&self) -> Vec<PriceSums> {
        let total = |of_period: &Vec<PriceSums>| {
            let mut total = self.lines.nothing();
            of_period.iter().for_each(|of_group| total += of_group);
            total
        };
        self.sums.iter().map(total).collect()
    }

    /// Both tables.
    pub(crate) fn sheets(&self, format: TableFormat<'_>) -> [Sheet; 2] {
        let mut rows = Vec::new();
        for (period, of_groups) in self.periods.iter().zip(&self.sums) {
            let names = self.names.iter().map(String::as_str).chain([NO_PRODUCT_GROUP]);
            for (group, sums) in names.zip(of_groups).filter(|(_, sums)| !sums.is_nothing()) {
                let is_shown = |row: &Row<'_>| group != NO_PRODUCT_GROUP || row.amount != 0;
                rows.extend(self.rows(*period, group, sums).filter(is_shown));
            }
        }
        let grain = "period, product group and line of the price waterfall";
        let mut draft = format.draft("price_waterfall", grain, None, &rows);
        draft.day("period_start", "First day of the period", |row| row.period.start);
        let meaning = "Product group; (no product group): price concessions that no order line causes";
        draft.name("product_group", meaning, |row| row.group);
        add_lines(&mut draft, &self.lines.lines);
        let mut totals = Vec::new();
        for (period, sums) in self.periods.iter().zip(&self.totals()) {
            totals.extend(self.rows(*period, "", sums));
        }
        let grain = "period and line of the price waterfall";
        let mut total = format.draft("price_waterfall_total", grain, None, &totals);
        total.day("period_start", "First day of the period", |row| row.period.start);
        add_lines(&mut total, &self.lines.lines);
        [draft.finish(), total.finish()]
    }

    fn rows<'g>(&self, period: Period, group: &'g str, sums: &PriceSums) -> impl Iterator<Item = Row<'g>> {
        let (list, units) = (sums.invoiced[0], sums.units);
        let amounts = self.lines.amounts(sums).into_iter().enumerate();
        amounts.map(move |(place, amount)| Row { period, group, place, amount, list, units })
    }
}

/// What a line is, and its amount.
fn add_lines<'r>(draft: &mut Draft<'r, Row<'r>>, lines: &'r [PriceLine]) {
    add_line_names(draft, lines, |row| row.place);
    draft.total("amount", AMOUNT, |row| row.amount);
    let scale = draft.format().volume_scale;
    let meaning = "Units on sale lines less those on return lines";
    draft.wide(Column::new("units", ColumnKind::Total(scale), "units", meaning), |row| row.units);
    let meaning = "Amount per unit: of levels list, invoice and pocket price and pocket margin; null without units left";
    draft.total("amount_per_unit", meaning, move |row| {
        (row.units > 0).then(|| round_ratio(row.amount * pow10(scale), row.units))
    });
    let meaning = "Amount as a share of the list price; null where that is not above 0";
    draft.float("share_of_list", "1", meaning, |row| share(row.amount, row.list));
}

/// What an amount of the waterfall is, in all its tables.
pub(crate) const AMOUNT: &str = "Of a level what is left so far, of a step what it adds to the level before: what it takes away is negative; sales less \
                                 returns";

/// Number, name and kind of a row's line.
pub(crate) fn add_line_names<'r, R>(
    draft: &mut Draft<'r, R>,
    lines: &'r [PriceLine],
    place: impl Fn(&R) -> usize + Copy,
) {
    draft.count("line_number", "", "Order of the lines", move |row| {
        i64::try_from(place(row) + 1).expect("lines are few")
    });
    let meaning = "Declared price component, or other price concession; other discount: what of the discount no component on invoice names; \
                   levels: list price (list revenue less that of returns), invoice price (net revenue), pocket price, pocket margin";
    draft.name("component", meaning, move |row| lines[place(row)].name.as_str());
    let meaning = "level: what is left so far; on invoice, off invoice or cost: what leads to the next level";
    draft.name("kind", meaning, move |row| lines[place(row)].kind.name());
}

/// A part of a whole above 0, shown rounded.
#[allow(clippy::cast_precision_loss, reason = "a share is shown rounded")]
pub(crate) fn share(part: i128, whole: i128) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
