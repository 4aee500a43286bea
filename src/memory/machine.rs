//! Memory that this process may use: the machine's, or what its control groups allow.

use std::fs;
use std::path::{Path, PathBuf};

/// Of the memory that the process may use, the share that a run takes unless it is given another budget.
const SHARE: (u64, u64) = (3, 4);

/// Three quarters of the memory that the process may use; none where the system does not say how much there is.
pub fn default_budget() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_memory(&text));
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let allowed = limits(&groups, Path::new("/sys/fs/cgroup"));
    let bytes = machine.into_iter().chain(allowed).min()?;
    Some(bytes / SHARE.1 * SHARE.0)
}

/// `MemTotal` of `/proc/meminfo`, in bytes.
fn total_memory(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

/// The limits of the process's control groups and of all groups around them, of either version of the hierarchy.
fn limits(groups: &str, root: &Path) -> Vec<u64> {
    let mut found = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else { continue };
        let (folder, file) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            list if list.split(',').any(|name| name == "memory") => {
                (root.join("memory"), "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let group = Path::new(group.trim_start_matches('/'));
        let around = group.ancestors().map(|group| folder.join(group).join(file));
        found.extend(around.filter_map(|path: PathBuf| limit(&path)));
    }
    found
}

/// A group's limit; none where it says `max` or cannot be read, as within a container that shows its own group as root.
fn limit(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_limit_around_the_process_counts() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("jobs/memory.max", "4294967296\n");
        write("jobs/night/memory.max", "max\n");
        write("memory/batch/memory.limit_in_bytes", "1073741824\n");
        assert_eq!(limits("0::/jobs/night\n", root.path()), [4_294_967_296]);
        assert_eq!(limits("5:cpu,memory:/batch\n3:pids:/jobs\n", root.path()), [1_073_741_824]);
        assert!(limits("0::/elsewhere\n", root.path()).is_empty());
    }

    #[test]
    fn meminfo_counts_in_kibibytes() {
        assert_eq!(total_memory("MemTotal:       16 kB\nMemFree: 1 kB\n"), Some(16_384));
        assert_eq!(total_memory("MemFree: 1 kB\n"), None);
    }
}
