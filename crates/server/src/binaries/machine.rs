//! Names of systems and processors: ours, in the words of package registries,
//! and the one a foreign executable was built for.

use std::env::consts::{ARCH, OS};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// System and processor as npm names them (`linux-x64`, `darwin-arm64`), see
/// `process.platform` and `process.arch` of Node.js.
pub(super) fn platform() -> String {
    let os = match OS {
        "macos" => "darwin",
        other => other,
    };
    let arch = match ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "ia32",
        "powerpc64" => "ppc64",
        other => other,
    };
    format!("{os}-{arch}")
}

/// System and processor as `uname -sm` spells them (`linux-x86_64`).
pub(super) fn machine() -> String {
    format!("{OS}-{ARCH}")
}

/// The first bytes of a file, if it can be read.
fn header(path: &Path) -> Option<[u8; 20]> {
    let mut bytes = [0; 20];
    File::open(path).ok()?.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// Whether the file is a script, so that what it runs may depend on more
/// than its own bytes.
pub(super) fn is_script(path: &Path) -> bool {
    header(path).is_some_and(|bytes| bytes.starts_with(b"#!"))
}

/// What the file was built for, when its header says so.
pub(super) fn built_for(path: &Path) -> Option<String> {
    describe(&header(path)?)
}

/// What the file was built for, if that is not what we were built for.
pub(super) fn foreign(path: &Path) -> Option<String> {
    let ours = std::env::current_exe().ok().and_then(|program| built_for(&program));
    built_for(path).filter(|theirs| ours.is_some_and(|ours| ours != *theirs))
}

/// ELF: byte 5 is the byte order, bytes 18–19 `e_machine` (elf(5)).
fn describe(bytes: &[u8; 20]) -> Option<String> {
    if bytes.starts_with(b"MZ") {
        return Some("Windows".to_owned());
    }
    if let [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] = bytes {
        return Some("macOS (Mach-O)".to_owned());
    }
    if !bytes.starts_with(b"\x7fELF") {
        return None;
    }
    let machine = [bytes[18], bytes[19]];
    let machine =
        if bytes[5] == 2 { u16::from_be_bytes(machine) } else { u16::from_le_bytes(machine) };
    Some(match machine {
        3 => "x86 (ELF)".to_owned(),
        20 | 21 => "powerpc (ELF)".to_owned(),
        22 => "s390x (ELF)".to_owned(),
        40 => "arm (ELF)".to_owned(),
        62 => "x86_64 (ELF)".to_owned(),
        183 => "aarch64 (ELF)".to_owned(),
        243 => "riscv (ELF)".to_owned(),
        258 => "loongarch (ELF)".to_owned(),
        other => format!("processor {other} (ELF)"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elf(order: u8, machine: [u8; 2]) -> [u8; 20] {
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(b"\x7fELF");
        bytes[5] = order;
        bytes[18..].copy_from_slice(&machine);
        bytes
    }

    #[test]
    fn headers_name_their_machine() {
        for (bytes, expected) in [
            (elf(1, [183, 0]), Some("aarch64 (ELF)")),
            (elf(2, [0, 22]), Some("s390x (ELF)")),
            (elf(1, [62, 0]), Some("x86_64 (ELF)")),
            (elf(1, [0xff, 0]), Some("processor 255 (ELF)")),
            (*b"#!/bin/sh\nexec true\n", None),
            (*b"\xcf\xfa\xed\xfe................", Some("macOS (Mach-O)")),
        ] {
            assert_eq!(describe(&bytes).as_deref(), expected);
        }
    }

    #[test]
    fn our_own_program_is_built_for_this_machine() {
        let here = built_for(&std::env::current_exe().unwrap()).unwrap();
        assert!(here.starts_with(ARCH) || here.starts_with("macOS"), "{here}");
    }
}
