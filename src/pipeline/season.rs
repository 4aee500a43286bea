//! How seasons of the year are distinguished, by the word that names each way: in pipeline files, in published tables and in
//! messages.

/// Seasons by which purchases are timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Season {
    /// None: calendar time, every day like any other.
    None,
    /// Calendar months.
    Month,
    /// Weeks of seven days from 1 January; the 52nd has the one or two days that are left.
    Week,
}

impl Season {
    /// All of them, the one that assumes least first.
    pub const ALL: [Self; 3] = [Self::None, Self::Month, Self::Week];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Month => "month",
            Self::Week => "week",
        }
    }

    /// The seasons of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|season| season.word() == word)
    }
}
