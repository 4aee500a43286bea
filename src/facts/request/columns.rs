//! Columns as an engine reads them from Parquet, and as abacus holds them: what lies between is a cast.

use crate::facts::dialect::{Digits, Engine};
use crate::facts::inputs::binder::RATE_TYPE;
use crate::facts::inputs::input_file::InputFile;
use crate::facts::inputs::source::Source;
use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, TimeUnit};
use parquet::basic::Type as Physical;
use std::collections::BTreeMap;

/// The digits of every column of exact numbers that a source uses, in the widest type of its files.
pub(super) fn digits_of(source: &Source) -> BTreeMap<String, Digits> {
    let mut digits = BTreeMap::new();
    for name in &source.columns {
        let of_files =
            source.files.iter().filter_map(|file| Digits::of_type(stored_type(file, name)?.data_type()));
        if let Some(widest) = of_files.reduce(Digits::common) {
            digits.insert(name.clone(), widest);
        }
    }
    let rates = source.rates.iter().flat_map(|rates| &rates.columns);
    digits.extend(rates.filter_map(|(name, _)| Some(((*name).to_owned(), Digits::of_type(&RATE_TYPE)?))));
    digits
}

/// The type of a source's column in one of its files, by folder or footer; none if the file lacks it.
fn stored_type<'f>(file: &'f InputFile, name: &'f str) -> Option<&'f Field> {
    match file.constant(name) {
        Some(constant) => Some(constant.field()),
        None => file.metadata.schema().field_with_name(file.stored_name(name)?).ok(),
    }
}

/// A column of one file in SQL, in the type the source's expressions were bound to.
///
/// # Errors
/// What the engine does not read as abacus does, with the way out.
pub(super) fn stored(engine: Engine, file: &InputFile, name: &str) -> Result<String, String> {
    let wanted = file.schema().field_with_name(name).map_err(|fault| fault.to_string())?.data_type();
    let Some(field) = stored_type(file, name) else {
        return Ok(format!("CAST(NULL AS {})", type_name(engine, name, wanted)?));
    };
    if file.path_claims.iter().any(|claim| claim.name == *name) {
        return Err(format!(
            "column '{name}' is in the files and in their path, which no engine holds against each other; write the files \
             without it"
        ));
    }
    if let Some(constant) = file.constant(name) {
        return constant_text(engine, name, constant.value().as_ref());
    }
    let text = engine.quoted(field.name());
    let read = as_read(engine, name, &text, field.data_type(), is_int96(file, field.name()))?;
    let (own, widest) = (type_name(engine, name, field.data_type())?, type_name(engine, name, wanted)?);
    let is_exact = Digits::of_type(field.data_type()).is_some() && Digits::of_type(wanted).is_some();
    Ok(if own == widest || is_exact { read } else { format!("CAST({read} AS {widest})") })
}

fn constant_text(engine: Engine, name: &str, value: &dyn Array) -> Result<String, String> {
    let ty = type_name(engine, name, value.data_type())?;
    if value.logical_null_count() > 0 {
        return Ok(format!("CAST(NULL AS {ty})"));
    }
    let text = cast(value, &DataType::Utf8).map_err(|fault| fault.to_string())?;
    Ok(format!("CAST({} AS {ty})", engine.text(text.as_string::<i32>().value(0))))
}

fn is_int96(file: &InputFile, stored: &str) -> bool {
    let columns = file.metadata.parquet_schema().columns();
    columns.iter().any(|column| column.path().string() == stored && column.physical_type() == Physical::INT96)
}

/// What an engine reads, as abacus holds it.
fn as_read(
    engine: Engine,
    name: &str,
    text: &str,
    data_type: &DataType,
    is_int96: bool,
) -> Result<String, String> {
    Ok(match (data_type, engine) {
        (DataType::Float32, _) => format!("CAST({text} AS DOUBLE)"),
        (DataType::Null, _) => format!("CAST(NULL AS {})", type_name(engine, name, data_type)?),
        (DataType::FixedSizeBinary(16), Engine::DuckDb) => format!("CAST({text} AS VARCHAR)"),
        // INT96 is an instant to Spark and wall time of UTC to DuckDB, whatever was meant.
        (DataType::Timestamp(_, None), Engine::Spark) if is_int96 => {
            return Err(format!(
                "column '{name}' is wall time in INT96, which Spark takes for instants; write the column as a timestamp \
                 without zone"
            ));
        }
        (DataType::Timestamp(_, Some(_)), Engine::DuckDb) if is_int96 => {
            format!("timezone('UTC', CAST({text} AS TIMESTAMP))")
        }
        // Spark reads nanoseconds as integers, by the settings.
        (DataType::Timestamp(TimeUnit::Nanosecond, zone), Engine::Spark) if !is_int96 => {
            let micros = format!("({text} - pmod({text}, 1000)) div 1000");
            match zone {
                Some(_) => format!("timestamp_micros({micros})"),
                None => format!(
                    "TIMESTAMP_NTZ'1970-01-01 00:00:00' + make_dt_interval(0, 0, 0, ({micros}) * 0.000001)"
                ),
            }
        }
        (DataType::Timestamp(TimeUnit::Nanosecond, zone), Engine::DuckDb) => {
            format!("CAST({text} AS {})", engine.time_type(zone.is_some()))
        }
        (DataType::Dictionary(_, values), _) => as_read(engine, name, text, values, is_int96)?,
        _ => {
            type_name(engine, name, data_type)?;
            text.to_owned()
        }
    })
}

/// The engine's type for values that abacus holds like this.
fn type_name(engine: Engine, name: &str, data_type: &DataType) -> Result<String, String> {
    Ok(match data_type {
        DataType::Null | DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            "BIGINT".to_owned()
        }
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => "BIGINT".to_owned(),
        DataType::UInt64 => "DECIMAL(20, 0)".to_owned(),
        DataType::Decimal32(all, scale)
        | DataType::Decimal64(all, scale)
        | DataType::Decimal128(all, scale) => {
            format!("DECIMAL({all}, {scale})")
        }
        DataType::Float32 | DataType::Float64 => "DOUBLE".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => engine.text_type().to_owned(),
        DataType::FixedSizeBinary(16) if engine == Engine::DuckDb => engine.text_type().to_owned(),
        DataType::Date32 => "DATE".to_owned(),
        DataType::Timestamp(_, zone) => engine.time_type(zone.is_some()).to_owned(),
        DataType::Dictionary(_, values) => return type_name(engine, name, values),
        other => {
            return Err(format!(
                "column '{name}' is {other}, which {} does not read as abacus does; write it as text, a number of at most \
                 38 digits, a date or a timestamp",
                engine.name()
            ));
        }
    })
}
