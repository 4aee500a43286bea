//! Releases over time: the lock, reuse, rollback, retention, damage.

use super::published::{
    OPTIONS, check_conveniences, fill, names, publish, read_published, sales, sales_rows, totals,
};
use abacus::error::Kind;
use abacus::pipeline::FileEncoding;
use abacus::publish::{Home, Retention, Vacuumed, WriteOptions};
use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt, symlink};
use std::path::Path;
use tempfile::tempdir;

#[test]
fn an_empty_folder_has_no_release() {
    let out = tempdir().unwrap();
    let home = Home::open(&out.path().join("not there yet")).unwrap();
    assert!(home.current().unwrap().is_none());
    assert!(home.releases().unwrap().is_empty());
    assert!(!home.path().exists(), "looking creates nothing");
    assert_eq!(home.rollback(None).unwrap_err().kind, Kind::Input);
}

#[test]
fn the_manifest_is_the_data_dictionary() {
    let out = tempdir().unwrap();
    let release = publish(out.path(), 1).unwrap();
    let table = &release.tables["sales"];
    assert_eq!((table.grain.as_str(), table.partition.as_deref()), (sales().grain, Some("month")));
    let revenue = &table.columns[1];
    assert_eq!((revenue.sql_type.as_str(), revenue.unit.as_str()), ("DECIMAL(18,4)", "EUR"));
    assert_eq!(release.rows("sales"), 500);
    let paths: Vec<&str> = release.files("sales").iter().map(|file| file.path.as_str()).collect();
    let id = &release.id;
    assert_eq!(
        paths,
        [
            format!("releases/{id}/sales/month=2026-01-01/sales-{id}.parquet"),
            format!("releases/{id}/sales/month=2026-02-01/sales-{id}.parquet"),
        ]
    );
    let manifest = fs::read(out.path().join("current/manifest.json")).unwrap();
    assert_eq!(manifest, fs::read(out.path().join("release.json")).unwrap());
}

#[test]
fn the_second_run_is_told_who_holds_the_lock() {
    let out = tempdir().unwrap();
    let home = Home::open(out.path()).unwrap();
    let lock = home.lock().unwrap();
    let error = home.lock().unwrap_err();
    assert_eq!(error.kind, Kind::Locked);
    let expected = format!("another run holds the lock (process {} since 20", std::process::id());
    assert!(error.to_string().contains(&expected), "{error}");
    assert_eq!(home.rollback(None).unwrap_err().kind, Kind::Locked);
    drop(lock);
    assert!(home.lock().is_ok());
}

#[test]
#[should_panic(expected = "under the lock")]
fn a_release_begins_under_the_lock_only() {
    let out = tempdir().unwrap();
    let home = Home::open(out.path()).unwrap();
    drop(home.lock().unwrap());
    let _ = home.begin(OPTIONS);
}

#[test]
fn a_dropped_release_leaves_nothing() {
    let out = tempdir().unwrap();
    publish(out.path(), 1).unwrap();
    let home = Home::open(out.path()).unwrap();
    let _lock = home.lock().unwrap();
    let staging = home.begin(OPTIONS).unwrap();
    fill(&staging, 2).unwrap();
    drop(staging);
    assert_eq!(read_published(out.path()), Some(1));
    assert!(names(&home.state().join("staging")).is_empty());
    assert_eq!(home.releases().unwrap().len(), 1);
}

#[test]
#[should_panic(expected = "not finished")]
fn a_table_that_was_not_finished_is_not_published() {
    let out = tempdir().unwrap();
    let home = Home::open(out.path()).unwrap();
    let _lock = home.lock().unwrap();
    let staging = home.begin(OPTIONS).unwrap();
    drop(staging.table(&totals(), None).unwrap());
    let _ = staging.commit(serde_json::json!({}));
}

#[test]
#[should_panic(expected = "written twice")]
fn a_partition_is_written_once() {
    let out = tempdir().unwrap();
    let home = Home::open(out.path()).unwrap();
    let _lock = home.lock().unwrap();
    let staging = home.begin(OPTIONS).unwrap();
    staging.put(&sales(), Some("2026-01-01"), sales_rows(1, 1)).unwrap();
    let _ = staging.put(&sales(), Some("2026-01-01"), sales_rows(1, 1));
}

#[test]
fn an_unchanged_partition_is_hard_linked() {
    let out = tempdir().unwrap();
    let inode = |path: &str| fs::metadata(out.path().join(path)).unwrap().ino();
    let first = publish(out.path(), 1).unwrap();
    let second = publish(out.path(), 2).unwrap();
    let (before, after) = (first.files("sales"), second.files("sales"));
    assert_eq!(inode(&before[0].path), inode(&after[0].path));
    assert_ne!(inode(&before[1].path), inode(&after[1].path));
    assert_ne!(before[0].path, after[0].path, "names tell the releases apart");
    assert_eq!(before[0].blake3, after[0].blake3);
    assert_eq!(read_published(out.path()), Some(2));
}

#[test]
fn only_the_same_recipe_columns_and_options_are_reused() {
    let out = tempdir().unwrap();
    let first = publish(out.path(), 1).unwrap();
    let home = Home::open(out.path()).unwrap();
    let _lock = home.lock().unwrap();
    let reuse = |options: WriteOptions, recipe: &str, unit: &'static str, name: &'static str| {
        let mut spec = sales();
        spec.columns[1].unit = unit.into();
        spec.columns[1].name = name.into();
        home.begin(options).unwrap().reuse(&spec, Some("2026-01-01"), recipe).unwrap()
    };
    let plain = WriteOptions { encoding: FileEncoding::Plain, ..OPTIONS };
    assert!(reuse(OPTIONS, "frozen month", "EUR", "revenue"));
    assert!(reuse(OPTIONS, "frozen month", "USD", "revenue"), "the dictionary is not in the file");
    assert!(!reuse(OPTIONS, "frozen month", "EUR", "turnover"));
    assert!(!reuse(OPTIONS, "another month", "EUR", "revenue"));
    assert!(!reuse(plain, "frozen month", "EUR", "revenue"));
    fs::write(home.path().join(&first.files("sales")[0].path), "torn").unwrap();
    assert!(!reuse(OPTIONS, "frozen month", "EUR", "revenue"), "a damaged file is not taken over");
}

/// Changes one bit of a file in place, so that its size and its other names stay.
fn flip(path: &Path, from_the_end: u64) {
    let file = fs::File::options().read(true).write(true).open(path).unwrap();
    let place = file.metadata().unwrap().len() - from_the_end;
    let mut byte = [0];
    file.read_exact_at(&mut byte, place).unwrap();
    file.write_all_at(&[byte[0] ^ 1], place).unwrap();
}

#[test]
fn a_file_with_a_flipped_bit_is_made_again_and_not_taken_over() {
    for from_the_end in [8, 400] {
        let out = tempdir().unwrap();
        let first = publish(out.path(), 1).unwrap();
        let damaged = out.path().join(&first.files("sales")[0].path);
        flip(&damaged, from_the_end);
        let flipped = fs::read(&damaged).unwrap();
        let home = Home::open(out.path()).unwrap();
        let lock = home.lock().unwrap();
        let staging = home.begin(OPTIONS).unwrap();
        fill(&staging, 2).unwrap();
        staging.commit(serde_json::json!({ "generation": 2 })).unwrap();
        drop(lock);
        assert_eq!(read_published(out.path()), Some(2));
        assert_eq!(fs::read(&damaged).unwrap(), flipped, "the earlier release is not written to");
        let warnings = home.take_warnings();
        assert!(warnings.len() == 1 && warnings[0].contains("its bytes changed"), "{warnings:?}");
        let error = home.rollback(None).unwrap_err();
        assert_eq!(error.kind, Kind::Check, "{error}");
        assert!(error.to_string().contains("its bytes changed"), "{error}");
    }
}

#[test]
fn rollback_returns_to_the_release_before_or_to_any() {
    let out = tempdir().unwrap();
    let ids: Vec<String> = (1..=3).map(|generation| publish(out.path(), generation).unwrap().id).collect();
    let home = Home::open(out.path()).unwrap();
    let back = home.rollback(None).unwrap();
    assert_eq!((&back.id, back.current), (&ids[1], true));
    assert_eq!(read_published(out.path()), Some(2));
    assert_eq!(fs::read_link(out.path().join("current")).unwrap(), Path::new("releases").join(&ids[1]));
    assert!(fs::read_to_string(out.path().join("views.sql")).unwrap().contains(&ids[1]));
    check_conveniences(out.path());

    home.rollback(Some(&ids[2])).unwrap();
    assert_eq!(read_published(out.path()), Some(3));
    let listed: Vec<(String, bool)> =
        home.releases().unwrap().into_iter().map(|release| (release.id, release.current)).collect();
    assert_eq!(listed, [(ids[0].clone(), false), (ids[1].clone(), false), (ids[2].clone(), true)]);

    let error = home.rollback(Some("yesterday")).unwrap_err();
    assert_eq!(error.kind, Kind::Definition);
    assert!(error.to_string().contains(&ids[0]), "{error}");
}

#[test]
fn a_run_after_a_rollback_follows_the_release_rolled_back_to() {
    let out = tempdir().unwrap();
    let first = publish(out.path(), 1).unwrap();
    publish(out.path(), 2).unwrap();
    Home::open(out.path()).unwrap().rollback(None).unwrap();
    let third = publish(out.path(), 3).unwrap();
    assert_eq!(third.previous, Some(first.id));
}

#[test]
fn rollback_restores_a_damaged_pointer() {
    let out = tempdir().unwrap();
    let id = publish(out.path(), 1).unwrap().id;
    fs::write(out.path().join("release.json"), "{").unwrap();
    let home = Home::open(out.path()).unwrap();
    let error = home.current().unwrap_err();
    assert!(error.to_string().contains("abacus releases rollback <id>"), "{error}");
    home.rollback(Some(&id)).unwrap();
    assert_eq!(read_published(out.path()), Some(1));
}

#[test]
fn one_changed_digit_of_the_pointer_is_told_and_its_manifest_read() {
    let out = tempdir().unwrap();
    let release = publish(out.path(), 4).unwrap();
    let pointer = out.path().join("release.json");
    let written = fs::read_to_string(&pointer).unwrap();
    let changed = written.replace("\"generation\": 4", "\"generation\": 5");
    assert_ne!(changed, written);
    fs::write(&pointer, &changed).unwrap();
    let home = Home::open(out.path()).unwrap();
    assert_eq!(home.current().unwrap().unwrap().run["generation"], 4);
    let warnings = home.take_warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("not those that were written"), "{warnings:?}");
    assert!(home.verify(&home.published().unwrap()).unwrap()[0].path == "release.json");

    fs::write(out.path().join("releases").join(&release.id).join("manifest.json"), &changed).unwrap();
    assert!(home.current().unwrap_err().to_string().contains("not those that were written"));
}

#[test]
fn a_pointer_of_before_digests_is_accepted() {
    let out = tempdir().unwrap();
    publish(out.path(), 1).unwrap();
    let pointer = out.path().join("release.json");
    let mut document: serde_json::Value = serde_json::from_slice(&fs::read(&pointer).unwrap()).unwrap();
    assert_eq!(document.as_object_mut().unwrap().remove("digest").unwrap().as_str().unwrap().len(), 64);
    fs::write(&pointer, document.to_string()).unwrap();
    let home = Home::open(out.path()).unwrap();
    assert_eq!(home.current().unwrap().unwrap().run["generation"], 1);
    assert!(home.take_warnings().is_empty());
}

#[test]
fn a_damaged_manifest_is_listed_and_stops_nothing() {
    let out = tempdir().unwrap();
    let ids: Vec<String> = (1..=3).map(|generation| publish(out.path(), generation).unwrap().id).collect();
    let manifest = out.path().join("releases").join(&ids[0]).join("manifest.json");
    let whole = fs::read(&manifest).unwrap();
    fs::write(&manifest, &whole[..whole.len() / 2]).unwrap();
    let home = Home::open(out.path()).unwrap();
    let (releases, damaged) = home.list().unwrap();
    assert_eq!(releases.iter().map(|release| &release.id).collect::<Vec<_>>(), [&ids[1], &ids[2]]);
    assert!(damaged.len() == 1 && damaged[0].id == ids[0] && damaged[0].found.contains("manifest.json"));
    assert_eq!(home.rollback(Some(&ids[0])).unwrap_err().kind, Kind::Check);
    assert_eq!(home.rollback(None).unwrap().id, ids[1]);
    publish(out.path(), 4).unwrap();
    assert_eq!(home.vacuum(&home.lock().unwrap(), Retention::newest(3)).unwrap().releases, [ids[0].clone()]);
    assert!(home.list().unwrap().1.is_empty());
}

#[test]
fn the_current_release_is_known_by_the_pointer_where_its_manifest_is_damaged() {
    let out = tempdir().unwrap();
    let release = publish(out.path(), 1).unwrap();
    fs::write(out.path().join("releases").join(&release.id).join("manifest.json"), "{").unwrap();
    let home = Home::open(out.path()).unwrap();
    let (releases, damaged) = home.list().unwrap();
    assert!(releases.len() == 1 && releases[0].current && damaged.is_empty());
    publish(out.path(), 2).unwrap();
    assert_eq!(read_published(out.path()), Some(2));
}

#[test]
fn strays_in_the_out_folder_are_passed_by() {
    let out = tempdir().unwrap();
    publish(out.path(), 1).unwrap();
    for folder in ["state/staging/backup of mine", "releases/notes", "state/facts"] {
        fs::create_dir_all(out.path().join(folder)).unwrap();
    }
    let strays = [
        "state/staging/.DS_Store",
        "state/staging/backup of mine/x",
        "releases/.DS_Store",
        "state/facts/.tmpdir",
    ];
    strays.iter().for_each(|stray| fs::write(out.path().join(stray), "x").unwrap());
    publish(out.path(), 2).unwrap();
    let home = Home::open(out.path()).unwrap();
    home.rollback(None).unwrap();
    home.vacuum(&home.lock().unwrap(), Retention::newest(1)).unwrap();
    assert!(strays[..3].iter().all(|stray| out.path().join(stray).exists()));
    assert!(!out.path().join(strays[3]).exists(), "what a killed run left of its kept facts is removed");
}

#[test]
fn a_folder_in_place_of_a_convenience_is_a_warning() {
    for name in ["current", "views.sql"] {
        let out = tempdir().unwrap();
        publish(out.path(), 1).unwrap();
        fs::remove_file(out.path().join(name)).unwrap();
        fs::create_dir_all(out.path().join(name).join("copied")).unwrap();
        let home = Home::open(out.path()).unwrap();
        let lock = home.lock().unwrap();
        let staging = home.begin(OPTIONS).unwrap();
        fill(&staging, 2).unwrap();
        staging.commit(serde_json::json!({ "generation": 2 })).unwrap();
        home.vacuum(&lock, Retention::newest(2)).unwrap();
        drop(lock);
        let warnings = home.take_warnings();
        assert!(warnings.len() == 1 && warnings[0].contains(name), "{warnings:?}");
        home.rollback(None).unwrap();
        assert_eq!(read_published(out.path()), Some(1));
        assert!(out.path().join(name).join("copied").exists());
    }
}

#[test]
fn links_planted_in_the_out_folder_are_not_followed() {
    let out = tempdir().unwrap();
    let away = tempdir().unwrap();
    publish(out.path(), 1).unwrap();
    let precious = away.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    for name in [".release.json.new", ".views.sql.new", ".current.new"] {
        symlink(&precious, out.path().join(name)).unwrap();
    }
    fs::create_dir_all(out.path().join("state/facts")).unwrap();
    symlink(away.path(), out.path().join("state/facts/elsewhere")).unwrap();
    publish(out.path(), 2).unwrap();
    let home = Home::open(out.path()).unwrap();
    home.vacuum(&home.lock().unwrap(), Retention::newest(1)).unwrap();
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    assert_eq!(read_published(out.path()), Some(2));

    fs::remove_file(out.path().join("state/lock")).unwrap();
    symlink(&precious, out.path().join("state/lock")).unwrap();
    assert!(publish(out.path(), 3).unwrap_err().to_string().contains("state/lock"));
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
}

#[test]
fn opening_repairs_what_follows_from_the_pointer() {
    let out = tempdir().unwrap();
    publish(out.path(), 1).unwrap();
    let release = publish(out.path(), 2).unwrap();
    fs::remove_file(out.path().join("current")).unwrap();
    fs::write(out.path().join("views.sql"), "old").unwrap();
    Home::open(out.path()).unwrap();
    assert_eq!(fs::read_link(out.path().join("current")).unwrap(), Path::new("releases").join(&release.id));
    assert!(fs::read_to_string(out.path().join("views.sql")).unwrap().contains(&release.id));
}

#[test]
fn verify_names_missing_and_changed_files() {
    let out = tempdir().unwrap();
    let release = publish(out.path(), 1).unwrap();
    let home = Home::open(out.path()).unwrap();
    assert_eq!(home.verify(&release).unwrap(), []);
    let [missing, changed] = release.files("sales") else { panic!("two months") };
    fs::remove_file(out.path().join(&missing.path)).unwrap();
    let mut bytes = fs::read(out.path().join(&changed.path)).unwrap();
    bytes[100] ^= 1;
    fs::write(out.path().join(&changed.path), bytes).unwrap();
    let damages = home.verify(&release).unwrap();
    let found: Vec<(&str, &str)> =
        damages.iter().map(|damage| (damage.path.as_str(), damage.found.as_str())).collect();
    let flipped = "its bytes changed since they were published";
    assert_eq!(found, [(missing.path.as_str(), "missing"), (changed.path.as_str(), flipped)]);
    publish(out.path(), 2).unwrap();
    assert_eq!(home.rollback(None).unwrap_err().kind, Kind::Check, "nobody is led to a damaged release");
}

#[test]
fn vacuum_keeps_the_newest_and_the_current() {
    let out = tempdir().unwrap();
    let ids: Vec<String> = (1..=4).map(|generation| publish(out.path(), generation).unwrap().id).collect();
    let home = Home::open(out.path()).unwrap();
    home.rollback(Some(&ids[0])).unwrap();
    let removed = home.vacuum(&home.lock().unwrap(), Retention::newest(1)).unwrap();
    assert_eq!(removed, Vacuumed { releases: ids[1..3].to_vec(), state: Vec::new() });
    assert_eq!(names(&out.path().join("releases")), [ids[0].clone(), ids[3].clone()].into());
    assert_eq!(read_published(out.path()), Some(1));
    home.rollback(Some(&ids[3])).unwrap();
    assert_eq!(read_published(out.path()), Some(4), "hard links outlive the release that made them");
}

#[test]
fn vacuum_removes_kept_facts_that_no_release_needs() {
    let out = tempdir().unwrap();
    let home = Home::open(out.path()).unwrap();
    for run in ["facts/a", "facts/sub/b"] {
        let _lock = home.lock().unwrap();
        fs::create_dir_all(home.state().join("facts/sub")).unwrap();
        fs::write(home.state().join(run), run).unwrap();
        let staging = home.begin(OPTIONS).unwrap();
        fill(&staging, 1).unwrap();
        staging.commit(serde_json::json!({ "generation": 1, "state": [run] })).unwrap();
    }
    assert_eq!(home.vacuum(&home.lock().unwrap(), Retention::newest(2)).unwrap(), Vacuumed::default());
    assert_eq!(home.vacuum(&home.lock().unwrap(), Retention::newest(1)).unwrap().state, ["facts/a"]);
    assert!(home.state().join("facts/sub/b").exists());
}
