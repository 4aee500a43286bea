//! Events as bars on a terminal, as plain lines elsewhere, or as JSON lines.

use crate::error::Error;
use crate::run::Events;
use crate::terminal::{escaped, escaped_json};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The observer that suits stderr.
pub(super) fn observer(json: bool) -> Arc<dyn Events> {
    if json {
        Arc::new(JsonLines)
    } else if std::io::stderr().is_terminal() {
        Arc::new(Bars { bar: Mutex::new(None) })
    } else {
        Arc::new(Lines)
    }
}

/// Prints an error where progress goes, one line per fault.
pub(super) fn tell_error(json: bool, error: &Error) {
    let mut stderr = std::io::stderr().lock();
    for message in &error.messages {
        let line = if json {
            let event =
                serde_json::json!({ "event": "error", "exit": error.exit_code(), "message": message });
            escaped_json(&event.to_string())
        } else {
            format!("error: {}", escaped(message))
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

struct Lines;

impl Events for Lines {
    fn stage_started(&self, _: &str, _: &str) {}

    fn progress(&self, _: u64, _: u64) {}

    fn stage_finished(&self, name: &str, seconds: f64, account: &str) {
        tell_line(&finished_line(name, seconds, account));
    }
}

fn finished_line(name: &str, seconds: f64, account: &str) -> String {
    format!("{name:<14} {seconds:>7.2} s  {}", escaped(account))
}

struct JsonLines;

impl Events for JsonLines {
    fn stage_started(&self, name: &str, about: &str) {
        tell_line(
            &serde_json::json!({ "event": "stage_started", "stage": name, "about": about }).to_string(),
        );
    }

    fn progress(&self, _: u64, _: u64) {}

    fn stage_finished(&self, name: &str, seconds: f64, account: &str) {
        let event = serde_json::json!({
            "event": "stage_finished", "stage": name, "seconds": seconds, "account": account
        });
        tell_line(&escaped_json(&event.to_string()));
    }
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
    fn stage_started(&self, name: &str, about: &str) {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{spinner} {prefix:<14} {elapsed:>5}  {msg}");
        bar.set_style(style.expect("the template is well formed"));
        bar.set_prefix(name.to_owned());
        bar.set_message(about.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        self.with(|slot| *slot = Some(bar));
    }

    fn progress(&self, done: u64, of: u64) {
        self.with(|slot| {
            let Some(bar) = slot else { return };
            if bar.length().is_none() {
                let template =
                    "{spinner} {prefix:<14} {elapsed:>5}  {bar:32} {human_pos}/{human_len} rows, {per_sec}";
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
