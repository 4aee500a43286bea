//! How the grains of a request lie in its folder: what the job writes, and where a run looks for it.

use crate::pipeline::Mistake;

/// What a format of requests may change: another number is another format.
pub(crate) const FORMAT: u32 = 2;

/// How a grain lies in the folder.
pub(crate) struct GrainLayout {
    /// The view's name, and the folder's.
    pub(crate) name: &'static str,
    /// Whether each period has a folder of its own, `period=YYYY-MM-DD`.
    pub(crate) by_period: bool,
    /// Columns by which rows are in order, nulls last; within their period, where each has a folder.
    pub(crate) keys: &'static [&'static str],
}

/// Every grain that a request may ask for.
pub(crate) const GRAINS: [GrainLayout; 10] = [
    GrainLayout { name: "customer_period", by_period: true, keys: &["customer"] },
    GrainLayout { name: "customer_product", by_period: true, keys: &["customer", "product_group"] },
    GrainLayout { name: "customer_order", by_period: true, keys: &["customer", "order_key"] },
    GrainLayout { name: "customer_day", by_period: true, keys: &["customer", "day"] },
    GrainLayout { name: "order_line", by_period: true, keys: &["order_key", "line_key"] },
    GrainLayout { name: "match", by_period: false, keys: &["source", "period"] },
    GrainLayout { name: "account", by_period: false, keys: &["source", "file"] },
    GrainLayout { name: "quarantine", by_period: false, keys: &["source", "file", "row"] },
    GrainLayout { name: "book", by_period: false, keys: &["period", "company", "currency", "is_eliminated"] },
    GrainLayout { name: "line_count", by_period: false, keys: &["period"] },
];

/// The kinds of mistake that are counted of order lines.
pub(crate) fn counted(looks_up_products: bool) -> impl Iterator<Item = Mistake> {
    Mistake::ALL.into_iter().filter(move |mistake| match mistake {
        Mistake::UnboughtReturn | Mistake::NegativeAcquisitionCost => false,
        Mistake::UnlistedProduct => looks_up_products,
        _ => true,
    })
}
