//! Caches that all tests share, so that `initdb` and a fetch happen once on a
//! machine and not in every test.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

/// Cargo's folder for tests; the system's where the server's account cannot
/// enter that one (a checkout in root's home).
fn base() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let inside = fs::canonicalize(&target).unwrap();
    let open = |part: &Path| fs::metadata(part).unwrap().permissions().mode() & 0o001 != 0;
    let reachable = inside.ancestors().all(open);
    if !rustix::process::geteuid().is_root() || reachable { target } else { std::env::temp_dir() }
}

/// The cache with fetched servers that the server room's tests use as well.
pub(crate) fn embedded() -> PathBuf {
    base().join("seedbed-it-embedded")
}

/// Puts what `initdb` makes into a cache, as a CI job restores it.
pub(crate) fn copy_base_images(cache: &Path) {
    static PREPARED: OnceLock<PathBuf> = OnceLock::new();
    let shared = PREPARED.get_or_init(prepare);
    fs::create_dir_all(cache.join("images")).unwrap();
    fs::copy(shared.join("binaries.json"), cache.join("binaries.json")).unwrap();
    for entry in fs::read_dir(shared.join("images")).unwrap() {
        let image = entry.unwrap();
        let name = image.file_name().into_string().unwrap();
        if image.path().is_dir() && !name.starts_with('.') {
            let target = cache.join("images").join(name);
            let link = ["-a", "--link"].as_slice();
            // On another file system there are no hard links.
            let copied = [link, &["-a"]].into_iter().any(|how| {
                let _ = fs::remove_dir_all(&target);
                let cp = Command::new("cp").args(how).arg(image.path()).arg(&target).output();
                cp.unwrap().status.success()
            });
            assert!(copied, "cannot copy {}", image.path().display());
            // Its time says when this test used the image, not when another did.
            fs::remove_file(target.join("manifest")).unwrap();
            fs::copy(image.path().join("manifest"), target.join("manifest")).unwrap();
        }
    }
}

/// A run without a recipe, once for each build of the binary.
fn prepare() -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_seedbed"));
    let built = fs::metadata(binary).unwrap().modified().unwrap();
    let built = built.duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let shared = base().join("seedbed-it-base").join(built.to_string());
    let done = shared.join("done");
    fs::create_dir_all(shared.parent().unwrap()).unwrap();
    let lock = File::create(shared.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if !done.exists() {
        discard_others(&shared);
        let project = tempfile::tempdir().unwrap();
        fs::set_permissions(project.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(project.path().join(".git")).unwrap();
        let output = Command::new(binary)
            .args(["run", "--", "true"])
            .current_dir(project.path())
            .env("SEEDBED_CACHE_DIR", &shared)
            .env("SEEDBED_STATE_DIR", project.path().join("state"))
            .env("SEEDBED_RUNTIME_DIR", project.path().join("run"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::write(done, "").unwrap();
    }
    shared
}

/// What earlier builds of the binary prepared, unless somebody may still be
/// testing one of them.
fn discard_others(ours: &Path) {
    for entry in fs::read_dir(ours.parent().unwrap()).unwrap().flatten() {
        let path = entry.path();
        let modified = entry.metadata().unwrap().modified().unwrap();
        let old = modified.elapsed().is_ok_and(|age| age > Duration::from_secs(3600));
        if old && path.with_extension("") != ours {
            let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
        }
    }
}
