//! `abacus report`.

use super::output::{check_output, write};
use super::{PipelineArg, pretty};
use crate::error::Result;
use crate::figures::{Page, page};
use crate::publish::Home;
use crate::report::grouped;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    pipeline: PipelineArg,
    /// Where the page is written; default: the pipeline's name and .html, in this folder.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Release that is shown; default: the current one.
    #[arg(long, value_name = "RELEASE")]
    release: Option<String>,
}

pub(super) fn report(args: &ReportArgs, json: bool) -> Result<String> {
    let definition = crate::pipeline::read(&args.pipeline.pipeline)?;
    let path = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.html", definition.name)));
    check_output(&definition, &path)?;
    let home = Home::open(&definition.publish.path)?;
    let release = match &args.release {
        Some(id) => home.release(id)?,
        None => home.published()?,
    };
    let page = page(&home, &release)?;
    write(&path, page.html.as_bytes())?;
    Ok(if json { as_json(&page, &path, &release.id) } else { as_text(&page, &path, &release.id) })
}

fn as_json(page: &Page, path: &Path, release: &str) -> String {
    let left_out =
        page.left_out.iter().map(|figure| json!({ "figure": figure.title, "comes_with": figure.comes_with }));
    pretty(&json!({
        "report": path,
        "release": release,
        "bytes": page.html.len(),
        "figures": page.figures,
        "left_out": left_out.collect::<Vec<_>>(),
    }))
}

fn as_text(page: &Page, path: &Path, release: &str) -> String {
    let (bytes, figures) = (grouped(page.html.len() as i128), page.figures.len());
    let mut text =
        format!("report       {}, {bytes} bytes, {figures} figures of release {release}\n", path.display());
    for figure in &page.left_out {
        text += &format!("left out     {}: comes with {}\n", figure.title, figure.comes_with);
    }
    text
}
