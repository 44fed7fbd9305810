//! Extensions that are not installed: how to recognise the complaint, and the
//! package that carries them.

use crate::Complaint;

/// The extension whose files are missing: 58P01 up to PostgreSQL 14, 0A000
/// ("is not available") later; 58P01 also for a missing library.
pub(crate) fn missing(complaint: &Complaint) -> Option<String> {
    let message = &complaint.message;
    match complaint.code.as_str() {
        "0A000" | "58P01" if message.contains("extension control file \"") => {
            file_stem(between(message, "extension control file \"", "\"")?, ".control")
        }
        "0A000" if message.ends_with("is not available") => {
            between(message, "extension \"", "\"").map(str::to_owned)
        }
        "58P01" if message.contains("could not access file \"$libdir/") => {
            let library = between(message, "\"$libdir/", "\"")?;
            // Libraries carry a version, such as `postgis-3`.
            Some(library.split('-').next().unwrap_or(library).to_owned())
        }
        _ => None,
    }
}

fn file_stem(path: &str, suffix: &str) -> Option<String> {
    let name = path.rsplit(['/', '\\']).next()?;
    Some(name.strip_suffix(suffix)?.to_owned())
}

/// Extensions of PostgreSQL's own contrib folder (manual, appendix F).
const CONTRIB: &[&str] = &[
    "adminpack",
    "amcheck",
    "autoinc",
    "bloom",
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "dblink",
    "dict_int",
    "dict_xsyn",
    "earthdistance",
    "file_fdw",
    "fuzzystrmatch",
    "hstore",
    "insert_username",
    "intagg",
    "intarray",
    "isn",
    "lo",
    "ltree",
    "moddatetime",
    "pageinspect",
    "pg_buffercache",
    "pg_freespacemap",
    "pg_logicalinspect",
    "pg_prewarm",
    "pg_stat_statements",
    "pg_surgery",
    "pg_trgm",
    "pg_visibility",
    "pg_walinspect",
    "pgcrypto",
    "pgrowlocks",
    "pgstattuple",
    "postgres_fdw",
    "refint",
    "seg",
    "sslinfo",
    "tablefunc",
    "tcn",
    "tsm_system_rows",
    "tsm_system_time",
    "unaccent",
    "uuid-ossp",
    "xml2",
];

/// Extension and Debian package (apt.postgresql.org); `{}` is the server's
/// major version.
const PACKAGES: &[(&str, &str)] = &[
    ("address_standardizer", "postgresql-{}-postgis-3"),
    ("age", "postgresql-{}-age"),
    ("h3", "postgresql-{}-h3"),
    ("hll", "postgresql-{}-hll"),
    ("hypopg", "postgresql-{}-hypopg"),
    ("ip4r", "postgresql-{}-ip4r"),
    ("mysql_fdw", "postgresql-{}-mysql-fdw"),
    ("ogr_fdw", "postgresql-{}-ogr-fdw"),
    ("orafce", "postgresql-{}-orafce"),
    ("pg_cron", "postgresql-{}-cron"),
    ("pg_hint_plan", "postgresql-{}-pg-hint-plan"),
    ("pg_partman", "postgresql-{}-partman"),
    ("pg_repack", "postgresql-{}-repack"),
    ("pgaudit", "postgresql-{}-pgaudit"),
    ("pglogical", "postgresql-{}-pglogical"),
    ("pgrouting", "postgresql-{}-pgrouting"),
    ("pgtap", "postgresql-{}-pgtap"),
    ("plperl", "postgresql-plperl-{}"),
    ("plperlu", "postgresql-plperl-{}"),
    ("plpython3u", "postgresql-plpython3-{}"),
    ("pltcl", "postgresql-pltcl-{}"),
    ("pltclu", "postgresql-pltcl-{}"),
    ("postgis", "postgresql-{}-postgis-3"),
    ("prefix", "postgresql-{}-prefix"),
    ("rum", "postgresql-{}-rum"),
    ("semver", "postgresql-{}-semver"),
    ("tds_fdw", "postgresql-{}-tds-fdw"),
    ("timescaledb", "timescaledb-2-postgresql-{}"),
    ("unit", "postgresql-{}-unit"),
    ("vector", "postgresql-{}-pgvector"),
];

/// The command that installs an extension on Debian and its relatives.
pub(crate) fn install_line(extension: &str, server: u16) -> String {
    if CONTRIB.contains(&extension) {
        return "apt-get install postgresql-contrib".to_owned();
    }
    let known = PACKAGES.iter().find(|(name, _)| {
        *name == extension || (*name == "postgis" && extension.starts_with("postgis_"))
    });
    match known {
        Some((_, package)) => {
            format!("apt-get install {}", package.replace("{}", &server.to_string()))
        }
        None => format!("apt-cache search postgresql-{server} | grep -i {extension}"),
    }
}

/// What stands between two texts.
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let start = text.find(before)? + before.len();
    let length = text[start..].find(after)?;
    Some(&text[start..start + length])
}
