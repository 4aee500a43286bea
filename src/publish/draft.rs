//! A table being made of rows: an entry per column says its name, kind, unit and meaning, and how a row gives its value.
//! The writer, the schema and the data dictionary follow from the entries, so a new column is one entry.

use super::cell::Cell;
use super::schema::{Column, ColumnKind, Sheet};
use super::segment_key::SegmentKey;
use crate::pipeline::FactsDef;
use crate::units::{Day, Fixed18};
use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use std::borrow::Cow;

type Text = Cow<'static, str>;

/// What the columns of all tables of a run share.
#[derive(Debug, Clone, Copy)]
pub struct TableFormat<'r> {
    /// Unit of money: `EUR`.
    pub currency: &'r str,
    /// Digits after the point of money.
    pub money_scale: u8,
    /// Digits after the point of units.
    pub volume_scale: u8,
    /// Exclusive end of the history that rows are made from.
    pub as_of: Day,
}

impl<'r> TableFormat<'r> {
    /// That of a run over the history before a day.
    pub fn new(facts: &'r FactsDef, as_of: Day) -> Self {
        let FactsDef { currency, money_scale, volume_scale, .. } = facts;
        Self { currency, money_scale: *money_scale, volume_scale: *volume_scale, as_of }
    }

    /// Money of one customer.
    pub fn money(self, name: impl Into<Text>, meaning: impl Into<Text>) -> Column {
        Column::new(name, ColumnKind::Money(self.money_scale), self.currency.to_owned(), meaning)
    }

    /// Money of many customers.
    pub fn total(self, name: impl Into<Text>, meaning: impl Into<Text>) -> Column {
        Column::new(name, ColumnKind::Total(self.money_scale), self.currency.to_owned(), meaning)
    }

    /// A table of these rows, without columns yet.
    pub fn draft<R>(
        self,
        name: &'static str,
        grain: &'static str,
        partition: Option<&'static str>,
        rows: &'r [R],
    ) -> Draft<'r, R> {
        Draft { sheet: Sheet::new(name, grain, partition), rows, format: self }
    }
}

/// A table of rows `R` being made, column by column. A column whose values are options is nullable.
pub struct Draft<'r, R> {
    sheet: Sheet,
    rows: &'r [R],
    format: TableFormat<'r>,
}

impl<'r, R> Draft<'r, R> {
    /// The rows.
    pub fn rows(&self) -> &'r [R] {
        self.rows
    }

    /// What the columns of the run share.
    pub fn format(&self) -> TableFormat<'r> {
        self.format
    }

    /// The customer key: the ids of the rows' customers. A nullable one may be of the unidentified cost object.
    pub fn customer(&mut self, meaning: &'static str, ids: ArrayRef, is_nullable: bool) {
        let kind = if *ids.data_type() == DataType::Int64 { ColumnKind::IntKey } else { ColumnKind::Text };
        let column = Column::new("customer_id", kind, "", meaning);
        self.sheet.add(if is_nullable { column.nullable() } else { column }, ids);
    }

    /// The as-of date, constant over the table.
    pub fn as_of(&mut self) {
        let as_of = self.format.as_of;
        self.day("as_of_date", "Exclusive end of the history the row is made from", |_| as_of);
    }

    /// The segment a row is about.
    pub fn segment(&mut self, of: impl Fn(&'r R) -> SegmentKey<'r>) {
        let meaning = "Attribute or kind of segments by which customers are divided; all: not divided";
        self.name("segment_by", meaning, |row| of(row).by);
        let meaning = "Its value; (none): customers without one, all: all customers";
        self.name("segment", meaning, |row| of(row).name);
    }

    /// Names from a short list.
    pub fn name<V: Cell<Cow<'r, str>>>(
        &mut self,
        name: impl Into<Text>,
        meaning: impl Into<Text>,
        of: impl Fn(&'r R) -> V,
    ) {
        self.texts(Column::new(name, ColumnKind::Name, "", meaning), of);
    }

    /// Free text.
    pub fn text<V: Cell<Cow<'r, str>>>(
        &mut self,
        name: impl Into<Text>,
        meaning: impl Into<Text>,
        of: impl Fn(&'r R) -> V,
    ) {
        self.texts(Column::new(name, ColumnKind::Text, "", meaning), of);
    }

    fn texts<V: Cell<Cow<'r, str>>>(&mut self, column: Column, of: impl Fn(&'r R) -> V) {
        self.sheet.texts(declared::<_, V>(column), self.rows.iter().map(|row| of(row).cell()));
    }

    /// Counts and other integers.
    pub fn count<V: Cell<i64>>(
        &mut self,
        name: impl Into<Text>,
        unit: impl Into<Text>,
        meaning: impl Into<Text>,
        of: impl Fn(&'r R) -> V,
    ) {
        self.fixed(Column::new(name, ColumnKind::Integer, unit, meaning), of);
    }

    /// Money of a customer.
    pub fn money<V: Cell<Fixed18>>(
        &mut self,
        name: impl Into<Text>,
        meaning: impl Into<Text>,
        of: impl Fn(&'r R) -> V,
    ) {
        self.integers::<Fixed18, V>(self.format.money(name, meaning), of);
    }

    /// Money of a customer, or something else at its scale, such as points.
    pub fn money_in<V: Cell<Fixed18>>(
        &mut self,
        name: impl Into<Text>,
        unit: impl Into<Text>,
        meaning: impl Into<Text>,
        of: impl Fn(&'r R) -> V,
    ) {
        let kind = ColumnKind::Money(self.format.money_scale);
        self.integers::<Fixed18, V>(Column::new(name, kind, unit, meaning), of);
    }

    /// Whole numbers, or numbers of at most 18 digits of any kind.
    pub fn fixed<V: Cell<i64>>(&mut self, column: Column, of: impl Fn(&'r R) -> V) {
        self.integers::<i64, V>(column, of);
    }

    fn integers<T: Into<i64>, V: Cell<T>>(&mut self, column: Column, of: impl Fn(&'r R) -> V) {
        let values = self.rows.iter().map(|row| of(row).cell().map(Into::into));
        if V::IS_NULLABLE {
            self.sheet.fixed_or_null(column, values.collect());
        } else {
            self.sheet.fixed(column, values.map(Option::unwrap_or_default).collect::<Vec<i64>>());
        }
    }

    /// Money of many customers.
    pub fn total<V: Cell<i128>>(
        &mut self,
        name: impl Into<Text>,
        meaning: impl Into<Text>,
        of: impl Fn(&'r R) -> V,
    ) {
        self.wide(self.format.total(name, meaning), of);
    }

    /// Numbers of at most 38 digits.
    pub fn wide<V: Cell<i128>>(&mut self, column: Column, of: impl Fn(&'r R) -> V) {
        let values = self.rows.iter().map(|row| of(row).cell()).collect();
        self.sheet.totals(declared::<_, V>(column), values);
    }

    /// Ratios, means and estimates, shown rounded. What is no finite number is null.
    pub fn float<V: Cell<f64>>(
        &mut self,
        name: impl Into<Text>,
        unit: impl Into<Text>,
        meaning: impl Into<Text>,
        of: impl Fn(&'r R) -> V,
    ) {
        let column = Column::new(name, ColumnKind::Float, unit, meaning);
        let values = self.rows.iter().map(|row| of(row).cell().filter(|value| value.is_finite()));
        self.sheet.floats(declared::<_, V>(column), values);
    }

    /// Days.
    pub fn day<V: Cell<Day>>(
        &mut self,
        name: impl Into<Text>,
        meaning: impl Into<Text>,
        of: impl Fn(&'r R) -> V,
    ) {
        let column = Column::new(name, ColumnKind::Date, "", meaning);
        let values = self.rows.iter().map(|row| of(row).cell().map(|day| day.0));
        self.sheet.days(declared::<_, V>(column), values);
    }

    /// Flags.
    pub fn flag(&mut self, name: impl Into<Text>, meaning: impl Into<Text>, of: impl Fn(&'r R) -> bool) {
        let column = Column::new(name, ColumnKind::Bool, "", meaning);
        self.sheet.flags(column, self.rows.iter().map(of));
    }

    /// For columns whose values are there already, one per row: they are shared, not copied.
    pub fn ready(&mut self) -> &mut Sheet {
        &mut self.sheet
    }

    /// The table.
    pub fn finish(self) -> Sheet {
        self.sheet
    }
}

/// The column, nullable if its values are options.
fn declared<T, V: Cell<T>>(column: Column) -> Column {
    if V::IS_NULLABLE { column.nullable() } else { column }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::AsArray;
    use arrow::datatypes::{Decimal64Type, Float64Type, Int64Type};

    const FORMAT: TableFormat<'static> =
        TableFormat { currency: "EUR", money_scale: 2, volume_scale: 0, as_of: Day(19_723) };

    #[test]
    fn an_entry_says_all_of_a_column_and_options_make_it_nullable() {
        let rows = [(7_i64, Some(3_u32)), (-1, None)];
        let mut draft = FORMAT.draft("x", "row", None, &rows);
        draft.money("profit", "What is left", |row| Fixed18::of_column(row.0));
        draft.count("orders", "orders", "Orders", |row| row.1);
        let Sheet { spec, arrays } = draft.finish();
        let said: Vec<_> = spec.columns.iter().map(|c| (&*c.name, c.kind, &*c.unit, c.nullable)).collect();
        assert_eq!(said[0], ("profit", ColumnKind::Money(2), "EUR", false));
        assert_eq!(said[1], ("orders", ColumnKind::Integer, "orders", true));
        assert_eq!(arrays[0].as_primitive::<Decimal64Type>().values().to_vec(), [7, -1]);
        assert_eq!(arrays[1].as_primitive::<Int64Type>().iter().collect::<Vec<_>>(), [Some(3), None]);
    }

    #[test]
    fn what_is_no_finite_number_is_null() {
        let mut draft = FORMAT.draft("x", "row", None, &[0.5, f64::NAN, f64::INFINITY]);
        draft.float("ratio", "1", "A ratio", |row| Some(*row));
        let ratios = draft.finish().arrays.remove(0);
        assert_eq!(ratios.as_primitive::<Float64Type>().iter().collect::<Vec<_>>(), [Some(0.5), None, None]);
    }

    #[test]
    fn a_table_without_rows_has_its_columns() {
        let mut draft = FORMAT.draft::<&str>("x", "row", Some("as_of"), &[]);
        draft.as_of();
        draft.name("kind", "What it is", |row| *row);
        let Sheet { spec, arrays } = draft.finish();
        assert_eq!((spec.columns.len(), arrays[1].len(), spec.columns[1].nullable), (2, 0, false));
    }
}
