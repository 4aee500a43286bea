//! Lake tables: folders whose log says which files are rows of the table.
//!
//! A Delta table is read from its log, as of one version. Tables of other formats are recognised and refused: a pattern
//! over their folders would count files that were replaced or removed. It knows nothing of how rows are used.

mod delta;
mod marks;

pub(crate) use delta::{LiveFile, PartitionValue, Table, open};
pub(crate) use marks::{Format, format_of, refuse_foreign};
