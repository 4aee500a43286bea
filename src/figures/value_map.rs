//! The value map: perceived quality and price against each competitor (B. T. Gale, "Managing Customer Value", Free Press,
//! 1994).

use super::cells::{Row, Rows, Tables, short_share};
use super::drawn::Drawn;
use super::figure::Figure;
use super::html::cut;
use super::picture::{Plot, Scale};
use crate::error::Result;
use crate::publish::ALL_CUSTOMERS;

pub(super) const VALUE_MAP: Figure = Figure {
    id: "value-map",
    chapter: "Perception",
    title: "Value map: quality and price as customers see them",
    reading: "Each dot is the firm as seen against one competitor, where 100 % is no difference. Higher is better quality, \
              further right is dearer. Above the slanted line customers get more for their money here than there.",
    comes_with: "[perception.surveys] with `supplier`, and attributes of groups quality and price",
    draw,
};

const COLUMNS: [&str; 8] = [
    "segment_by",
    "attribute_level",
    "competitor",
    "relative_quality",
    "relative_price",
    "relative_value",
    "map_position",
    "answers",
];

fn draw(tables: &Tables<'_>) -> Result<Option<Drawn>> {
    let competitors = tables.rows("competitor_value", &COLUMNS, &is_placed)?.first(20);
    if competitors.rows.is_empty() {
        return Ok(None);
    }
    let competitors = competitors.without(&["segment_by", "attribute_level"]);
    Ok(Some(Drawn { seen: seen(&competitors), picture: picture(&competitors), rows: competitors }))
}

/// Whether a row is the offer as a whole, as all customers saw it over the whole history.
fn is_placed(row: &Row) -> bool {
    let is_all = row.cell("segment_by").is(ALL_CUSTOMERS);
    let has_place = row.cell("relative_price").is_there() && row.cell("relative_quality").is_there();
    is_all && has_place && row.cell("attribute_level").is("overall")
}

fn seen(competitors: &Rows) -> String {
    let mut seen = Vec::new();
    for row in competitors.rows.iter().take(4) {
        seen.push(format!(
            "Against {}, quality is seen at {} and price at {} of theirs: {}.",
            row.cell("competitor").html(),
            row.cell("relative_quality").html(),
            row.cell("relative_price").html(),
            row.cell("map_position").html()
        ));
    }
    seen.join(" ")
}

fn picture(competitors: &Rows) -> String {
    let (prices, qualities) =
        (competitors.numbers("relative_price"), competitors.numbers("relative_quality"));
    // One scale for both axes, so that equal value is the diagonal.
    let both = Scale::of(prices.into_iter().chain(qualities).chain([1.0])).wider(0.15);
    let mut plot = Plot::new(both, both, short_share, short_share);
    plot.name_axes("price relative to theirs", "quality relative to theirs");
    let [low, one, high] = [both.low(), 1.0, both.high()];
    let ends = [[one, low], [one, high], [low, one], [high, one], [low, low], [high, high]];
    let at = plot.points(&ends);
    plot.svg.rule("zero", at[0], at[1]);
    plot.svg.rule("zero", at[2], at[3]);
    plot.svg.rule("border", at[4], at[5]);
    for row in &competitors.rows {
        let places = [row.cell("relative_price").number(), row.cell("relative_quality").number()];
        let [Some(x), Some(y)] = places else { continue };
        let (name, place) = (row.cell("competitor").name(), row.cell("map_position").name());
        let class = if place.contains("inferior") { "bad" } else { "good" };
        let at = plot.at(x, y);
        plot.svg.dot(class, at, 7.0, &format!("against {name}: {place}"));
        plot.pin_above(x, y, &format!("against {}", cut(name, 18)));
    }
    plot.finish()
}
