//! `referral`: value beyond the purchase. What the customers that a customer brought are worth, net of rewards; what a
//! lost customer's word of mouth costs; what a customer could give by cooperation.
//!
//! A customer is brought by the first who referred it (ties by key of the referrer), and by nobody if it bought before the
//! referral. Only direct referrals count, so no euro counts twice: the sums over referrers are those over the customers
//! brought. Rewards count as they were given, also for referrals that brought nobody.

use super::delivered::published;
use super::layout::Layout;
use super::sources::Referral;
use super::worth::Worth;
use crate::error::{Error, Result};
use crate::pipeline::WordOfMouthDef;
use crate::publish::schema::Sheet;
use crate::units::{pow10, round_ratio};

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

/// What each customer brought, by rank.
pub(crate) fn brought(referrals: &[Referral], worth: &Worth) -> Vec<Brought> {
    let mut found = vec![Brought::default(); worth.customers()];
    let mut has_referrer = vec![false; worth.customers()];
    let contribution = worth.money("contribution");
    // Referrals are in order of day, then referrer.
    for referral in referrals {
        let brought = &mut found[referral.referrer as usize];
        brought.referrals += 1;
        brought.rewards += i128::from(referral.reward);
        let who = referral.referred as usize;
        let Some(is_taken) = has_referrer.get_mut(who) else { continue };
        let was_customer = worth.sales[who].is_some_and(|(first, _)| first < referral.day);
        if *is_taken || was_customer || referral.referrer == referral.referred {
            brought.disregarded += 1;
            continue;
        }
        *is_taken = true;
        if worth.sales[who].is_some() {
            brought.customers += 1;
            brought.contribution += i128::from(contribution[who]);
            brought.residual += i128::from(worth.residual_of(who).unwrap_or(0));
        }
    }
    found
}

/// What a lost customer's word of mouth costs: people told × share lost × value of a customer, rounded half away from
/// zero. A customer's value is the mean residual value where there is one, else the mean contribution, of all who bought.
///
/// # Errors
/// Numbers beyond 128 bits.
pub(crate) fn word_of_mouth_loss(def: &WordOfMouthDef, worth: &Worth) -> Result<Option<i128>> {
    let buyers = (0..worth.customers()).filter(|rank| worth.sales[*rank].is_some());
    let contribution = worth.money("contribution");
    let value = |rank: usize| match &worth.residual {
        Some(residual) => residual[rank].unwrap_or(0),
        None => contribution[rank],
    };
    let (count, total) =
        buyers.fold((0_i128, 0_i128), |(count, total), rank| (count + 1, total + i128::from(value(rank))));
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
    loss: Option<i64>,
    cooperation: Option<i64>,
}

/// Customers with a referral, lost customers if word of mouth is declared, and those with a cooperation potential.
///
/// # Errors
/// A sum beyond 18 digits.
pub(crate) fn rows(
    found: &[Brought],
    worth: &Worth,
    loss: Option<i128>,
    cooperation: Option<&[Option<i64>]>,
    lost: impl Fn(usize) -> bool,
) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for rank in 0..worth.customers() {
        let is_lost = lost(rank);
        let loss = loss.filter(|_| is_lost);
        let cooperation = cooperation.and_then(|cooperation| cooperation[rank]);
        let brought = found[rank];
        if brought.referrals > 0 || loss.is_some() || cooperation.is_some() {
            published("referral_value", brought.value())?;
            published("contribution_brought", brought.contribution)?;
            published("residual_value_brought", brought.residual)?;
            published("rewards", brought.rewards)?;
            let loss = loss.map(|loss| published("word_of_mouth_loss", loss)).transpose()?;
            let rank = u32::try_from(rank).expect("ranks fit 32 bits");
            rows.push(Row { rank, brought, is_lost, loss, cooperation });
        }
    }
    Ok(rows)
}

/// The table.
pub(crate) fn sheet(layout: Layout<'_>, rows: &[Row], has_residual: bool) -> Sheet {
    let grain = "customer with a referral, a cooperation potential, or lost with word of mouth";
    let mut draft = layout.draft("referral", grain, Some("as_of"), rows);
    draft.customer(|row| row.rank);
    draft.count("referrals", "referrals", "Referrals the customer made", |row| row.brought.referrals);
    let meaning = "Customers brought, who bought; each by its first referrer only";
    draft.count("customers_brought", "customers", meaning, |row| row.brought.customers);
    let meaning = "Referrals of somebody brought by another, of a customer already, or of oneself";
    draft.count("disregarded", "referrals", meaning, |row| row.brought.disregarded);
    let money = |value: i128| Some(i64::try_from(value).expect("every row was checked"));
    let currency = || layout.currency().to_owned();
    let meaning = "Contribution over life of the customers brought";
    draft.money("contribution_brought", currency(), meaning, |row| money(row.brought.contribution));
    let meaning = "Residual value of the customers brought; null without [clv]";
    draft.money("residual_value_brought", currency(), meaning, |row| {
        money(row.brought.residual).filter(|_| has_residual)
    });
    draft.money("rewards", currency(), "What the customer was given for referrals", |row| {
        money(row.brought.rewards)
    });
    let meaning = "contribution_brought + residual_value_brought − rewards";
    draft.money("referral_value", currency(), meaning, |row| money(row.brought.value()));
    draft.flag("is_lost", "Bought, but not for lost_days", |row| row.is_lost);
    let meaning = "What a lost customer's word of mouth costs: reach × share × mean value of a customer; null for others";
    draft.money("word_of_mouth_loss", currency(), meaning, |row| row.loss);
    let meaning = "Declared potential for cooperation; null where it is not known";
    draft.money("cooperation_potential", "points", meaning, |row| row.cooperation);
    draft.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worth() -> Worth {
        let sales = vec![Some((1, 50)), Some((10, 50)), Some((20, 50)), Some((30, 50)), None];
        Worth::for_test(sales, vec![100, 200, -40, 7, 0], Some(vec![Some(10), Some(20), None, Some(1), None]))
    }

    fn referral(day: i32, referrer: u32, referred: u32, reward: i64) -> Referral {
        Referral { day, referrer, referred, reward }
    }

    #[test]
    fn each_customer_is_brought_once_and_by_its_first_referrer() {
        let mut referrals = vec![
            referral(10, 0, 1, 5),
            referral(9, 2, 1, 5),
            referral(20, 0, 2, 5),
            referral(31, 0, 3, 5),
            referral(5, 1, 1, 5),
            referral(5, 1, 4, 5),
            referral(6, 1, 9, 5),
        ];
        referrals.sort_unstable();
        let found = brought(&referrals, &worth());
        let first = Brought {
            referrals: 3,
            customers: 1,
            disregarded: 2,
            rewards: 15,
            contribution: -40,
            residual: 0,
        };
        assert_eq!(found[0], first, "one was brought by another before, one bought before");
        assert_eq!(
            (found[1].referrals, found[1].customers, found[1].disregarded),
            (3, 0, 1),
            "oneself, a prospect, a stranger"
        );
        assert_eq!((found[2].customers, found[2].contribution, found[2].value()), (1, 200, 215));
        let counted: i128 = found.iter().map(|found| found.contribution).sum();
        assert_eq!(counted, 160, "each euro once");
    }

    #[test]
    fn referrals_in_a_circle_count_each_once() {
        let found = brought(&[referral(1, 1, 0, 0), referral(2, 0, 1, 0)], &worth());
        assert_eq!((found[0].contribution, found[1].contribution), (200, 100));
    }

    #[test]
    fn word_of_mouth_costs_a_share_of_the_people_told() {
        let def = WordOfMouthDef { reach: "11".parse().unwrap(), share: "0.5".parse().unwrap() };
        // Residual values of the four who bought: 31 in all, 7.75 each.
        assert_eq!(word_of_mouth_loss(&def, &worth()).unwrap(), Some(43));
        let mut without = worth();
        without.residual = None;
        // Contributions: 267 in all, 66.75 each.
        assert_eq!(word_of_mouth_loss(&def, &without).unwrap(), Some(367));
    }
}
