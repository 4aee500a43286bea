//! Events as bars on a terminal, as plain lines elsewhere, or as JSON lines.

use super::excerpt::excerpt;
use super::heartbeat::{Beat, Heartbeat};
use crate::error::Error;
use crate::run::Events;
use crate::terminal::{escaped, escaped_json};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// The observer that suits stderr.
pub(super) fn observer(json: bool) -> Arc<dyn Events> {
    if json {
        Arc::new(JsonLines::default())
    } else if std::io::stderr().is_terminal() {
        Arc::new(Bars { bar: Mutex::new(None) })
    } else {
        Arc::new(Lines::default())
    }
}

/// Prints an error where progress goes, fault by fault, each with the line of the pipeline file that it is about.
pub(super) fn tell_error(json: bool, error: &Error) {
    let mut stderr = std::io::stderr().lock();
    for message in &error.messages {
        let line = if json {
            let event =
                serde_json::json!({ "event": "error", "exit": error.exit_code(), "message": message });
            escaped_json(&event.to_string())
        } else {
            let excerpt = excerpt(message).map_or(String::new(), |excerpt| format!("\n{excerpt}"));
            format!("error: {}{excerpt}", escaped(message))
        };
        // Nothing is left to do when stderr is gone.
        let _ = writeln!(stderr, "{line}");
    }
}

/// Prints a warning where progress goes.
pub(super) fn tell_warning(json: bool, warning: &str) {
    tell_line(&if json {
        escaped_json(&serde_json::json!({ "event": "warning", "message": warning }).to_string())
    } else {
        format!("warning: {}", escaped(warning))
    });
}

fn tell_line(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A line for every stage, and a sign of life in a long one.
#[derive(Default)]
struct Lines {
    heart: Mutex<Option<Heartbeat>>,
}

impl Events for Lines {
    fn stage_started(&self, name: &str, _: &str, expected: Option<f64>) {
        let heart = Heartbeat::start(name, expected, |beat| tell_line(&beat.line()));
        *locked(&self.heart) = Some(heart);
    }

    fn progress(&self, done: u64, of: u64) {
        if let Some(heart) = &*locked(&self.heart) {
            heart.progress(done, of);
        }
    }

    fn stage_finished(&self, name: &str, seconds: f64, account: &str) {
        *locked(&self.heart) = None;
        tell_line(&finished_line(name, seconds, account));
    }
}

fn locked<T>(slot: &Mutex<T>) -> MutexGuard<'_, T> {
    slot.lock().expect("no observer panics while it holds it")
}

fn finished_line(name: &str, seconds: f64, account: &str) -> String {
    format!("{name:<14} {seconds:>7.2} s  {}", escaped(account))
}

/// The same for programs.
#[derive(Default)]
struct JsonLines {
    heart: Mutex<Option<Heartbeat>>,
}

impl Events for JsonLines {
    fn stage_started(&self, name: &str, about: &str, expected: Option<f64>) {
        tell_event(&json!({
            "event": "stage_started", "stage": name, "about": about, "expected_seconds": expected
        }));
        let tell = |beat: &Beat| {
            let Beat { stage, seconds, expected, done, of } = beat;
            tell_event(&json!({
                "event": "progress", "stage": stage, "seconds": seconds, "expected_seconds": expected,
                "rows_done": done, "rows": of
            }));
        };
        *locked(&self.heart) = Some(Heartbeat::start(name, expected, tell));
    }

    fn progress(&self, done: u64, of: u64) {
        if let Some(heart) = &*locked(&self.heart) {
            heart.progress(done, of);
        }
    }

    fn stage_finished(&self, name: &str, seconds: f64, account: &str) {
        *locked(&self.heart) = None;
        tell_event(&json!({
            "event": "stage_finished", "stage": name, "seconds": seconds, "account": account
        }));
    }
}

fn tell_event(event: &Value) {
    tell_line(&escaped_json(&event.to_string()));
}

struct Bars {
    bar: Mutex<Option<ProgressBar>>,
}

impl Bars {
    fn with<R>(&self, act: impl FnOnce(&mut Option<ProgressBar>) -> R) -> R {
        act(&mut self.bar.lock().expect("no observer panics while it draws"))
    }
}

impl Events for Bars {
    fn stage_started(&self, name: &str, about: &str, expected: Option<f64>) {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{spinner} {prefix:<14} {elapsed:>5}  {msg}");
        bar.set_style(style.expect("the template is well formed"));
        bar.set_prefix(name.to_owned());
        let of = expected.filter(|seconds| *seconds >= 1.0);
        let of = of.map_or(String::new(), |seconds| format!("of about {seconds:.0} s  "));
        bar.set_message(format!("{of}{about}"));
        bar.enable_steady_tick(Duration::from_millis(120));
        self.with(|slot| *slot = Some(bar));
    }

    fn progress(&self, done: u64, of: u64) {
        self.with(|slot| {
            let Some(bar) = slot else { return };
            if bar.length().is_none() {
                let template =
                    "{spinner} {prefix:<14} {elapsed:>5}  {bar:32} {human_pos}/{human_len} rows, {eta} left";
                bar.set_style(ProgressStyle::with_template(template).expect("the template is well formed"));
            }
            bar.set_length(of);
            bar.set_position(done);
        });
    }

    fn stage_finished(&self, name: &str, seconds: f64, account: &str) {
        self.with(|slot| {
            if let Some(bar) = slot.take() {
                bar.finish_and_clear();
            }
        });
        tell_line(&finished_line(name, seconds, account));
    }
}
