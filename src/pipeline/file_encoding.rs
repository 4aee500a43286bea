//! Encodings of published files by the word that names each of them.

/// How the columns of published files are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileEncoding {
    /// Dictionaries, DELTA_BINARY_PACKED and DELTA_LENGTH_BYTE_ARRAY without compression: fastest to write and to read.
    Compact,
    /// Dictionaries and PLAIN, compressed by zstd: what every reader of today has, and small.
    Portable,
    /// PLAIN alone, without compression: for the oldest readers.
    Plain,
}

impl FileEncoding {
    /// All of them, in the order in which messages list them.
    pub const ALL: [Self; 3] = [Self::Compact, Self::Portable, Self::Plain];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Compact => "compact",
            Self::Portable => "portable",
            Self::Plain => "plain",
        }
    }

    /// The encoding of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.word() == word)
    }
}
