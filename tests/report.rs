//! The page that `abacus report` writes: what it shows is what was published, and it is safe to open anywhere.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[allow(dead_code, unused_imports, reason = "each test program takes its own part of the support")]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{Line, Outcome, Pipeline, Published, lines, table, write};

/// The sample in a folder of its own, published.
struct Sample {
    folder: tempfile::TempDir,
    published: Published,
}

impl Sample {
    fn new() -> Self {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("pipelines")).unwrap();
        let pipeline = folder.path().join("pipelines/retail.toml");
        fs::copy(repository.join("pipelines/retail.toml"), &pipeline).unwrap();
        std::os::unix::fs::symlink(repository.join("sample_data"), folder.path().join("sample_data"))
            .unwrap();
        let outcome = Outcome::of(Command::new(env!("CARGO_BIN_EXE_abacus")).arg("run").arg(&pipeline));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        let published = Published::read(&folder.path().join("out/retail")).unwrap();
        Self { folder, published }
    }

    /// Its page, written to a file of this name.
    fn page(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        let mut command = Command::new(env!("CARGO_BIN_EXE_abacus"));
        command.arg("report").arg(self.folder.path().join("pipelines/retail.toml"));
        let outcome = Outcome::of(command.arg("--output").arg(&path));
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        fs::read_to_string(path).unwrap()
    }
}

/// A figure of a page.
struct Section<'p> {
    id: &'p str,
    html: &'p str,
}

fn sections(page: &str) -> Vec<Section<'_>> {
    let mut sections = Vec::new();
    for part in between(page, "<section id=\"", "</section>") {
        let (id, html) = part.split_once('"').unwrap();
        sections.push(Section { id, html });
    }
    sections
}

impl Section<'_> {
    fn rows(&self) -> usize {
        self.html.split_once("<tbody>").unwrap().1.matches("<tr>").count()
    }

    fn table(&self) -> &str {
        self.html.split_once(", table <code>").unwrap().1.split_once('<').unwrap().0
    }

    /// How many rows the picture stands for: marks, or the points of each of its lines.
    fn marks(&self) -> usize {
        let picture = self.html.split_once("<figure").unwrap().1.split_once("</figure>").unwrap().0;
        let marks = picture.matches("class=\"mark").count();
        let lines = picture.match_indices("<path class=\"line").map(|(place, _)| {
            let path = picture[place..].split_once(" d=\"").unwrap().1.split_once('"').unwrap().0;
            path.chars().filter(|letter| "MLV".contains(*letter)).count()
        });
        let lines: BTreeSet<usize> = lines.collect();
        assert!(lines.len() <= 1, "{}: lines of {lines:?} points", self.id);
        marks + lines.into_iter().next().unwrap_or(0)
    }
}

/// All texts between a beginning and an end.
fn between<'p>(page: &'p str, beginning: &str, end: &str) -> Vec<&'p str> {
    page.split(beginning).skip(1).map(|part| part.split_once(end).unwrap().0).collect()
}

#[test]
fn every_figure_has_a_mark_for_every_row_of_its_table() {
    let page = Sample::new().page("page.html");
    let sections = sections(&page);
    let ids: Vec<&str> = sections.iter().map(|section| section.id).collect();
    let expected = [
        "whale-curve",
        "waterfall",
        "bridge",
        "budget",
        "pyramid",
        "serving-cost",
        "product-matrix",
        "capacity",
        "cohorts",
        "survival",
        "equity",
        "segment-equity",
        "calibration",
        "tracking",
        "treatments",
        "value-map",
    ];
    assert_eq!(ids, expected);
    for section in &sections {
        assert!(section.rows() > 0, "{}", section.id);
        assert_eq!(section.marks(), section.rows(), "{}", section.id);
    }
}

#[test]
fn every_number_of_the_page_is_a_published_cell() {
    let sample = Sample::new();
    let page = sample.page("page.html");
    let mut cells = BTreeSet::new();
    let mut tables: BTreeSet<&str> = ["run", "whale_summary", "survival_summary", "value_backtest"].into();
    let sections = sections(&page);
    tables.extend(sections.iter().map(Section::table));
    for table in tables {
        for row in sample.published.rows(table) {
            cells.extend(row.into_values().map(|cell| same_digits(&cell)));
        }
    }
    let exact = between(&page, "<data value=\"", "\"");
    assert!(exact.len() > 1_000, "{}", exact.len());
    for number in exact {
        assert!(cells.contains(&same_digits(number)), "{number} was not published");
    }
}

/// Floats are published and printed with the digits that tell them apart, but not always in the same notation.
fn same_digits(cell: &str) -> String {
    let is_float = cell.contains(['e', 'E']) || cell.contains('.');
    cell.parse::<f64>().ok().filter(|_| is_float).map_or_else(|| cell.to_owned(), |number| number.to_string())
}

#[test]
fn what_is_shown_of_a_number_is_its_rounding() {
    let page = Sample::new().page("page.html");
    for number in between(&page, "<data value=\"", "</data>") {
        let (exact, shown) = number.split_once("\">").unwrap();
        let plain = shown.replace([',', '\u{a0}'], "").replace('−', "-");
        let (plain, size) = match plain.strip_suffix('%') {
            Some(percent) => (percent.to_owned(), 0.01),
            None => (plain, 1.0),
        };
        let digits = plain.split_once('.').map_or(0, |(_, digits)| digits.len());
        let half = 0.500_001 * size / 10_f64.powi(i32::try_from(digits).unwrap());
        let (exact, plain) = (exact.parse::<f64>().unwrap(), plain.parse::<f64>().unwrap() * size);
        assert!((exact - plain).abs() <= half, "{number}");
    }
}

#[test]
fn a_tier_that_destroys_profit_has_a_bar_to_the_left_of_zero() {
    let page = Sample::new().page("page.html");
    let pyramid = sections(&page).into_iter().find(|section| section.id == "pyramid").unwrap();
    let small = pyramid.html.split_once("<title>small").unwrap().1.split_once("</g>").unwrap().0;
    let bar = small.split_once("<rect class=\"bad\" x=\"0%\"").unwrap().1;
    let width = bar.split_once("width=\"").unwrap().1.split_once('%').unwrap().0;
    assert!(width.parse::<f64>().unwrap() > 10.0, "{small}");
}

#[test]
fn where_all_customers_together_lose_money_every_tier_that_loses_has_its_bar() {
    let pipeline = without_optional_sections().with("amount = 1_000.00", "amount = 900_000.00");
    let pipeline = pipeline.and("\n[segments]\n");
    let tiers = pipeline.publish(&[]).rows("pyramid");
    let losing = tiers.iter().filter(|tier| tier["customer_profit"].starts_with('-')).count();
    assert!(losing > 0 && tiers.iter().all(|tier| tier["share_of_profit"] == "null"), "{tiers:?}");
    let (path, outcome) = written(&pipeline, &[]);
    outcome.succeeds(&[]);
    let page = fs::read_to_string(path).unwrap();
    let pyramid = sections(&page).into_iter().find(|section| section.id == "pyramid").unwrap();
    assert_eq!(pyramid.html.matches("<rect class=\"bad\"").count(), losing);
    assert_eq!(pyramid.marks(), pyramid.rows());
}

#[test]
fn the_same_release_gives_the_same_bytes_below_a_megabyte() {
    let sample = Sample::new();
    let page = sample.page("page.html");
    assert_eq!(page, sample.page("again.html"));
    assert!(page.len() < 1 << 20, "{}", page.len());
}

#[test]
fn the_page_runs_nothing_and_asks_nobody() {
    let page = Sample::new().page("page.html");
    let policy =
        "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline';";
    assert!(page.contains(policy));
    for forbidden in ["<script", "javascript:", "http:", "https:", " src=", "url(", "@import", "<link"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn headings_are_in_order_and_every_name_that_is_referred_to_is_there() {
    let page = Sample::new().page("page.html");
    let levels: Vec<u32> =
        page.match_indices("<h").filter_map(|(place, _)| page[place + 2..][..1].parse().ok()).collect();
    assert_eq!(levels[0], 1);
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    let ids: Vec<&str> = between(&page, " id=\"", "\"");
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "an id is there once");
    let referred = between(&page, "aria-labelledby=\"", "\"").into_iter().flat_map(str::split_whitespace);
    for id in referred.chain(between(&page, "href=\"#", "\"")) {
        assert!(ids.contains(&id), "{id}");
    }
}

/// A pipeline that publishes costs and profits alone.
fn without_optional_sections() -> Pipeline {
    let pipeline = Pipeline::new();
    write(&pipeline.data("lines/all.parquet"), table(&lines(1, 400, 90)));
    pipeline
}

fn written(pipeline: &Pipeline, flags: &[&str]) -> (PathBuf, Outcome) {
    let path = pipeline.data("page.html");
    let output = ["report", "--output", path.to_str().unwrap()];
    (path.clone(), pipeline.abacus(&[&output[..], flags].concat()))
}

#[test]
fn the_price_waterfall_is_drawn_where_components_are_declared() {
    let component = |name: &str, invoice: &str| {
        let keys = format!("name = \"{name}\"\namount = \"0.1 * revenue\"\ninvoice = \"{invoice}\"");
        format!("\n[[facts.transactions.price_component]]\n{keys}\n")
    };
    let components = [component("campaign", "on"), component("rebate", "off")].concat();
    let pipeline = without_optional_sections().and(&components);
    let waterfall = pipeline.publish(&[]).rows("price_waterfall_total");
    let (path, outcome) = written(&pipeline, &[]);
    outcome.succeeds(&[]);
    let page = fs::read_to_string(path).unwrap();
    let prices = sections(&page).into_iter().find(|section| section.id == "prices").unwrap();
    let lines: BTreeSet<&str> = waterfall.iter().map(|row| &*row["component"]).collect();
    assert_eq!((prices.marks(), prices.rows()), (lines.len(), lines.len()));
    assert!(lines.iter().all(|line| prices.html.contains(line)), "{lines:?}");
}

#[test]
fn figures_of_sections_that_are_off_are_left_out_and_named() {
    let pipeline = without_optional_sections();
    pipeline.publish(&[]);
    let (path, outcome) = written(&pipeline, &[]);
    outcome.succeeds(&[]);
    let page = fs::read_to_string(path).unwrap();
    let sections = sections(&page);
    let ids: Vec<&str> = sections.iter().map(|section| section.id).collect();
    assert_eq!(ids, ["whale-curve", "waterfall", "bridge", "serving-cost", "capacity"]);
    for section in &sections {
        assert_eq!(section.marks(), section.rows(), "{}", section.id);
    }
    for left_out in ["Customer pyramid", "Cohorts", "Survival", "Treatments", "Value map"] {
        assert!(page.split_once("Not on this page").unwrap().1.contains(left_out), "{left_out}");
        assert!(outcome.stdout.contains(&format!("left out     {left_out}")), "{outcome:?}");
    }
    assert!(outcome.stdout.contains("comes with [lifecycle]"), "{outcome:?}");
}

#[test]
fn names_of_data_are_text_and_long_ones_stand_whole_in_the_table() {
    let name = "<b onclick=alert(1)>'a & b' that is much too long for a picture of any width, as names of data may be";
    let pipeline = without_optional_sections().and(&format!(
        "\n[segments]\n\n[[segments.treatment]]\nname = \"{name}\"\nwhen = \"customer_profit > 0\"\n\
         attitude = \"care\"\naction = \"</script><script>alert(2)</script>\"\n"
    ));
    pipeline.publish(&[]);
    let (path, outcome) = written(&pipeline, &[]);
    outcome.succeeds(&[]);
    let page = fs::read_to_string(path).unwrap();
    assert!(!page.contains("<b ") && !page.contains("<script"), "data became markup");
    let whole = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;");
    assert!(page.contains(&format!("<td>{whole}</td>")));
    assert!(page.contains("…</text>"), "the picture has a part of it");
}

#[test]
fn what_a_release_changed_is_a_figure_of_the_next_page() {
    let pipeline = without_optional_sections();
    let first = pipeline.publish(&[]).id().to_owned();
    write(
        &pipeline.data("lines/late.parquet"),
        table(&[Line::new(-83, 9_000, 3), Line::new(-83, 9_001, 40)]),
    );
    pipeline.publish(&[]);
    let (path, outcome) = written(&pipeline, &[]);
    outcome.succeeds(&[]);
    let page = fs::read_to_string(&path).unwrap();
    let sections = sections(&page);
    let changes = sections.iter().find(|section| section.id == "changes").unwrap();
    assert!(changes.html.contains(&format!("Compared with release {first}")), "{}", changes.html);
    assert_eq!(changes.marks(), changes.rows());

    let (_, outcome) = written(&pipeline, &["--release", &first]);
    outcome.succeeds(&[]);
    let earlier = fs::read_to_string(&path).unwrap();
    assert!(earlier.contains(&format!("Release {first}.")) && !earlier.contains("id=\"changes\""));
}

#[test]
fn a_page_is_not_written_where_releases_lie_nor_of_a_release_that_is_not_there() {
    let pipeline = without_optional_sections();
    let (_, outcome) = written(&pipeline, &[]);
    outcome.fails(4, &["no release yet", "abacus run"]);
    pipeline.publish(&[]);
    let inside = pipeline.out().join("page.html");
    pipeline.abacus(&["report", "--output", inside.to_str().unwrap()]).fails(2, &["the folder of releases"]);
    let (_, outcome) = written(&pipeline, &["--release", "20200101T000000Z-000000"]);
    outcome.fails(2, &["no release '20200101T000000Z-000000'", "there are:"]);
}
