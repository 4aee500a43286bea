//! A table's columns together with their values, so that a column is named in one place only.

use super::schema::{Column, ColumnKind, TableSpec};
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal64Array, Decimal128Array, Float64Array, Int64Array,
    StringArray, TimestampMicrosecondArray,
};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::compute::{filter, is_not_null, is_null};
use std::sync::Arc;

/// Name and grain of a table.
pub(super) type TableName = (&'static str, &'static str);

/// Columns of one table and, parallel to them, their values.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// What is published.
    pub spec: TableSpec,
    /// One array per column of `spec`, all of one length.
    pub arrays: Vec<ArrayRef>,
}

impl Sheet {
    /// A table without columns yet.
    pub fn new(name: &'static str, grain: &'static str, partition: Option<&'static str>) -> Self {
        Self { spec: TableSpec { name, grain, partition, columns: Vec::new() }, arrays: Vec::new() }
    }

    /// Two tables of one: rows in which a column is null, which are totals over it, without the column; and all others. Totals
    /// never stand among what they sum up.
    pub fn split_totals(self, column: &str, totals: TableName, details: TableName) -> [Self; 2] {
        let place = self.spec.columns.iter().position(|known| known.name == column);
        let place = place.unwrap_or_else(|| panic!("no column '{column}' in {}", self.spec.name));
        let key = &self.arrays[place];
        let wanted = [is_null(key), is_not_null(key)].map(|wanted| wanted.expect("nulls can be found"));
        let [mut whole, mut parts] = wanted.map(|wanted| {
            let kept = self.arrays.iter().map(|array| filter(array, &wanted).expect("masks are as long"));
            Self { spec: self.spec.clone(), arrays: kept.collect() }
        });
        whole.spec.columns.remove(place);
        whole.arrays.remove(place);
        parts.spec.columns[place].nullable = false;
        (whole.spec.name, whole.spec.grain) = totals;
        (parts.spec.name, parts.spec.grain) = details;
        [whole, parts]
    }

    /// Appends a column with ready values.
    pub fn add(&mut self, column: Column, values: ArrayRef) {
        assert_eq!(*values.data_type(), column.kind.data_type(), "type of column '{}'", column.name);
        if let Some(first) = self.arrays.first() {
            assert_eq!(first.len(), values.len(), "length of column '{}'", column.name);
        }
        assert!(column.nullable || values.null_count() == 0, "null in column '{}'", column.name);
        self.spec.columns.push(column);
        self.arrays.push(values);
    }

    /// Appends a column of integers, money or volumes without copying them.
    pub fn fixed(&mut self, column: Column, values: impl Into<ScalarBuffer<i64>>) {
        let values = fixed_array(column.kind, values.into(), None);
        self.add(column, values);
    }

    /// The same, with nulls.
    pub fn fixed_or_null(&mut self, column: Column, values: Vec<Option<i64>>) {
        let nulls = NullBuffer::from_iter(values.iter().map(Option::is_some));
        let values: Vec<i64> = values.into_iter().map(|value| value.unwrap_or(0)).collect();
        let values = fixed_array(column.kind, values.into(), Some(nulls));
        self.add(column.nullable(), values);
    }

    /// Appends a column of instants; `never` stands for null.
    pub fn instants(&mut self, column: Column, values: ScalarBuffer<i64>, never: i64) {
        let nulls = values
            .contains(&never)
            .then(|| NullBuffer::from_iter(values.iter().map(|value| *value != never)));
        let values = TimestampMicrosecondArray::new(values, nulls).with_timezone("UTC");
        self.add(column.nullable(), Arc::new(values));
    }

    /// Appends a column of totals.
    pub fn totals(&mut self, column: Column, values: Vec<Option<i128>>) {
        let ColumnKind::Total(scale) = column.kind else { panic!("'{}' is not a total", column.name) };
        let scale = i8::try_from(scale).expect("scales are at most 38");
        let values = Decimal128Array::from(values)
            .with_precision_and_scale(38, scale)
            .expect("a scale within 38 digits");
        self.add(column, Arc::new(values));
    }

    /// Appends a column of texts.
    pub fn texts(&mut self, column: Column, values: impl IntoIterator<Item = Option<impl AsRef<str>>>) {
        self.add(column, Arc::new(values.into_iter().collect::<StringArray>()));
    }

    /// Appends a column of days since 1970-01-01.
    pub fn days(&mut self, column: Column, values: impl IntoIterator<Item = Option<i32>>) {
        self.add(column, Arc::new(values.into_iter().collect::<Date32Array>()));
    }

    /// Appends a column of ratios.
    pub fn floats(&mut self, column: Column, values: impl IntoIterator<Item = Option<f64>>) {
        self.add(column, Arc::new(values.into_iter().collect::<Float64Array>()));
    }

    /// Appends a column of flags.
    pub fn flags(&mut self, column: Column, values: impl IntoIterator<Item = bool>) {
        self.add(column, Arc::new(BooleanArray::from(values.into_iter().collect::<Vec<_>>())));
    }
}

fn fixed_array(kind: ColumnKind, values: ScalarBuffer<i64>, nulls: Option<NullBuffer>) -> ArrayRef {
    match kind {
        ColumnKind::Money(scale) | ColumnKind::Volume(scale) => {
            let scale = i8::try_from(scale).expect("scales are at most 18");
            let array = Decimal64Array::new(values, nulls);
            Arc::new(array.with_precision_and_scale(18, scale).expect("a scale within 18 digits"))
        }
        _ => Arc::new(Int64Array::new(values, nulls)),
    }
}
