//! File formats by magic number, the first bytes of a file; a name may say anything.

use crate::storage::{Object, store_of};
use std::fmt;
use std::path::Path;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// Not a byte.
    Empty,
    /// Parquet, as far as the first bytes tell.
    Parquet,
    /// Parquet with an encrypted footer.
    EncryptedParquet,
    /// UTF-8, or another encoding that holds no zero bytes.
    Text,
    /// JSON.
    Json,
    /// UTF-16 or UTF-32.
    WideText,
    /// An Excel workbook of 2007 or later.
    Excel,
    /// An Excel workbook before 2007.
    OldExcel,
    /// A zip archive of something else.
    Zip,
    /// Compressed by gzip.
    Gzip,
    /// Compressed by Zstandard.
    Zstd,
    /// Apache ORC.
    Orc,
    /// Apache Avro.
    Avro,
    /// An Arrow file, also known as Feather version 2.
    Arrow,
    /// Feather version 1.
    Feather,
    /// A stream of Arrow messages.
    ArrowStream,
    /// A DuckDB database.
    DuckDb,
    /// An SQLite database.
    Sqlite,
    /// Anything else.
    Unknown,
}

/// Bytes that are looked at.
const HEAD: usize = 4_096;

impl FileKind {
    /// Recognises a file.
    ///
    /// # Errors
    /// When it cannot be opened or read.
    pub(crate) fn of(path: &Path) -> std::io::Result<Self> {
        Self::of_file(&*store_of(path).open(path)?)
    }

    /// Recognises an open file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn of_file(file: &dyn Object) -> std::io::Result<Self> {
        let size = usize::try_from(file.head()?.size).unwrap_or(usize::MAX).min(HEAD);
        Ok(Self::of_bytes(&file.read_range(0, size)?))
    }

    fn of_bytes(head: &[u8]) -> Self {
        let magic: [(&[u8], Self); 16] = [
            (b"PAR1", Self::Parquet),
            (b"PARE", Self::EncryptedParquet),
            (b"\xd0\xcf\x11\xe0", Self::OldExcel),
            (b"\x1f\x8b", Self::Gzip),
            (b"\x28\xb5\x2f\xfd", Self::Zstd),
            (b"Obj\x01", Self::Avro),
            (b"ARROW1", Self::Arrow),
            (b"FEA1", Self::Feather),
            (b"\xff\xff\xff\xff", Self::ArrowStream),
            (b"SQLite format 3\0", Self::Sqlite),
            (b"\xff\xfe", Self::WideText),
            (b"\xfe\xff", Self::WideText),
            (b"{\"", Self::Json),
            (b"{\n", Self::Json),
            (b"[{", Self::Json),
            (b"[\n", Self::Json),
        ];
        if head.is_empty() {
            return Self::Empty;
        }
        if b"PAR1".starts_with(head) {
            return Self::Parquet; // cut off
        }
        if head.starts_with(b"PK\x03\x04") {
            let is_workbook = head.windows(3).any(|bytes| bytes == b"xl/");
            let has_types = head.windows(19).any(|bytes| bytes == b"[Content_Types].xml");
            return if is_workbook || has_types { Self::Excel } else { Self::Zip };
        }
        // A table of text may have a first column such as `ORCAMENTO`.
        if head.starts_with(b"ORC")
            && head.get(3).is_some_and(|byte| !byte.is_ascii_graphic() && *byte != b' ')
        {
            return Self::Orc;
        }
        if head.get(8..12) == Some(b"DUCK") {
            return Self::DuckDb;
        }
        match magic.iter().find(|(bytes, _)| head.starts_with(bytes)) {
            Some((_, kind)) => *kind,
            None if head.iter().filter(|byte| **byte == 0).count() * 4 > head.len() => Self::WideText,
            None if head.contains(&0) => Self::Unknown,
            None => Self::Text,
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::Parquet => "Parquet",
            Self::EncryptedParquet => "encrypted Parquet",
            Self::Text => "text such as CSV",
            Self::Json => "JSON",
            Self::WideText => "text in UTF-16 or UTF-32",
            Self::Excel => "an Excel workbook",
            Self::OldExcel => "an Excel workbook of before 2007",
            Self::Zip => "a zip archive",
            Self::Gzip => "compressed by gzip",
            Self::Zstd => "compressed by Zstandard",
            Self::Orc => "ORC",
            Self::Avro => "Avro",
            Self::Arrow => "an Arrow (Feather) file",
            Self::Feather => "a Feather file of version 1",
            Self::ArrowStream => "an Arrow stream",
            Self::DuckDb => "a DuckDB database",
            Self::Sqlite => "an SQLite database",
            Self::Unknown => "no format that is known",
        })
    }
}

/// The one line that makes Parquet, or what can be read, of a file.
pub(crate) fn conversion(kind: FileKind, path: &Path) -> String {
    let quoted = shell_quoted(path);
    let pyarrow = |module: &str, read: &str| {
        let (from, to) = (python_quoted(path), python_quoted(&target(path)));
        let code = format!(
            "import pyarrow.parquet as p, pyarrow.{module} as f; p.write_table(f.{read}({from}), {to})"
        );
        format!("convert it: python -c {}", shell_text(&code))
    };
    match kind {
        FileKind::Text => duckdb("read_csv", path),
        FileKind::Json => duckdb("read_json", path),
        FileKind::Excel => duckdb("read_xlsx", path),
        FileKind::Avro => duckdb("read_avro", path),
        FileKind::Orc => pyarrow("orc", "read_table"),
        FileKind::Arrow | FileKind::Feather => pyarrow("feather", "read_table"),
        FileKind::ArrowStream => {
            let (from, to) = (python_quoted(path), python_quoted(&target(path)));
            let code = format!(
                "import pyarrow as a, pyarrow.parquet as p; p.write_table(a.ipc.open_stream({from}).read_all(), {to})"
            );
            format!("convert it: python -c {}", shell_text(&code))
        }
        FileKind::WideText => {
            let to = shell_quoted(&path.with_extension("utf8.csv"));
            format!("convert it: iconv -f UTF-16 -t UTF-8 {quoted} > {to}")
        }
        FileKind::OldExcel => "save it as CSV or as an .xlsx workbook".to_owned(),
        FileKind::Gzip => format!("unpack it: gunzip -k {quoted}"),
        FileKind::Zstd => format!("unpack it: zstd -d {quoted}"),
        FileKind::Zip => format!("unpack it: unzip {quoted}"),
        FileKind::DuckDb | FileKind::Sqlite => "export the table as Parquet".to_owned(),
        FileKind::EncryptedParquet => "write it again without encryption".to_owned(),
        FileKind::Empty | FileKind::Parquet | FileKind::Unknown => {
            "write the file again or take it out of the pattern".to_owned()
        }
    }
}

fn duckdb(function: &str, path: &Path) -> String {
    let sql = |path: &Path| path.display().to_string().replace('\'', "''");
    let query = format!("copy (from {function}('{}')) to '{}'", sql(path), sql(&target(path)));
    format!("convert it: duckdb -c {}", shell_text(&query))
}

/// Where a conversion writes; never the file itself.
fn target(path: &Path) -> std::path::PathBuf {
    let target = path.with_extension("parquet");
    if target == path { path.with_extension("converted.parquet") } else { target }
}

/// A path as one word of a shell.
pub(crate) fn shell_quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '=');
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Text as one word of a shell: in double quotes, where nothing in it means something there.
fn shell_text(text: &str) -> String {
    if text.contains(['"', '$', '`', '\\', '!']) {
        format!("'{}'", text.replace('\'', r"'\''"))
    } else {
        format!("\"{text}\"")
    }
}

fn python_quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\\', r"\\").replace('\'', r"\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_first_bytes() {
        for (bytes, kind) in [
            (&b""[..], FileKind::Empty),
            (b"PAR1\x15\x04", FileKind::Parquet),
            (b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml", FileKind::Excel),
            (b"PK\x03\x04\x14\0\0\0a.csv", FileKind::Zip),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind::OldExcel),
            (b"\x1f\x8b\x08\0", FileKind::Gzip),
            (b"Obj\x01\x02", FileKind::Avro),
            (b"ARROW1\0\0", FileKind::Arrow),
            (b"\0\0\0\0\0\0\0\0DUCK@\0", FileKind::DuckDb),
            (b"\xff\xfea\0", FileKind::WideText),
            (b"a\0c\0c\0", FileKind::WideText),
            (b"\xef\xbb\xbfa,b\n", FileKind::Text),
            (b"K\xf6ln;1\n", FileKind::Text),
        ] {
            assert_eq!(FileKind::of_bytes(bytes), kind, "{bytes:?}");
        }
    }

    #[test]
    fn a_conversion_is_one_command_whatever_the_path_holds() {
        for (path, expected) in [
            ("a/b.csv", r#"convert it: duckdb -c "copy (from read_csv('a/b.csv')) to 'a/b.parquet'""#),
            ("it's.csv", r#"convert it: duckdb -c "copy (from read_csv('it''s.csv')) to 'it''s.parquet'""#),
            (
                "b.parquet",
                r#"convert it: duckdb -c "copy (from read_csv('b.parquet')) to 'b.converted.parquet'""#,
            ),
            (
                "a$b.csv",
                r"convert it: duckdb -c 'copy (from read_csv('\''a$b.csv'\'')) to '\''a$b.parquet'\'''",
            ),
        ] {
            assert_eq!(conversion(FileKind::Text, Path::new(path)), expected);
        }
        assert_eq!(conversion(FileKind::Gzip, Path::new("a b.gz")), "unpack it: gunzip -k 'a b.gz'");
    }
}
