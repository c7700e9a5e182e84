//! Tables that are nearly usual, made by the test: what is read all the same, and what is refused with the way out.

use assert_cmd::Command;
use std::io::Write;
use tempfile::TempDir;

/// Twenty-four samples that no line separates.
fn plain() -> String {
    let row = |row: u32| {
        let (a, b) = (f64::from(row * 7 % 24) / 4.0 - 3.0, f64::from(row * 13 % 24) - 11.0);
        format!("{a},{b},{}\n", if (row * 5 + row / 3) % 24 < 12 { "ant" } else { "bee" })
    };
    std::iter::once("a,b,y\n".to_owned()).chain((0..24).map(row)).collect()
}

struct Folder(TempDir);

impl Folder {
    fn with(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        std::fs::write(folder.path().join(name), bytes).expect("written");
        Self(folder)
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::cargo_bin("equipoise").expect("built");
        let output = command.current_dir(self.0.path()).args(arguments).output().expect("started");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code().expect("not killed"), text(output.stdout), text(output.stderr))
    }
}

/// The loss under `--l2 0.01`, and what was said.
#[track_caller]
fn solved(name: &str, bytes: impl AsRef<[u8]>, options: &[&str]) -> (f64, String) {
    let command = [&["solve", name, "--label", "y", "--l2", "0.01", "--format", "json"], options].concat();
    let (code, printed, said) = Folder::with(name, bytes).run(&command);
    assert_eq!(code, 0, "{name}: {said}");
    let record: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    (record["loss"].as_f64().expect("a loss"), said)
}

#[track_caller]
fn refused(name: &str, bytes: impl AsRef<[u8]>, options: &[&str], words: &[&str]) {
    let (code, printed, said) =
        Folder::with(name, bytes).run(&[&["solve", name, "--label", "y"], options].concat());
    assert_eq!((code, printed.as_str(), said.lines().count()), (2, "", 1), "{name}: {said}");
    for word in words {
        assert!(said.contains(word), "{name}: {said} lacks {word:?}");
    }
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).expect("started");
        archive.write_all(text.as_bytes()).expect("written");
    }
    archive.finish().expect("whole").into_inner()
}

#[test]
fn other_ways_to_write_the_same_table_are_read() {
    let plain = plain();
    let (right, _) = solved("plain.csv", &plain, &[]);
    let lined_up: String = plain.lines().fold(String::new(), |text, line| {
        let cells: Vec<String> = line.split(',').map(|cell| format!("{cell:>8}")).collect();
        text + &cells.join(" ") + "\n"
    });
    let utf16_le: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16_be: Vec<u8> = plain.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (name, bytes, options) in [
        ("lined-up.txt", lined_up.into_bytes(), &[][..]),
        ("caret.csv", plain.replace(',', "^").into_bytes(), &["--separator", "^"]),
        ("spaced.csv", plain.replace(',', ", ").into_bytes(), &[]),
        ("old-mac.csv", plain.replace('\n', "\r").into_bytes(), &[]),
        ("blank-lines.csv", plain.replace('\n', "\n\n").into_bytes(), &[]),
        ("quoted.csv", plain.replacen("a,b,y", "\"a\",\"b\",\"y\"", 1).into_bytes(), &[]),
        ("heading-of-two-lines.csv", plain.replacen("a,b,y", "a,\"b\nin cm\",y", 1).into_bytes(), &[]),
        ("no-break-space.csv", plain.replace("-2.25", "\u{a0}-2.25").into_bytes(), &[]),
        ("comments.csv", plain.replace("ant\n", "ant\n# seen twice\n").into_bytes(), &["--comment", "#"]),
        ("utf16-le.csv", utf16_le, &["--encoding", "utf-16"]),
        ("utf16-be.csv", utf16_be, &["--encoding", "utf-16be"]),
        ("data.csv.zip", zipped(&[("data.csv", &plain)]), &[]),
        ("labels-of-spaces.csv", plain.replace(",ant", ", ant ").into_bytes(), &[]),
    ] {
        let (found, said) = solved(name, bytes, options);
        assert!((found - right).abs() < 1e-12, "{name}: {found} for {right}: {said}");
    }
}

/// How a number is written.
type Spelling<'a> = &'a dyn Fn(f64) -> String;

/// Numbers as spreadsheets and people write them, beside the same as programs do.
#[test]
fn numbers_as_people_write_them_are_read_with_a_note() {
    let numbers = |write: &dyn Fn(f64) -> String, separator: char| {
        let rows = (0..24_u32).map(|row| {
            let (a, b) = (f64::from(row * 7 % 24) * 250.5 + 1.0, f64::from(row * 13 % 24) - 11.0);
            let label = if (row * 5 + row / 3) % 24 < 12 { "ant" } else { "bee" };
            format!("{}{separator}{b}{separator}{label}\n", write(a))
        });
        std::iter::once(format!("a{separator}b{separator}y\n")).chain(rows).collect::<String>()
    };
    let (right, said) = solved("plain.csv", numbers(&|a| format!("{a}"), ','), &[]);
    assert!(!said.contains("is read as"), "{said}");
    let grouped = |a: f64, thousands: &str, decimal: &str| {
        let (whole, rest) = (a.trunc(), format!("{:.1}", a.fract()));
        let (high, low) = ((whole / 1000.0).trunc(), whole % 1000.0);
        let whole = if high > 0.0 { format!("{high}{thousands}{low:03}") } else { low.to_string() };
        format!("{whole}{decimal}{}", &rest[2..])
    };
    let of: [(&str, Spelling, char, &[&str]); 7] = [
        ("us.csv", &|a| format!("\"{}\"", grouped(a, ",", ".")), ',', &[]),
        ("german.csv", &|a| grouped(a, ".", ","), ';', &[]),
        ("french.csv", &|a| grouped(a, "\u{202f}", ","), ';', &[]),
        ("swiss.csv", &|a| grouped(a, "'", "."), ',', &[]),
        ("money.csv", &|a| format!("\"${}\"", grouped(a, ",", ".")), ',', &[]),
        ("percent.csv", &|a| format!("{a}%"), ',', &[]),
        ("given.csv", &|a| grouped(a, "_", "."), ',', &["--thousands", "_"]),
    ];
    for (name, write, separator, options) in of {
        let (found, said) = solved(name, numbers(write, separator), options);
        assert!((found - right).abs() < 1e-12, "{name}: {found} for {right}: {said}");
        assert!(
            said.contains("note: column \"a\": ") && said.contains("and others like it"),
            "{name}: {said}"
        );
    }
}

/// Files of programs that end, begin or pack a table in their own way.
#[test]
fn marks_of_other_programs_do_not_disturb() {
    let plain = plain();
    let (right, _) = solved("plain.csv", &plain, &[]);
    let index = |line: (usize, &str)| match line {
        (0, _) => ",0,1,2\n".to_owned(),
        (row, text) => format!("{},{text}\n", row - 1),
    };
    let indexed: String = plain.lines().enumerate().map(index).collect();
    for (name, bytes, options) in [
        ("old-end.csv", format!("{plain}\u{1a}").into_bytes(), &[][..]),
        ("blank-end.csv", format!("{plain}  \n \t \n").into_bytes(), &[]),
        ("excel.csv", format!("\"sep=;\"\n{}", plain.replace(',', ";")).into_bytes(), &[]),
        ("titles.csv", format!("My experiment\n\n{plain}").into_bytes(), &["--skip-lines", "2"]),
        ("mac.zip", zipped(&[("t.csv", &plain), ("__MACOSX/._t.csv", "junk"), (".DS_Store", "junk")]), &[]),
        ("index.csv", indexed.into_bytes(), &["--label", "2"]),
    ] {
        let command = [&["solve", name, "--l2", "0.01", "--format", "json"], options].concat();
        let label = if options.contains(&"--label") { &[][..] } else { &["--label", "y"] };
        let (code, printed, said) = Folder::with(name, bytes).run(&[command.as_slice(), label].concat());
        assert_eq!(code, 0, "{name}: {said}");
        let found: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
        assert!((found["loss"].as_f64().expect("a loss") - right).abs() < 1e-12, "{name}: {said}");
    }
    let escaped = plain.replace(",ant", ",\"an \\\"ant\\\"\"");
    let (found, said) = solved("mysql.csv", escaped, &[]);
    assert!((found - right).abs() < 1e-12 && said.contains("classes an \"ant\", bee;"), "{said}");
    let unread = plain.replace("-2.25", "\\N");
    refused("hive.csv", unread, &[], &["\"\\\\N\" marks a missing value"]);
    let unread = plain.replace("-2.25", "#DIV/0!");
    refused("sheet.csv", unread, &[], &["\"#DIV/0!\" marks a missing value"]);
}

/// Kinds of files that no reader is for are called by their names.
#[test]
fn files_of_other_programs_are_named() {
    let sas = [&[0; 12][..], b"\xc2\xea\x81\x60", &[0; 40]].concat();
    let tar = [b"t.csv", &[0; 252][..], b"ustar", &[0; 200]].concat();
    let cases: [(&str, &[u8], &str); 15] = [
        ("t.feather", b"ARROW1\0\0", "pandas.read_feather"),
        ("t.arrows", b"\xff\xff\xff\xff\0\0", "pyarrow.ipc.open_stream"),
        ("t.orc", b"ORC\0\0", "pandas.read_orc"),
        ("t.avro", b"Obj\x01\0", "polars.read_avro"),
        ("t.sav", b"$FL2@(#) SPSS", "read_spss"),
        ("t.dta", b"<stata_dta><header>", "read_stata"),
        ("t.sas7bdat", &sas, "read_sas"),
        ("t.mat", b"MATLAB 5.0 MAT-file", "scipy.io.loadmat"),
        ("t.sqlite", b"SQLite format 3\0", "CSV"),
        ("t.arff", b"@relation t\n", "loadarff"),
        ("t.csv", b"<!DOCTYPE html><html>", "Download the file itself"),
        ("t.csv", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ("t.rds", b"X\n\0\0\0\x03", "write.csv"),
        ("t.tar", &tar, "unpack it"),
        ("t.jsonl", b"{\"a\": 1}\n", "pandas.read_json"),
    ];
    for (name, bytes, way_out) in cases {
        refused(name, bytes, &[], &["which is not read", way_out]);
    }
}

#[test]
fn what_is_no_such_table_is_refused_with_the_way_out() {
    let plain = plain();
    for (name, text, words) in [
        ("caret.csv", plain.replace(',', "^"), &["there is no column \"y\"", "name it with --separator"][..]),
        ("comments.csv", plain.replacen("ant\n", "ant\n# seen twice\n", 1), &["--comment '#'"]),
        ("percent.csv", plain.replace("-2.25", "50%"), &["\"50%\" is not a plain number", "per cent"]),
        ("money.csv", plain.replace("-2.25", "$2.25"), &["\"$2.25\" is not a plain number", "currencies"]),
        (
            "thousands.csv",
            plain.replace("-2.25", "\"1,000\""),
            &["\"1,000\" is not a number", "--thousands ,"],
        ),
        (
            "accounting.csv",
            plain.replace("-2.25", "(2.25)"),
            &["\"(2.25)\" is not a plain number; write it without other signs"],
        ),
        ("titles.csv", format!("My experiment,,\n2024,,\n{plain}"), &["line 3 has \"y\"", "--skip-lines 2"]),
        ("two-headers.csv", format!("u,u,v\n{plain}"), &["line 2 has \"y\"", "--skip-lines 1"]),
        // With a comma before decimals and between cells, the first halves are no row names.
        (
            "commas.csv",
            "x,y\n1,5,ant\n1,7,bee\n2,5,bee\n".to_owned(),
            &["line 3: 3 cells, but the header has 2"],
        ),
        (
            "both.csv",
            "x;z;y\n1,5;1.234;ant\n2,5;2.500;bee\n".to_owned(),
            &["writes both 1,5 and 1.234", "--thousands"],
        ),
        (
            "censored.csv",
            plain.replace("-2.25", "<0.5"),
            &["\"<0.5\" is not a number", "or correct the cell"],
        ),
        ("footer.csv", plain.clone() + "total,24,\n", &["line 26", "--missing drop-row"]),
        ("twice.csv", plain.replacen("a,b,y", "a,a,y", 1), &["columns 1 and 2 both have this name"]),
    ] {
        refused(name, text, &[], words);
    }
    let two = zipped(&[("a.csv", &plain), ("b.csv", &plain)]);
    refused("two.zip", two, &[], &["several files and no arrays", "\"a.csv\", \"b.csv\""]);
    let ods = zipped(&[("mimetype", "none"), ("content.xml", "none")]);
    refused("sheet.ods", ods, &[], &["is an OpenDocument file", "CSV"]);
    let utf16: Vec<u8> = plain.encode_utf16().flat_map(u16::to_be_bytes).collect();
    refused("utf16.csv", utf16, &[], &["is UTF-16 without a byte-order mark; give --encoding utf-16be"]);
    // A point is no decimal mark beside decimal commas, found or given.
    let mixed = "x;y\n1,5;ant\n2,5;bee\n608.210;ant\n3,5;bee\n";
    refused("mixed.csv", mixed, &["--decimal", ","], &["line 4", "\"608.210\"", "--thousands ."]);
    // Numbers that could be read are no categories.
    let commas = plain.lines().map(|line| match line.split_once(',') {
        Some((a, rest)) if a != "a" => format!("\"{}\",{rest}\n", a.replace('.', ",")),
        _ => format!("{line}\n"),
    });
    refused("decimal-commas.csv", commas.collect::<String>(), &["--one-hot"], &["give --decimal ,"]);
    // A table of numbers with a few words is no table of categories.
    refused("censored.csv", plain.replace("-2.25", "<0.5"), &["--one-hot"], &["\"<0.5\" is not a number"]);
}

/// Days and moments written as numbers are measurements to nobody else.
#[test]
fn moments_written_as_numbers_are_doubted() {
    let with = |value: &dyn Fn(usize) -> String| {
        let lines = plain().lines().map(str::to_owned).collect::<Vec<_>>();
        let rows = lines.iter().enumerate().map(|(line, text)| match line {
            0 => format!("when,{text}"),
            line => format!("{},{text}", value(line)),
        });
        rows.collect::<Vec<_>>().join("\n")
    };
    for (value, words) in [
        (
            &(|row: usize| format!("202501{:02}", 31 - row)) as &dyn Fn(usize) -> String,
            "column \"when\" may be dates",
        ),
        (&|row: usize| (1_577_836_800 + 86_400 * (31 - row)).to_string(), "\"when\" may be time since 1970"),
    ] {
        let (_, said) = solved("moments.csv", with(value), &[]);
        assert!(said.contains(words) && said.contains("--drop when"), "{said}");
    }
}

/// Surveys and weather stations mark what is missing by a number that is none of theirs.
#[test]
fn marks_of_missing_values_are_doubted() {
    let with = |mark: &str| plain().replace("-2.25", mark);
    let (_, said) = solved("marked.csv", with("-999"), &[]);
    assert!(said.contains("column \"a\" holds -999 in 1 row, far from its other numbers"), "{said}");
    let (_, said) = solved("large.csv", with("-12"), &[]);
    assert!(!said.contains("far from"), "{said}");
}

#[test]
fn what_is_asked_for_in_vain_is_said() {
    let plain = plain();
    for (options, words) in [
        (&["--one-hot"][..], "--one-hot: no feature is text"),
        (&["--ignore-index", "7"], "--ignore-index 7: no row has this label"),
    ] {
        let (_, said) = solved("plain.csv", &plain, options);
        assert!(said.contains(words), "{said}");
    }
    refused("plain.csv", &plain, &["--features", "a,b", "--drop", "a"], &["feature \"a\"", "in --drop too"]);
    refused("plain.csv", &plain, &["--classes", "bee,ant,bee"], &["--classes: \"bee\" is named twice"]);
}

#[test]
fn a_name_with_a_comma_is_seen_to_be_one() {
    let (_, said) = solved("comma.csv", plain().replacen("a,b,y", "\"a, cm\",b,y", 1), &[]);
    assert!(said.contains("features \"a, cm\", b;"), "{said}");
}

/// Rows of one-vs-all probabilities sum to anything; that softmax is tried beside them is no reason to refuse them.
#[test]
fn one_vs_all_probabilities_are_audited() {
    let row = |row: u32| {
        let p = |times: u32| f64::from(row * times % 23 + 1) / 25.0;
        format!("{},{},{},{}\n", p(7), p(11), p(13), ["ant", "bee", "cat"][(row * 5 % 7 % 3) as usize])
    };
    let rows: String = std::iter::once("ant,bee,cat,label\n".to_owned()).chain((0..40).map(row)).collect();
    let folder = Folder::with("scores.csv", rows);
    let command = ["audit", "scores.csv", "--probabilities", "--loss", "logistic", "--format", "json"];
    let (code, printed, said) = folder.run(&command);
    assert_eq!(code, 0, "{said}");
    let record: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    let tried = record["alternatives"].as_array().expect("a list");
    assert!(tried.iter().all(|one| one["loss"] != "softmax") && tried.len() > 3, "{tried:?}");
    assert_eq!(folder.run(&command[..3]).0, 2, "for softmax they are none");
}

#[test]
fn labels_that_may_be_none_are_doubted() {
    let with = |label: &dyn Fn(usize) -> String| {
        let plain = plain();
        let mut lines = plain.lines();
        let header = lines.next().expect("headings").to_owned();
        let rows = lines.enumerate().map(|(row, line)| {
            let (cells, _) = line.rsplit_once(',').expect("cells");
            format!("{cells},{}", label(row))
        });
        std::iter::once(header).chain(rows).collect::<Vec<_>>().join("\n")
    };
    for (label, words) in [
        (
            &(|row: usize| row.to_string()) as &dyn Fn(usize) -> String,
            "the label has 24 values in 24 rows; is it a class?",
        ),
        (
            &|row: usize| (row % 3).to_string().replace('2', "-1"),
            "-1 is taken for a class; if it marks rows to ignore, give --ignore-index -1",
        ),
        (&|row: usize| ["007", "8"][row % 2].to_owned(), "leading zeros are read as numbers: 007 is 7"),
        (&|row: usize| ["Bee", "bee", "ant"][row % 3].to_owned(), "differ in capitals only"),
    ] {
        let (_, said) = solved("labels.csv", with(label), &[]);
        assert!(said.contains(words), "{said}");
    }
}
