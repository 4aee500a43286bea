//! A sign of life of a long stage where no bar can be drawn: every half a minute, from a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a stage says nothing.
const EVERY: Duration = Duration::from_secs(30);

/// How far a stage is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Beat {
    pub(super) stage: String,
    /// Since it began.
    pub(super) seconds: f64,
    /// That it is going to take, by those it took; none where that is not known.
    pub(super) expected: Option<f64>,
    /// Rows read, and rows to read; 0 where it does not count any.
    pub(super) done: u64,
    pub(super) of: u64,
}

impl Beat {
    /// For people.
    pub(super) fn line(&self) -> String {
        let Self { stage, seconds, done, of, .. } = self;
        let left = self.left().map_or(String::new(), |left| format!(", about {left:.0} s left"));
        let rows = if *of == 0 { String::new() } else { format!(", {done} of {of} rows") };
        format!("{stage:<14} {seconds:>7.0} s  at work{rows}{left}")
    }

    /// Seconds that are left; none where that is not known.
    pub(super) fn left(&self) -> Option<f64> {
        let by_rows = || self.seconds * (self.of - self.done) as f64 / self.done as f64;
        let left = if self.done > 0 { Some(by_rows()) } else { self.expected.map(|all| all - self.seconds) };
        left.filter(|left| *left > 0.0)
    }
}

/// Beats until it is dropped.
pub(super) struct Heartbeat {
    rows: Arc<[AtomicU64; 2]>,
    /// Dropped to stop the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heartbeat {
    /// Of a stage that begins now.
    pub(super) fn start(stage: &str, expected: Option<f64>, send: impl Fn(&Beat) + Send + 'static) -> Self {
        Self::start_every(EVERY, stage, expected, send)
    }

    fn start_every(
        every: Duration,
        stage: &str,
        expected: Option<f64>,
        send: impl Fn(&Beat) + Send + 'static,
    ) -> Self {
        let rows = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
        let (stop, stopped) = channel();
        let (counted, stage, start) = (Arc::clone(&rows), stage.to_owned(), Instant::now());
        let beat = move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let [done, of] = [&counted[0], &counted[1]].map(|rows| rows.load(Relaxed));
                let seconds = start.elapsed().as_secs_f64();
                send(&Beat { stage: stage.clone(), seconds, expected, done, of });
            }
        };
        // Without a thread a run is as good, and quieter.
        let thread = std::thread::Builder::new().name("heartbeat".to_owned()).spawn(beat).ok();
        Self { rows, stop: Some(stop), thread }
    }

    /// So many rows are done of so many.
    pub(super) fn progress(&self, done: u64, of: u64) {
        self.rows[0].store(done, Relaxed);
        self.rows[1].store(of, Relaxed);
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in it was said on stderr.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_stage_beats_until_it_ends() {
        let (sender, beats) = mpsc::channel();
        let send = move |beat: &Beat| sender.send(beat.clone()).unwrap();
        let heart = Heartbeat::start_every(Duration::from_millis(1), "facts", Some(9.0), send);
        heart.progress(1, 4);
        let beat = beats.iter().find(|beat| beat.of == 4).unwrap();
        assert_eq!((beat.stage.as_str(), beat.done, beat.expected), ("facts", 1, Some(9.0)));
        drop(heart);
        // Ends, for the thread is gone.
        beats.iter().for_each(drop);
    }

    #[test]
    fn what_is_left_follows_from_rows_and_else_from_the_last_run() {
        let beat = |done, of, expected| Beat { stage: "clv".to_owned(), seconds: 30.0, expected, done, of };
        assert_eq!(beat(1, 4, Some(31.0)).left(), Some(90.0));
        assert_eq!(beat(0, 0, Some(45.0)).left(), Some(15.0));
        assert_eq!(beat(0, 0, Some(20.0)).left(), None, "it takes longer than last time");
        assert_eq!(beat(0, 4, None).left(), None);
        assert_eq!(
            beat(1, 4, None).line(),
            "clv                 30 s  at work, 1 of 4 rows, about 90 s left"
        );
    }
}
