//! The unprivileged account a server runs under when the tests run as root,
//! because PostgreSQL refuses to be root.

use std::fs;

/// A user and its group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Account {
    /// The account to change to: none unless we are root.
    pub(crate) fn needed() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let table = fs::read_to_string("/etc/passwd").expect("/etc/passwd is readable");
        let of = |name: &str| {
            table.lines().find_map(|line| {
                let fields: Vec<&str> = line.split(':').collect();
                (fields.first() == Some(&name)).then(|| Self {
                    user: fields[2].parse().expect("a user is a number"),
                    group: fields[3].parse().expect("a group is a number"),
                })
            })
        };
        Some(of("postgres").or_else(|| of("nobody")).expect("root needs an account for servers"))
    }
}
