//! The stage: from the customer tables of the run to its groups.

use super::acquisition::Acquired;
use super::base::{Base, BaseSlice};
use super::change::Changes;
use super::earlier::{Before, Earlier, Frozen};
use super::gather::{Gathered, Gathering, Searched};
use super::groups::{GroupSums, Worth};
use super::loyalty::LoyaltyMeasure;
use super::migration;
use super::next_product::NextProducts;
use super::placement::{Placement, Tally};
use super::products::{CLASSES, ProductGroups, ProductSums};
use super::pyramid::Pyramid;
use super::response::{Curve, spread};
use super::rfm::{Rfm, RfmMeasures, cut_points};
use super::summary::{self, Spent, Summed, segment_summary};
use super::tiers::layers;
use super::treatment;
use super::value::{self, HighFrom};
use crate::error::Result;
use crate::memory::Memory;
use crate::pipeline::{Definition, SegmentsDef};
use crate::publish::read::PublishedReader;
use crate::publish::schema::Sheet;
use crate::publish::{StageTables, TableFormat};
use crate::units::{Day, Decimal};

/// What the run says of the groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Customers with a sale line.
    pub customers: usize,
    /// Customers with a treatment.
    pub treated: usize,
    /// Offers of product groups.
    pub offers: usize,
    /// What a person should know of the rules, with places.
    pub warnings: Vec<String>,
}

/// Makes and stages every table of the room. What does not fit the memory spills.
///
/// # Errors
/// A table that cannot be read back, a measure this run does not have, an earlier release that does not fit, a failed
/// write.
pub fn run(
    definition: &Definition,
    as_of: Day,
    staging: StageTables<'_>,
    earlier: &Earlier,
    memory: &Memory,
) -> Result<Summary> {
    let segments = definition.segments.as_ref().expect("the stage runs where [segments] is");
    let format = TableFormat::new(&definition.facts, as_of);
    let base = Base::open(staging, as_of)?;
    let before = earlier.before(definition, &segments.rfm, base.key_type())?;
    let frozen = earlier.frozen(definition, &segments.rfm)?;
    let stage = Stage { definition, segments, format, base: &base, staging, before: before.as_ref() };
    stage.run(frozen.as_ref(), memory)
}

/// What the parts of the stage share.
struct Stage<'r> {
    definition: &'r Definition,
    segments: &'r SegmentsDef,
    format: TableFormat<'r>,
    base: &'r Base,
    staging: StageTables<'r>,
    before: Option<&'r Before>,
}

impl Stage<'_> {
    fn put(&self, sheet: Sheet) -> Result<()> {
        self.staging.put(&sheet.spec, None, sheet.arrays)
    }

    /// One walk finds what customers are placed by, the next places them.
    fn run(&self, frozen: Option<&Frozen>, memory: &Memory) -> Result<Summary> {
        let (definition, segments, base, format) = (self.definition, self.segments, self.base, self.format);
        let zone = definition.facts.timezone;
        let measures = RfmMeasures { definition: &segments.rfm, as_of: format.as_of, zone };
        let pyramid = Pyramid::new(definition, &segments.pyramid, base)?;
        let open = |table: &str| PublishedReader::open(&self.staging.written(table));
        let customer_product = open("customer_product")?;
        let products = ProductGroups::read(&open("product_group")?, &customer_product)?;
        let loyalty = LoyaltyMeasure::new(definition, base, products.names.len(), format.as_of);
        let gathering = Gathering {
            base,
            rfm: measures,
            is_rfm_searched: measures.is_searched(frozen),
            pyramid: &pyramid,
            loyalty: &loyalty,
            products: &products,
            customer_product: &customer_product,
        };
        let gathered = gathering.run(memory)?;
        let customers = gathered.customers;
        let column = |searched| gathered.column(searched);
        let scored = [Searched::Recency, Searched::Frequency, Searched::Monetary].map(column);
        let rfm = Rfm::new(definition, &segments.rfm, scored, customers, frozen)?;
        let shares: Vec<Decimal> = segments.pyramid.tiers.iter().map(|tier| tier.share).collect();
        let tiers = layers(column(Searched::Pyramid), customers, &shares)?;
        let shares = [segments.size.large, segments.size.medium];
        let sizes = layers(column(Searched::NetRevenue), customers, &shares)?;
        let [profit, residual, index] = [Searched::Profit, Searched::Residual, Searched::Loyalty].map(column);
        let high = HighFrom::new(&segments.value, format.money_scale, profit, residual, index)?;
        let Gathered { baskets, products: product_sums, searched, .. } = gathered;
        drop(searched);
        let (names, contributions) = (&products.names[..], &product_sums.contributions[..]);
        let next_products =
            NextProducts::new(names, contributions, &baskets, customers, segments.next_products)?;
        let changes = self.before.and_then(|before| {
            Changes::new(&segments.rfm, &rfm, before, format.currency, format.money_scale)
        });
        let placement = Placement {
            definition,
            segments,
            format,
            measures,
            rfm: &rfm,
            pyramid: &pyramid,
            tiers: &tiers,
            sizes: &sizes,
            high,
            loyalty: &loyalty,
            baskets: &baskets,
            next_products: &next_products,
            before: self.before,
            changes: changes.as_ref(),
            acquired: &Acquired::new(definition, segments, base),
        };
        let (tally, offers) = self.place(&placement)?;
        self.put(cut_points(format, &segments.rfm, &rfm, &tally.scores))?;
        let measure = (pyramid.measure(), pyramid.scale.unwrap_or(u8::MAX));
        let of_tiers = &of_kind(&tally.sums, "tier").totals;
        self.put(summary::pyramid(format, measure, &segments.pyramid.tiers, &tiers.bins, of_tiers))?;
        self.summarise(tally, &product_sums, customers, offers)
    }

    /// Places all customers and writes their rows. Gives what they add up to, and the number of offers.
    fn place(&self, placement: &Placement<'_>) -> Result<(Tally, usize)> {
        let columns = placement.columns();
        let reader = || self.base.reader(&columns, self.before.map(Before::joined));
        // A slice without customers names the columns; of an empty base it has the customers who are gone.
        let empty = placement.place(&reader()?.read(0..0)?.slice(0..0))?;
        let partition = self.format.as_of.to_string();
        let mut segments = self.staging.table(&empty.segments.spec, Some(&partition))?;
        let mut next_products = self.staging.table(&empty.next_products.spec, Some(&partition))?;
        let (mut tally, mut offers) = (empty.tally, 0);
        let place = |slice: &BaseSlice<'_>| placement.place(slice);
        self.base.walk(reader()?, place, |placed| {
            offers += placed.next_products.arrays[0].len();
            segments.write(placed.segments.arrays)?;
            next_products.write(placed.next_products.arrays)?;
            tally.merge(self.definition, placed.tally)
        })?;
        segments.finish()?;
        next_products.finish()?;
        for sums in &mut tally.sums {
            match sums.kind {
                "profit_class" => sums.sort_after(CLASSES.len()),
                "state" => sums.sort_after(0),
                _ => {}
            }
        }
        Ok((tally, offers))
    }

    /// The tables of groups.
    fn summarise(
        &self,
        tally: Tally,
        products: &ProductSums,
        customers: usize,
        offers: usize,
    ) -> Result<Summary> {
        let (segments, format) = (self.segments, self.format);
        let (has_cost, has_residual) = Worth::known(self.base);
        let of = |kind: &str| of_kind(&tally.sums, kind);
        let matrix = has_residual.then(|| of("value_cell").totals.as_slice());
        self.put(value::sheet(format, matrix, &of("loyalty_cell").totals, &products.cells, has_residual))?;
        let summed: Vec<Summed<'_>> =
            tally.sums.iter().map(|groups| Summed { groups, spent: self.spent(groups) }).collect();
        let treatments = summed.last().expect("treatments come last");
        let budgets: Vec<Option<i64>> =
            treatments.spent.iter().map(|spent| spent.map(|spent| spent.budget)).collect();
        let (rules, totals) = (&segments.treatments, &treatments.groups.totals);
        self.put(treatment::sheet(format, rules, &tally.rules, totals, &budgets))?;
        self.put(segment_summary(format, &summed, has_cost, has_residual))?;
        let kinds = ["tier", "rfm_segment", "state"].map(of);
        let release = self.before.map(|before| before.release.as_str());
        self.put(migration::sheet(format, &kinds, &tally.moves, release, has_residual))?;
        let treated = of("treatment").in_any();
        let warnings = treatment::warnings(self.definition, rules, &tally.rules, customers - treated);
        self.put(tally.acquired.sheet(format, has_residual))?;
        Ok(Summary { customers, treated, offers, warnings })
    }

    /// Declared budgets of treatments, and the parts of the budget that is spread.
    fn spent(&self, groups: &GroupSums) -> Vec<Option<Spent>> {
        let segments = self.segments;
        let scale = self.format.money_scale;
        let mut spent: Vec<Option<Spent>> = vec![None; groups.totals.len()];
        if groups.kind == "treatment" {
            for (spent, treatment) in spent.iter_mut().zip(&segments.treatments) {
                let budget = treatment.budget.and_then(|budget| i64::try_from(budget.at_scale(scale)?).ok());
                *spent = budget.map(|budget| Spent { budget, expected_return: 0, marginal: f64::NAN });
            }
        }
        if groups.kind == segments.budget_by.name()
            && let Some(budget) = segments.budget
        {
            self.spread(groups, budget, &mut spent);
        }
        spent
    }

    /// Spreads the budget over response curves. What a treatment declares for itself stays as it is, and the others
    /// share what that leaves.
    fn spread(&self, groups: &GroupSums, budget: Decimal, spent: &mut [Option<Spent>]) {
        let scale = self.format.money_scale;
        let (mut places, mut curves, mut kept) = (Vec::new(), Vec::new(), 0_i128);
        for response in &self.segments.responses {
            let Some(at) = groups.names.iter().position(|name| *name == response.name) else { continue };
            let curve = Curve::new(response.curve);
            match &mut spent[at] {
                Some(declared) => {
                    kept += i128::from(declared.budget);
                    *declared = returned(curve, declared.budget, scale);
                }
                None => {
                    places.push(at);
                    curves.push(curve);
                }
            }
        }
        let whole = budget.at_scale(scale.max(2)).expect("money was checked");
        let kept = crate::units::rescale(kept, scale, scale.max(2)).expect("money was checked");
        let cents = (whole - kept) / crate::units::pow10(scale.max(2) - 2);
        let cents = i64::try_from(cents).expect("money was checked");
        for ((at, curve), cents) in places.into_iter().zip(&curves).zip(spread(cents, &curves)) {
            let budget = crate::units::rescale(cents.into(), 2, scale).expect("money was checked");
            let budget = i64::try_from(budget).expect("money was checked");
            spent[at] = Some(returned(*curve, budget, scale));
        }
    }
}

/// What a budget brings by a curve.
fn returned(curve: Curve, budget: i64, scale: u8) -> Spent {
    let cents = budget as f64 / crate::units::pow10(scale) as f64 * 100.0;
    let brought = curve.value(cents).round();
    #[expect(clippy::cast_possible_truncation, reason = "returns are amounts of money")]
    let brought = brought.clamp(-1e15, 1e15) as i128;
    let brought = crate::units::rescale(brought, 2, scale).expect("money was checked");
    Spent {
        budget,
        expected_return: i64::try_from(brought).expect("money was checked"),
        marginal: curve.marginal(cents),
    }
}

/// The sums of a kind of groups.
fn of_kind<'t>(sums: &'t [GroupSums], kind: &str) -> &'t GroupSums {
    sums.iter().find(|sums| sums.kind == kind).expect("every kind is summed")
}
