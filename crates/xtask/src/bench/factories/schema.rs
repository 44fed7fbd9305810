//! The tables that rows are made for: what a blog has, with the keys, references
//! and indexes that such tables have.

/// Rows of one call with children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) users: u32,
    /// Of each user.
    pub(crate) posts: u32,
    /// Of each post.
    pub(crate) comments: u32,
}

impl Size {
    /// Rows of all three tables.
    pub(crate) const fn rows(self) -> u64 {
        let (users, posts) = (self.users as u64, self.posts as u64);
        users * (1 + posts * (1 + self.comments as u64))
    }

    /// How it is called in figures.
    pub(crate) fn name(self) -> String {
        let Self { users, posts, comments } = self;
        format!("{users} users × {posts} posts × {comments} comments")
    }
}

/// Every table, parents first.
pub(crate) const TABLES: [&str; 4] = ["orgs", "users", "posts", "comments"];

/// What creates them. Every table has a key that a row can be found by; a user
/// has ten columns and needs an organisation.
pub(crate) const SCHEMA: &str = "
CREATE TABLE orgs (
    id bigserial PRIMARY KEY,
    name text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE users (
    id bigserial PRIMARY KEY,
    org_id bigint NOT NULL REFERENCES orgs (id),
    email text NOT NULL UNIQUE,
    first_name text NOT NULL,
    last_name text NOT NULL,
    phone text NOT NULL,
    city text NOT NULL,
    is_admin boolean NOT NULL DEFAULT false,
    logins integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX users_by_org ON users (org_id);
CREATE TABLE posts (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    slug text NOT NULL UNIQUE,
    title text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX posts_by_user ON posts (user_id);
CREATE TABLE comments (
    id bigserial PRIMARY KEY,
    post_id bigint NOT NULL REFERENCES posts (id),
    code uuid NOT NULL UNIQUE,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX comments_by_post ON comments (post_id);
";

/// Makes them as good as new.
pub(crate) const EMPTY: &str = "TRUNCATE orgs, users, posts, comments RESTART IDENTITY";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_those_of_three_tables() {
        let size = Size { users: 1_000, posts: 10, comments: 5 };
        assert_eq!(size.rows(), 61_000);
        assert_eq!(size.name(), "1000 users × 10 posts × 5 comments");
    }

    #[test]
    fn all_tables_are_created_and_emptied() {
        for table in TABLES {
            assert!(SCHEMA.contains(&format!("CREATE TABLE {table} (")), "{table}");
            assert!(EMPTY.contains(table), "{table}");
        }
    }
}
