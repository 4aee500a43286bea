//! The key of a segment: how customers are divided, and which part of them a row is about. It is never null, so that
//! tables join and filter by it without a rule of their own for customers in no segment or for all of them.

/// What stands for all customers together, and for that way to divide them.
pub const ALL_CUSTOMERS: &str = "all";

/// What stands for customers in no segment.
pub const NO_SEGMENT: &str = "(none)";

/// A segment of one way to divide the customers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentKey<'r> {
    /// `all`, an attribute of the customers, or a column of `customer_segment`.
    pub by: &'r str,
    /// A value of it.
    pub name: &'r str,
}

impl<'r> SegmentKey<'r> {
    /// All customers together.
    pub const ALL: SegmentKey<'static> = SegmentKey { by: ALL_CUSTOMERS, name: ALL_CUSTOMERS };

    /// Customers with a value of an attribute; those in no segment for none.
    pub fn of(by: &'r str, name: Option<&'r str>) -> Self {
        match name {
            None if by == ALL_CUSTOMERS => SegmentKey::ALL,
            name => Self { by, name: name.unwrap_or(NO_SEGMENT) },
        }
    }
}
