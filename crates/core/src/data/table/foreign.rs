//! Kinds of files that are known by their first bytes and not read, and what to do with them.

/// A kind of file that is not read.
struct Foreign {
    /// Bytes that it has at a place.
    mark: &'static [u8],
    at: usize,
    kind: &'static str,
    instead: &'static str,
}

const fn foreign(mark: &'static [u8], kind: &'static str, instead: &'static str) -> Foreign {
    Foreign { mark, at: 0, kind, instead }
}

const UNPACK: &str = "unpack it, or pack it with gzip or zstd";
const BY_PANDAS: &str = "save it as Parquet (df.to_parquet)";
const FROM_FEATHER: &str = "convert it: pandas.read_feather(\"FILE\").to_parquet(\"FILE.parquet\"), or polars.read_ipc(\"FILE\").write_parquet(\"FILE.parquet\")";
const FROM_STREAM: &str = "convert it: pyarrow.parquet.write_table(pyarrow.ipc.open_stream(\"FILE\").read_all(), \"FILE.parquet\"), or polars.read_ipc_stream(\"FILE\").write_parquet(\"FILE.parquet\")";
const FROM_R: &str = "save it with write.csv, or with arrow::write_parquet";
const FROM_JSON: &str = "convert it: pandas.read_json(\"FILE\").to_parquet(\"FILE.parquet\") (lines=True where every line is an object)";
const FROM_DATABASE: &str = "write the table as Parquet or CSV (COPY t TO 't.parquet')";
const FROM_STATISTICS: &str =
    "convert it: pandas.read_stata, read_sas or read_spss, then .to_parquet(\"FILE.parquet\")";

const FOREIGN: [Foreign; 33] = [
    foreign(b"ARROW1", "an Arrow IPC (Feather) file", FROM_FEATHER),
    foreign(b"FEA1", "an Arrow IPC (Feather) file", FROM_FEATHER),
    foreign(b"\xff\xff\xff\xff", "an Arrow IPC stream", FROM_STREAM),
    foreign(b"\x89HDF", "an HDF5 file", BY_PANDAS),
    foreign(b"RDX", "an R data file", FROM_R),
    foreign(b"RDA", "an R data file", FROM_R),
    foreign(b"X\n\0\0\0", "an R data file", FROM_R),
    foreign(b"\xd0\xcf\x11\xe0", "an Excel or SPSS file", "save the sheet as CSV"),
    foreign(b"$FL", "an SPSS file", FROM_STATISTICS),
    foreign(b"<stata_dta>", "a Stata file", FROM_STATISTICS),
    Foreign { mark: b"\xc2\xea\x81\x60", at: 12, kind: "a SAS file", instead: FROM_STATISTICS },
    foreign(
        b"MATLAB 5.0",
        "a MATLAB file",
        "convert it: numpy.savez(\"FILE.npz\", **scipy.io.loadmat(\"FILE\"))",
    ),
    foreign(b"SQLite format 3", "an SQLite database", "write the table as CSV (.mode csv, .headers on)"),
    Foreign { mark: b"DUCK", at: 8, kind: "a DuckDB database", instead: FROM_DATABASE },
    foreign(b"ORC", "an ORC file", "convert it: pandas.read_orc(\"FILE\").to_parquet(\"FILE.parquet\")"),
    foreign(
        b"Obj\x01",
        "an Avro file",
        "convert it: polars.read_avro(\"FILE\").write_parquet(\"FILE.parquet\")",
    ),
    foreign(b"<!DOCTYPE", "a page of HTML", "was a page saved instead of the file? Download the file itself"),
    foreign(b"<!doctype", "a page of HTML", "was a page saved instead of the file? Download the file itself"),
    foreign(
        b"<html",
        "a page of HTML",
        "if it has a table: pandas.read_html(\"FILE\")[0].to_parquet(\"FILE.parquet\")",
    ),
    foreign(b"<?xml", "XML", "save it as CSV or Parquet"),
    foreign(b"%PDF-", "a PDF file", "save the table as CSV"),
    foreign(
        b"version https://git-lfs",
        "a pointer of Git LFS, not the file",
        "fetch the file with git lfs pull",
    ),
    foreign(
        b"@relation",
        "an ARFF file",
        "convert it: pandas.DataFrame(scipy.io.arff.loadarff(\"FILE\")[0]).to_parquet(\"FILE.parquet\")",
    ),
    foreign(
        b"@RELATION",
        "an ARFF file",
        "convert it: pandas.DataFrame(scipy.io.arff.loadarff(\"FILE\")[0]).to_parquet(\"FILE.parquet\")",
    ),
    foreign(b"7z\xbc\xaf", "packed with 7-Zip", UNPACK),
    foreign(b"Rar!", "packed with RAR", UNPACK),
    foreign(b"\x04\x22\x4d\x18", "packed with LZ4", UNPACK),
    foreign(b"\xff\x06\0\0sNaPpY", "packed with Snappy", UNPACK),
    foreign(b"BZh", "packed with bzip2", UNPACK),
    foreign(b"\xfd7zXZ\0", "packed with xz", UNPACK),
    Foreign { mark: b"ustar", at: 257, kind: "a tar archive", instead: "unpack it, and name the file in it" },
    foreign(b"\xff\xfe\0\0", "UTF-32", "save it in UTF-8"),
    foreign(b"\0\0\xfe\xff", "UTF-32", "save it in UTF-8"),
];

/// What a file is and what to do, where it is known and not read.
pub(super) fn foreign_kind(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if let [0x80, 2..=5, ..] = bytes {
        return Some(("a Python pickle", "save arrays with numpy.savez, or a table with df.to_parquet"));
    }
    if let [b'{' | b'[', b'"' | b'{' | b'[' | b'0'..=b'9' | b'-' | b' ' | b'\r' | b'\n', ..] = bytes {
        return Some(("JSON", FROM_JSON));
    }
    let has_mark =
        |foreign: &&Foreign| bytes.get(foreign.at..).is_some_and(|rest| rest.starts_with(foreign.mark));
    FOREIGN.iter().find(has_mark).map(|foreign| (foreign.kind, foreign.instead))
}
