//! Values of rows as columns take them.

use std::borrow::Cow;

/// A value of a row as a column of `T` takes it. That of an option may be missing, which makes the column nullable.
pub trait Cell<T> {
    /// Whether the value may be missing.
    const IS_NULLABLE: bool;

    /// The value.
    fn cell(self) -> Option<T>;
}

impl<T> Cell<T> for T {
    const IS_NULLABLE: bool = false;

    fn cell(self) -> Option<T> {
        Some(self)
    }
}

impl<T> Cell<T> for Option<T> {
    const IS_NULLABLE: bool = true;

    fn cell(self) -> Option<T> {
        self
    }
}

/// Lets a column take values of other types, by a function.
macro_rules! converted {
    ($from:ty => $to:ty, $convert:expr $(; $out:lifetime, $own:lifetime)?) => {
        impl$(<$out, $own: $out>)? Cell<$to> for $from {
            const IS_NULLABLE: bool = false;

            fn cell(self) -> Option<$to> {
                Some($convert(self))
            }
        }

        impl$(<$out, $own: $out>)? Cell<$to> for Option<$from> {
            const IS_NULLABLE: bool = true;

            fn cell(self) -> Option<$to> {
                self.map($convert)
            }
        }
    };
}

converted!(u8 => i64, i64::from);
converted!(u16 => i64, i64::from);
converted!(i32 => i64, i64::from);
converted!(u32 => i64, i64::from);
converted!(u64 => i64, |count| i64::try_from(count).expect("a count fits 63 bits"));
converted!(usize => i64, |count| i64::try_from(count).expect("a count fits 63 bits"));
converted!(i64 => i128, i128::from);
converted!(&'t str => Cow<'r, str>, Cow::Borrowed; 'r, 't);
converted!(&'t String => Cow<'r, str>, |text: &'t String| Cow::Borrowed(text.as_str()); 'r, 't);

impl<'r> Cell<Cow<'r, str>> for String {
    const IS_NULLABLE: bool = false;

    fn cell(self) -> Option<Cow<'r, str>> {
        Some(Cow::Owned(self))
    }
}
