//! What the company sells: 20 product groups of 20 products, with margins from handsome to thin.

use super::draw::{Draw, Purpose, Streams, whole};

/// A product group: its name, price range in cents, margin per mille of list value, and popularity.
///
/// The three groups with a margin under 10 % lose money as soon as the discount ladder takes hold.
struct Group {
    name: &'static str,
    prices: (u32, u32),
    margin: u32,
    popularity: usize,
}

const fn group(name: &'static str, prices: (u32, u32), margin: u32, popularity: usize) -> Group {
    Group { name, prices, margin, popularity }
}

/// How many product groups there are.
pub(super) const GROUP_COUNT: usize = 20;

const GROUPS: [Group; GROUP_COUNT] = [
    group("paper", (350, 4_900), 300, 14),
    group("writing", (90, 2_400), 520, 12),
    group("filing", (180, 3_900), 480, 9),
    group("desk accessories", (450, 5_900), 500, 7),
    group("printer ink", (1_400, 11_900), 90, 10),
    group("labels", (290, 2_900), 560, 5),
    group("mailing", (150, 3_400), 450, 6),
    group("chairs", (5_900, 44_900), 380, 2),
    group("desks", (9_900, 69_900), 330, 1),
    group("storage", (1_900, 24_900), 400, 3),
    group("lighting", (1_500, 17_900), 450, 3),
    group("kitchen", (390, 6_900), 420, 5),
    group("cleaning", (250, 3_900), 460, 6),
    group("batteries", (290, 3_400), 550, 6),
    group("cables", (390, 4_900), 600, 5),
    group("headsets", (1_900, 24_900), 350, 3),
    group("monitors", (11_900, 59_900), 70, 2),
    group("bags", (1_900, 15_900), 470, 2),
    group("coffee", (490, 8_900), 80, 9),
    group("gifts", (290, 5_900), 540, 4),
];

const TOTAL_POPULARITY: u32 = 114;
/// Each group's number as many times as it is popular, so that one draw finds one.
const GROUP_OF: [u8; TOTAL_POPULARITY as usize] = {
    let mut numbers = [0; TOTAL_POPULARITY as usize];
    let (mut number, mut filled) = (0_u8, 0);
    while filled < TOTAL_POPULARITY as usize {
        let end = filled + GROUPS[number as usize].popularity;
        while filled < end {
            numbers[filled] = number;
            filled += 1;
        }
        number += 1;
    }
    assert!(number as usize == GROUPS.len());
    numbers
};

const PRODUCTS_PER_GROUP: u32 = 20;

/// One product.
#[derive(Debug, Clone)]
pub(super) struct Product {
    pub(super) id: i32,
    pub(super) group: u8,
    pub(super) list_price_cents: i64,
    pub(super) unit_cost_cents: i64,
}

/// All products, by group.
#[derive(Debug)]
pub(super) struct Catalogue {
    pub(super) products: Vec<Product>,
}

impl Catalogue {
    pub(super) fn new(streams: &Streams) -> Self {
        let mut products = Vec::new();
        for (number, group) in (0_u8..).zip(&GROUPS) {
            let mut draw = streams.open(Purpose::Catalogue, 0, u32::from(number));
            products.extend((0..PRODUCTS_PER_GROUP).map(|place| product(number, group, place, &mut draw)));
        }
        Self { products }
    }

    /// Names of the groups, in the order of their numbers.
    pub(super) fn group_names() -> impl Iterator<Item = &'static str> {
        GROUPS.iter().map(|group| group.name)
    }

    /// A group, by popularity.
    pub(super) fn draw_group(draw: &mut Draw) -> u8 {
        GROUP_OF[draw.below(TOTAL_POPULARITY) as usize]
    }

    /// Index of a product of a group; the first ones sell best.
    pub(super) fn draw_product(group: u8, draw: &mut Draw) -> u16 {
        let u = draw.uniform();
        let place = whole(u * u * f64::from(PRODUCTS_PER_GROUP), PRODUCTS_PER_GROUP - 1);
        u16::try_from(u32::from(group) * PRODUCTS_PER_GROUP + place).expect("400 products")
    }

    /// `paper 07`
    pub(super) fn name(product: &Product) -> String {
        format!("{} {:02}", GROUPS[usize::from(product.group)].name, product.id % 100)
    }
}

fn product(number: u8, group: &Group, place: u32, draw: &mut Draw) -> Product {
    let (low, high) = group.prices;
    let u = draw.uniform();
    let price = low + whole(u * u * f64::from(high - low), high);
    // Shop prices end in 9; 4 points of margin either way set the products of a group apart.
    let price = price / 10 * 10 + 9;
    let margin = group.margin + draw.below(81) - 40;
    let id = (i32::from(number) + 1) * 100 + i32::try_from(place).expect("20 places") + 1;
    Product {
        id,
        group: number,
        list_price_cents: i64::from(price),
        unit_cost_cents: i64::from(price) * (1_000 - i64::from(margin)) / 1_000,
    }
}
