//! `referral`: value beyond the purchase. What the customers that a customer brought are worth, net of rewards; what a
//! lost customer's word of mouth costs; what a customer could give by cooperation.
//!
//! A customer is brought by the first who referred it (ties by key of the referrer), and by nobody if it bought before the
//! referral. Only direct referrals count, so no euro counts twice: the sums over referrers are those over the customers
//! brought. Rewards count as they were given, also for referrals that brought nobody.

use super::delivered::published;
use super::rows::{Referral, referrals_to, within};
use super::worth::Worth;
use crate::error::{Error, Result};
use crate::facts::schema::Customers;
use crate::pipeline::WordOfMouthDef;
use crate::publish::TableFormat;
use crate::publish::schema::Sheet;
use crate::units::{Fixed18, pow10, round_ratio};
use rayon::prelude::*;
use std::ops::Range;

/// What one customer's referrals brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Brought {
    pub(crate) referrals: i64,
    /// Customers who were brought and bought.
    pub(crate) customers: i64,
    /// Referrals of those brought by somebody else, of customers already, and of oneself.
    pub(crate) disregarded: i64,
    pub(crate) rewards: i128,
    pub(crate) contribution: i128,
    pub(crate) residual: i128,
}

impl Brought {
    /// Contribution + residual value − rewards.
    pub(crate) fn value(&self) -> i128 {
        self.contribution + self.residual - self.rewards
    }
}

/// What one referral gives to the customer who made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Credit {
    referrer: u32,
    reward: i64,
    outcome: Outcome,
}

/// What came of a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The one referred has not bought, or is no customer at all.
    Nothing,
    Disregarded,
    Brought {
        contribution: i64,
        residual: i64,
    },
}

/// What the referrals of a slice of the people referred give, in no order of referrers. Whose customer somebody is follows from
/// the referrals of that customer alone.
pub(crate) fn credits(referrals: &[Referral], ranks: &Range<usize>, worth: Option<&Worth>) -> Vec<Credit> {
    let mut credits = Vec::new();
    for referred in referrals_to(referrals, ranks).chunk_by(|a, b| a.referred == b.referred) {
        let mut is_taken = false;
        // In order of day, then referrer.
        for referral in referred {
            let outcome = worth.map_or(Outcome::Nothing, |worth| outcome(referral, worth, &mut is_taken));
            credits.push(Credit { referrer: referral.referrer, reward: referral.reward, outcome });
        }
    }
    credits
}

fn outcome(referral: &Referral, worth: &Worth, is_taken: &mut bool) -> Outcome {
    let who = referral.referred as usize;
    let first_sale = worth.first_sale(who);
    let was_customer = first_sale.is_some_and(|first| first < referral.day);
    if *is_taken || was_customer || referral.referrer == referral.referred {
        return Outcome::Disregarded;
    }
    *is_taken = true;
    match first_sale {
        None => Outcome::Nothing,
        Some(_) => Outcome::Brought {
            contribution: worth.column("contribution").at(who),
            residual: worth.residual(who).unwrap_or(0),
        },
    }
}

/// What referrals gave to those who made them, in order of rank: as long as there are referrals, not customers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credits(Vec<Credit>);

impl Credits {
    pub(crate) fn extend(&mut self, credits: Vec<Credit>) {
        self.0.extend(credits);
    }

    /// Brings them in order of those who made referrals.
    pub(crate) fn sort(&mut self) {
        self.0.par_sort_unstable_by_key(|credit| credit.referrer);
    }

    /// What each of these customers brought who made a referral, in order of rank.
    pub(crate) fn of(&self, ranks: &Range<usize>) -> Vec<(u32, Brought)> {
        let own = &self.0[within(&self.0, ranks, |credit| credit.referrer)];
        let made = own.chunk_by(|a, b| a.referrer == b.referrer);
        made.map(|credits| (credits[0].referrer, Brought::by(credits))).collect()
    }
}

impl Brought {
    fn by(credits: &[Credit]) -> Self {
        let mut brought = Self::default();
        for credit in credits {
            brought.referrals += 1;
            brought.rewards += i128::from(credit.reward);
            match credit.outcome {
                Outcome::Nothing => {}
                Outcome::Disregarded => brought.disregarded += 1,
                Outcome::Brought { contribution, residual } => {
                    brought.customers += 1;
                    brought.contribution += i128::from(contribution);
                    brought.residual += i128::from(residual);
                }
            }
        }
        brought
    }
}

/// How many bought, and what they are worth in all: residual value where there is one, else contribution. Adds exactly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Buyers {
    count: i128,
    total: i128,
}

impl Buyers {
    /// Of a slice of customers.
    pub(crate) fn of(worth: &Worth, ranks: Range<usize>) -> Self {
        let contribution = worth.column("contribution");
        let mut buyers = Self::default();
        for rank in ranks.filter(|rank| worth.has_bought(*rank)) {
            buyers.count += 1;
            buyers.total += i128::from(match worth.has_residual() {
                true => worth.residual(rank).unwrap_or(0),
                false => contribution.at(rank),
            });
        }
        buyers
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.count += other.count;
        self.total += other.total;
    }
}

/// What a lost customer's word of mouth costs: people told × share lost × value of a customer, rounded half away from
/// zero. A customer's value is the mean residual value where there is one, else the mean contribution, of all who bought.
///
/// # Errors
/// Numbers beyond 128 bits.
pub(crate) fn word_of_mouth_loss(def: &WordOfMouthDef, buyers: Buyers) -> Result<Option<i128>> {
    let Buyers { count, total } = buyers;
    if count == 0 {
        return Ok(None);
    }
    let (reach, share) = (def.reach.normalised(), def.share.normalised());
    let product = total.checked_mul(reach.mantissa).and_then(|product| product.checked_mul(share.mantissa));
    let unit = pow10(reach.scale).checked_mul(pow10(share.scale)).and_then(|unit| unit.checked_mul(count));
    let loss = product.zip(unit).map(|(product, unit)| round_ratio(product, unit));
    loss.map(Some).ok_or_else(|| {
        Error::check("perception: word of mouth exceeds 128 bits; use fewer digits in 'reach' and 'share'")
    })
}

/// One customer of the table.
pub(crate) struct Row {
    rank: u32,
    brought: Brought,
    is_lost: bool,
    loss: Option<Fixed18>,
    cooperation: Option<Fixed18>,
}

/// What decides whether a customer has a row, apart from referrals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Losing {
    pub(crate) as_of: i32,
    pub(crate) lost_days: u32,
    /// What a lost customer's word of mouth costs, where it is declared.
    pub(crate) word_of_mouth: Option<i128>,
}

/// Customers of a slice with a referral, lost customers if word of mouth is declared, and those with a cooperation
/// potential.
///
/// # Errors
/// A sum beyond 18 digits.
pub(crate) fn rows(
    ranks: Range<usize>,
    found: &[(u32, Brought)],
    worth: &Worth,
    losing: Losing,
    cooperation: Option<&[Option<i64>]>,
) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut found = found.iter().peekable();
    for (place, rank) in ranks.enumerate() {
        let number = u32::try_from(rank).expect("ranks fit 32 bits");
        let brought = found.next_if(|(referrer, _)| *referrer == number).map(|(_, brought)| *brought);
        let cooperation = cooperation.and_then(|cooperation| cooperation[place]).map(Fixed18::of_column);
        if brought.is_none() && cooperation.is_none() && losing.word_of_mouth.is_none() {
            continue;
        }
        let is_lost = worth.is_idle(rank, losing.as_of, losing.lost_days);
        let loss = losing.word_of_mouth.filter(|_| is_lost);
        if brought.is_some() || loss.is_some() || cooperation.is_some() {
            let brought = brought.unwrap_or_default();
            published("referral_value", brought.value())?;
            published("contribution_brought", brought.contribution)?;
            published("residual_value_brought", brought.residual)?;
            published("rewards", brought.rewards)?;
            let loss = loss.map(|loss| published("word_of_mouth_loss", loss)).transpose()?;
            rows.push(Row { rank: number, brought, is_lost, loss, cooperation });
        }
    }
    Ok(rows)
}

/// The table.
pub(crate) fn sheet(
    format: TableFormat<'_>,
    customers: &Customers,
    rows: &[Row],
    has_residual: bool,
) -> Sheet {
    let grain = "customer with a referral, a cooperation potential, or lost with word of mouth";
    let mut draft = format.draft("referral", grain, Some("as_of"), rows);
    draft.customer("Customer", customers.ids(rows.iter().map(|row| row.rank)), false);
    draft.as_of();
    draft.count("referrals", "referrals", "Referrals the customer made", |row| row.brought.referrals);
    let meaning = "Customers brought, who bought; each by its first referrer only";
    draft.count("customers_brought", "customers", meaning, |row| row.brought.customers);
    let meaning = "Referrals of somebody brought by another, of a customer already, or of oneself";
    draft.count("disregarded", "referrals", meaning, |row| row.brought.disregarded);
    let money = |value: i128| Some(Fixed18::new(value).expect("every row was checked"));
    let meaning = "Contribution over life of the customers brought";
    draft.money("contribution_brought", meaning, |row| money(row.brought.contribution));
    let meaning = "Residual value of the customers brought; null without [clv]";
    draft
        .money("residual_value_brought", meaning, |row| money(row.brought.residual).filter(|_| has_residual));
    draft.money("rewards", "What the customer was given for referrals", |row| money(row.brought.rewards));
    let meaning = "contribution_brought + residual_value_brought − rewards";
    draft.money("referral_value", meaning, |row| money(row.brought.value()));
    draft.flag("is_lost", "Bought, but not for lost_days", |row| row.is_lost);
    let meaning = "What a lost customer's word of mouth costs: reach × share × mean value of a customer; null for others";
    draft.money("word_of_mouth_loss", meaning, |row| row.loss);
    let meaning = "Declared potential for cooperation; null where it is not known";
    draft.money_in("cooperation_potential", "points", meaning, |row| row.cooperation);
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTRIBUTION: [i64; 5] = [100, 200, -40, 7, 0];

    fn sales() -> Vec<Option<(i32, i32)>> {
        vec![Some((1, 50)), Some((10, 50)), Some((20, 50)), Some((30, 50)), None]
    }

    fn worth() -> Worth {
        let residual = vec![Some(10), Some(20), None, Some(1), None];
        Worth::for_test(sales(), CONTRIBUTION.to_vec(), Some(residual))
    }

    fn referral(day: i32, referrer: u32, referred: u32, reward: i64) -> Referral {
        Referral { referred, day, referrer, reward }
    }

    /// What each referrer brought; customers are 0 to 4.
    fn brought(mut referrals: Vec<Referral>) -> Vec<(u32, Brought)> {
        referrals.sort_unstable();
        let mut found = Credits::default();
        found.extend(credits(&referrals, &(0..2), Some(&worth())));
        found.extend(credits(&referrals, &(2..5), Some(&worth())));
        found.extend(credits(&referrals, &(5..99), None));
        found.sort();
        found.of(&(0..5))
    }

    #[test]
    fn each_customer_is_brought_once_and_by_its_first_referrer() {
        let found = brought(vec![
            referral(10, 0, 1, 5),
            referral(9, 2, 1, 5),
            referral(20, 0, 2, 5),
            referral(31, 0, 3, 5),
            referral(5, 1, 1, 5),
            referral(5, 1, 4, 5),
            referral(6, 1, 9, 5),
        ]);
        let first = Brought {
            referrals: 3,
            customers: 1,
            disregarded: 2,
            rewards: 15,
            contribution: -40,
            residual: 0,
        };
        assert_eq!(found[0], (0, first), "one was brought by another before, one bought before");
        let (_, second) = found[1];
        assert_eq!(
            (second.referrals, second.customers, second.disregarded),
            (3, 0, 1),
            "oneself, a prospect, a stranger"
        );
        let (_, third) = found[2];
        assert_eq!((third.customers, third.contribution, third.value()), (1, 200, 215));
        let counted: i128 = found.iter().map(|(_, found)| found.contribution).sum();
        assert_eq!(counted, 160, "each euro once");
    }

    #[test]
    fn referrals_in_a_circle_count_each_once() {
        let found = brought(vec![referral(1, 1, 0, 0), referral(2, 0, 1, 0)]);
        assert_eq!((found[0].1.contribution, found[1].1.contribution), (200, 100));
    }

    #[test]
    fn word_of_mouth_costs_a_share_of_the_people_told() {
        let def = WordOfMouthDef { reach: "11".parse().unwrap(), share: "0.5".parse().unwrap() };
        // Residual values of the four who bought: 31 in all, 7.75 each.
        let mut buyers = Buyers::of(&worth(), 0..2);
        buyers.add(Buyers::of(&worth(), 2..5));
        assert_eq!(word_of_mouth_loss(&def, buyers).unwrap(), Some(43));
        // Contributions: 267 in all, 66.75 each.
        let without = Worth::for_test(sales(), CONTRIBUTION.to_vec(), None);
        assert_eq!(word_of_mouth_loss(&def, Buyers::of(&without, 0..5)).unwrap(), Some(367));
        assert_eq!(word_of_mouth_loss(&def, Buyers::default()).unwrap(), None);
    }
}
