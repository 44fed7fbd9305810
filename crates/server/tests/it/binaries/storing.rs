//! The cache of embedded servers: damage, interruptions, removal.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;

use seedbed_api::Kind;
use seedbed_server::binaries::Choice;
use walkdir::WalkDir;

use super::ground::{
    Heard, embedded, finder, open_folder, real_path, servers_in, shared_cache, truncate, wanted,
};

#[test]
fn damage_is_noticed_and_repaired() {
    let (cache, heard) = (open_folder(), Heard::default());
    let finder = finder(cache.path(), &real_path(), &heard);
    let first = finder.install(Some(18)).unwrap();

    truncate(&first.postgres());
    assert!(finder.installed().is_empty(), "a server without its program is none");
    let second = finder.find(&wanted(Choice::Embedded, None)).unwrap();
    assert_eq!(second, first);

    let stemmer = WalkDir::new(cache.path())
        .into_iter()
        .flatten()
        .find(|entry| entry.file_name() == "dict_snowball.so")
        .expect("a library of the server");
    fs::remove_file(stemmer.path()).unwrap();
    finder.install(Some(18)).unwrap();
    assert!(stemmer.path().is_file());
}

#[test]
fn everything_is_open_to_other_accounts() {
    let bin = embedded(18).bin_dir;
    for entry in WalkDir::new(bin.parent().unwrap()) {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        if entry.file_type().is_dir() || entry.path().starts_with(&bin) {
            assert_eq!(mode & 0o555, 0o555, "{}", entry.path().display());
        } else {
            assert_eq!(mode & 0o444, 0o444, "{}", entry.path().display());
        }
    }
}

#[test]
fn leftovers_of_a_crash_go_with_the_next_call_unless_someone_is_at_work() {
    let (cache, heard) = (open_folder(), Heard::default());
    let servers = cache.path().join("servers");
    for leftover in ["fetch.tmp-4242/npm/package", "18.4-npm-here/native/bin"] {
        fs::create_dir_all(servers.join(leftover)).unwrap();
    }
    let foreign = servers.join("18.4-npm-beos-m68k");
    fs::create_dir_all(&foreign).unwrap();
    fs::write(foreign.join("manifest.json"), r#"{"format":1,"platform":"beos-m68k"}"#).unwrap();
    let mut finder = finder(cache.path(), OsStr::new(""), &heard);
    finder.offline = true;

    let lock = File::create(servers.join("lock")).unwrap();
    lock.lock().unwrap();
    assert!(finder.find(&wanted(Choice::Embedded, 18)).is_err());
    assert_eq!(servers_in(cache.path()).len(), 4, "what is being built stays");
    lock.unlock().unwrap();

    assert!(finder.find(&wanted(Choice::Embedded, 18)).is_err());
    assert_eq!(servers_in(cache.path()), ["18.4-npm-beos-m68k", "lock"]);
}

#[test]
fn removing_takes_what_was_named() {
    let (cache, heard) = (open_folder(), Heard::default());
    embedded(17);
    let source = fs::read_dir(shared_cache().join("servers"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().to_string_lossy().starts_with("17."))
        .unwrap();
    // Its own copy: the shared one must stay.
    let target = cache.path().join("servers");
    fs::create_dir(&target).unwrap();
    let copied = std::process::Command::new("cp").arg("-a").arg(source).arg(&target).status();
    assert!(copied.unwrap().success());
    let finder = finder(cache.path(), OsStr::new(""), &heard);
    let here = finder.installed();
    assert_eq!(here.len(), 1);

    let failure = finder.remove("16").unwrap_err();
    assert_eq!(failure.kind(), Kind::Config);
    assert!(failure.to_string().contains(&here[0].version.to_string()), "{failure}");
    assert!(finder.remove("17.999").is_err() && finder.remove("all").is_err());

    assert_eq!(finder.remove(&here[0].version.to_string()).unwrap(), here);
    assert_eq!(servers_in(cache.path()), ["lock"]);
}
