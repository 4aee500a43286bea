//! The stage: from the customer tables of the run to its groups.

use super::acquisition;
use super::base::Base;
use super::change::Changes;
use super::customer_segment::{self, Segmented};
use super::earlier::{Before, Earlier};
use super::groups::{Groups, Totals, Worth, totals};
use super::layout::Layout;
use super::loyalty::Loyalty;
use super::migration;
use super::next_product;
use super::products::{CLASSES, Products};
use super::response::{Curve, spread};
use super::rfm::{Rfm, cut_points};
use super::rules::{self, Matched};
use super::source::Source;
use super::summary::{Spent, Summed, pyramid, segment_summary};
use super::tiers::{Layers, layers};
use super::treatment;
use super::value;
use super::values::{Data, Values};
use crate::error::{Error, Result};
use crate::pipeline::{Definition, SegmentsDef};
use crate::publish::StageTables;
use crate::publish::schema::Sheet;
use crate::units::{Day, Decimal};
use std::collections::BTreeMap;
use std::path::PathBuf;

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

/// Makes and stages every table of the room.
///
/// # Errors
/// A table that cannot be read back, a measure this run does not have, an earlier release that does not fit, a failed
/// write.
pub fn run(
    definition: &Definition,
    as_of: Day,
    staging: StageTables<'_>,
    earlier: &Earlier,
) -> Result<Summary> {
    let segments = definition.segments.as_ref().expect("the stage runs where [segments] is");
    let layout =
        Layout { currency: &definition.facts.currency, money_scale: definition.facts.money_scale, as_of };
    let files = |table: &str| staging.written(table);
    let base = Base::open(&files, as_of)?;
    let before = earlier.before(definition, &segments.rfm, &base.keys)?;
    let frozen = earlier.frozen(definition, &segments.rfm)?;
    let rfm = Rfm::new(definition, &segments.rfm, &base, as_of, frozen.as_ref())?;
    let stage = Stage { definition, segments, layout, base: &base, staging, before: before.as_ref() };
    stage.put(cut_points(&layout, &segments.rfm, &rfm))?;
    stage.groups(&files, &rfm)
}

/// What the parts of the stage share.
struct Stage<'r> {
    definition: &'r Definition,
    segments: &'r SegmentsDef,
    layout: Layout<'r>,
    base: &'r Base,
    staging: StageTables<'r>,
    before: Option<&'r Before>,
}

impl Stage<'_> {
    fn put(&self, sheet: Sheet) -> Result<()> {
        self.staging.put(&sheet.spec, None, sheet.arrays)
    }

    fn groups(&self, files: &dyn Fn(&str) -> Vec<PathBuf>, rfm: &Rfm) -> Result<Summary> {
        let (segments, base, layout) = (self.segments, self.base, &self.layout);
        let worth = worth(base)?;
        let classes = self.named("profit_class", "profit_class", &CLASSES)?;
        let state = self.named("state", "state", &[])?;
        let (tiers, pyramid_layers, scale) = self.pyramid()?;
        let sizes = sizes(segments, &worth.net_revenue);
        let customer_product = Source::open(&files("customer_product"))?;
        let product_group = Source::open(&files("product_group"))?;
        let products = Products::read(&customer_product, &product_group, &base.keys, &classes)?;
        let offers =
            next_product::publish(layout, self.staging, &base.keys, &products, segments.next_products)?;
        let loyalty = self.loyalty(&worth, &products)?;
        let scale_of_money = layout.money_scale;
        let cells =
            value::value_cells(&segments.value, scale_of_money, &worth.profit, worth.residual.as_ref());
        let loyal = value::loyalty_cells(&segments.value, scale_of_money, &worth.profit, &loyalty);
        let all = [&rfm.groups, &tiers, &classes, &sizes, &cells, &loyal, &state];
        let matched = self.rules(rfm, &loyalty, &worth, &all)?;
        let treatments = treatment::groups(&segments.treatments, &matched);
        let kinds: Vec<&Groups> = all.into_iter().chain([&treatments]).collect();
        let summed = self.summed(&worth, &kinds)?;
        let of = |kind: &str| {
            summed.iter().find(|summed| summed.groups.kind == kind).expect("every kind is summed")
        };
        let has_residual = worth.residual.is_some();
        let matrix = has_residual.then(|| of("value_cell").totals.as_slice());
        self.put(value::sheet(layout, matrix, &of("loyalty_cell").totals, &products.cells, has_residual))?;
        drop(products);
        let measure = (segments.pyramid.measure.name.as_str(), scale);
        self.put(pyramid(layout, measure, &segments.pyramid.tiers, &pyramid_layers, &of("tier").totals))?;
        let budgets: Vec<Option<i64>> =
            of("treatment").spent.iter().map(|spent| spent.map(|spent| spent.budget)).collect();
        let rules = &segments.treatments;
        self.put(treatment::sheet(layout, rules, &matched, &of("treatment").totals, &budgets))?;
        self.put(segment_summary(layout, &summed, worth.cost_to_serve.is_some(), has_residual))?;
        self.put(migration::sheet(layout, &[&tiers, &rfm.groups, &state], &worth, self.before))?;
        self.put(acquisition::sheet(layout, self.definition, segments, base, &worth)?)?;
        let currency = layout.currency;
        let changes =
            self.before.and_then(|before| Changes::new(&segments.rfm, rfm, before, currency, scale_of_money));
        let segmented = Segmented {
            definition: segments,
            keys: &base.keys,
            rfm,
            changes,
            loyalty: &loyalty,
            worth: &worth,
            groups: &all,
            treatments: &treatments,
        };
        customer_segment::publish(layout, self.staging, &segmented)?;
        Ok(Summary {
            customers: base.len(),
            treated: treatments.of.iter().filter(|of| **of != super::grid::NONE).count(),
            offers,
            warnings: treatment::warnings(self.definition, rules, &matched),
        })
    }

    /// Groups by a column of names; nobody is in any where the run does not have it.
    fn named(&self, kind: &'static str, column: &str, first: &[&str]) -> Result<Groups> {
        let nobody = || Groups { kind, names: Vec::new(), of: vec![super::grid::NONE; self.base.len()] };
        let values = self.base.column(column)?;
        Ok(values.map_or_else(nobody, |values| Groups::by_name(kind, &values, first)))
    }

    fn pyramid(&self) -> Result<(Groups, Layers, u8)> {
        let (pyramid, place) =
            (&self.segments.pyramid, self.definition.place(self.segments.pyramid.measure.at));
        let values = self.base.column(&pyramid.measure.name)?;
        let Some(Values { data: Data::Fixed(values, scale), known }) = values else {
            let name = &pyramid.measure.name;
            let message = format!("{place}: this run has no count or money '{name}' to rank customers by");
            return Err(Error::definition(message));
        };
        let lowest = |(at, value): (usize, i64)| match &known {
            Some(known) if !known[at] => i64::MIN,
            _ => value,
        };
        let values: Vec<i64> = values.into_iter().enumerate().map(lowest).collect();
        let shares: Vec<Decimal> = pyramid.tiers.iter().map(|tier| tier.share).collect();
        let layers = layers(&values, &shares);
        let names = pyramid.tiers.iter().map(|tier| tier.name.clone()).collect();
        Ok((Groups { kind: "tier", names, of: layers.of.clone() }, layers, scale.unwrap_or(u8::MAX)))
    }

    fn loyalty(&self, worth: &Worth, products: &Products) -> Result<Loyalty> {
        let first = self.base.column("first_order_at")?.map(|values| values.data);
        let Some(Data::Instants(first)) = first else {
            return Err(Error::internal("table 'customer' has no instants 'first_order_at'"));
        };
        let tenure = super::rfm::days_since(&first, self.layout.as_of, self.definition.facts.timezone);
        let breadth = (0..self.base.len()).map(|customer| products.baskets.of(customer).len());
        let breadth = breadth.map(super::layout::whole).collect();
        let (definition, groups) = (&self.segments.loyalty, products.names.len());
        Loyalty::new(definition, self.base, &worth.orders, tenure, breadth, groups)
    }

    fn rules(&self, rfm: &Rfm, loyalty: &Loyalty, worth: &Worth, groups: &[&Groups]) -> Result<Matched> {
        let treatments = &self.segments.treatments;
        if treatments.is_empty() {
            return Ok(Matched { first: vec![super::grid::NONE; self.base.len()], ..Matched::default() });
        }
        let mut columns = BTreeMap::new();
        for named in treatments.iter().flat_map(|treatment| &treatment.when.columns) {
            if columns.contains_key(&named.name) {
                continue;
            }
            let own = own_measure(&named.name, rfm, loyalty, groups, self.layout.money_scale);
            let values = match own {
                Some(values) => Some(values),
                None if named.name == "residual_value" => worth.residual.clone(),
                None => self.base.column(&named.name)?,
            };
            let values = values.ok_or_else(|| {
                let place = self.definition.place(named.at);
                let message = "a line of cost, an attribute or a section it comes with is not there";
                Error::definition(format!("{place}: this run has no measure '{}'; {message}", named.name))
            })?;
            columns.insert(named.name.clone(), values);
        }
        rules::apply(self.definition, treatments, &columns, self.base.len())
    }

    fn summed<'g>(&self, worth: &Worth, kinds: &[&'g Groups]) -> Result<Vec<Summed<'g>>> {
        let of = |groups: &&'g Groups| {
            let totals = totals(worth, groups);
            let spent = self.spent(groups, &totals);
            Summed { groups, totals, spent }
        };
        Ok(kinds.iter().map(of).collect())
    }

    /// Declared budgets of treatments, and the parts of the budget that is spread.
    fn spent(&self, groups: &Groups, totals: &[Totals]) -> Vec<Option<Spent>> {
        let segments = self.segments;
        let scale = self.layout.money_scale;
        let mut spent: Vec<Option<Spent>> = vec![None; totals.len()];
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
    fn spread(&self, groups: &Groups, budget: Decimal, spent: &mut [Option<Spent>]) {
        let scale = self.layout.money_scale;
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

fn worth(base: &Base) -> Result<Worth> {
    Ok(Worth {
        orders: base.needed("orders")?,
        list_revenue: base.needed("list_revenue")?,
        discount: base.needed("discount")?,
        net_revenue: base.needed("net_revenue")?,
        gross_margin: base.needed("gross_margin")?,
        cost_to_serve: base.fixed("cost_to_serve")?,
        profit: base.needed("customer_profit")?,
        residual: base.column("residual_value")?,
    })
}

fn sizes(segments: &SegmentsDef, net_revenue: &[i64]) -> Groups {
    let layers = layers(net_revenue, &[segments.size.large, segments.size.medium]);
    Groups {
        kind: "size_class",
        names: ["large", "medium", "small"].map(str::to_owned).to_vec(),
        of: layers.of,
    }
}

/// Measures that this room makes itself.
fn own_measure(name: &str, rfm: &Rfm, loyalty: &Loyalty, groups: &[&Groups], scale: u8) -> Option<Values> {
    let counts = |values: &[i64]| Values::of(Data::Fixed(values.to_vec(), None));
    let scores =
        |at: usize| counts(&rfm.scores[at].iter().map(|score| (*score).into()).collect::<Vec<i64>>());
    if let Some(groups) = groups.iter().find(|groups| groups.kind == name) {
        return Some(of_groups(groups));
    }
    Some(match name {
        "recency_days" => counts(&rfm.values[0]),
        "frequency" => counts(&rfm.values[1]),
        "monetary" => Values::of(Data::Fixed(rfm.values[2].clone(), Some(scale))),
        "r_score" => scores(0),
        "f_score" => scores(1),
        "m_score" => scores(2),
        "tenure_days" => counts(&loyalty.tenure_days),
        "product_groups" => counts(&loyalty.product_groups),
        "repeat_rate" => Values::of(Data::Floats(loyalty.repeat_rate.clone())),
        "referrals" => loyalty.referrals.clone()?,
        "loyalty_index" => Values {
            data: Data::Floats(loyalty.index.iter().map(|index| index.unwrap_or(0.0)).collect()),
            known: Some(loyalty.index.iter().map(Option::is_some).collect()),
        },
        _ => return None,
    })
}

fn of_groups(groups: &Groups) -> Values {
    let has_group = |group: &u16| usize::from(*group) < groups.names.len();
    let codes = groups.of.iter().map(|group| if has_group(group) { (*group).into() } else { 0 }).collect();
    let mut names = groups.names.clone();
    if names.is_empty() {
        names.push(String::new());
    }
    Values { data: Data::Texts(codes, names), known: Some(groups.of.iter().map(has_group).collect()) }
}
