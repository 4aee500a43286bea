//! Purchase models by the word that names each of them: in pipeline files, in published tables and in messages.

/// A model of purchases in the non-contractual setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PurchaseModel {
    /// Beta-geometric / NBD, of Fader, Hardie and Lee 2005: may lapse after each repeat purchase.
    BgNbd,
    /// Modified beta-geometric / NBD, of Batislam, Denizel and Filiztekin 2007: may lapse after the first purchase too.
    MbgNbd,
    /// Modified beta-geometric / condensed NBD, of Reutterer, Platzer and Schröder 2021: buys at every k-th event of a Poisson
    /// process, with more even gaps than MBG/NBD, which it is for k = 1.
    MbgCnbdK,
    /// Pareto / NBD, of Schmittlein, Morrison and Colombo 1987: may lapse at any time.
    ParetoNbd,
    /// Beta-geometric / beta-Bernoulli, of Fader, Hardie and Shang 2010: one opportunity per period.
    BgBb,
}

impl PurchaseModel {
    /// All of them, in the order in which messages list them.
    pub const ALL: [Self; 5] = [Self::BgNbd, Self::MbgNbd, Self::MbgCnbdK, Self::ParetoNbd, Self::BgBb];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::BgNbd => "bg_nbd",
            Self::MbgNbd => "mbg_nbd",
            Self::MbgCnbdK => "mbg_cnbd_k",
            Self::ParetoNbd => "pareto_nbd",
            Self::BgBb => "bg_bb",
        }
    }

    /// The model of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.word() == word)
    }

    /// Whether it speaks of continuous time. The others count whole periods.
    pub fn is_continuous(self) -> bool {
        !matches!(self, Self::BgBb)
    }

    /// Whether it asks how regularly customers buy, which gaps between purchases tell.
    pub fn asks_for_gaps(self) -> bool {
        matches!(self, Self::MbgCnbdK)
    }
}
