// drizzle-seed: generated values, inserted level by level in batches.
import { drizzle } from 'drizzle-orm/node-postgres';
import { bigint, bigserial, boolean, integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { seed } from 'drizzle-seed';
import pg from 'pg';
import { createInterface } from 'node:readline';

const id = () => bigserial({ mode: 'number' }).primaryKey();
const reference = (name, column) => bigint(name, { mode: 'number' }).notNull().references(column);
const born = () => timestamp('created_at', { withTimezone: true }).notNull().defaultNow();
const orgs = pgTable('orgs', { id: id(), name: text().notNull().unique(), createdAt: born() });
const users = pgTable('users', {
  id: id(),
  orgId: reference('org_id', () => orgs.id),
  email: text().notNull().unique(),
  firstName: text('first_name').notNull(),
  lastName: text('last_name').notNull(),
  phone: text().notNull(),
  city: text().notNull(),
  isAdmin: boolean('is_admin').notNull().default(false),
  logins: integer().notNull().default(0),
  createdAt: born(),
});
const posts = pgTable('posts', {
  id: id(),
  userId: reference('user_id', () => users.id),
  slug: text().notNull().unique(),
  title: text().notNull(),
  body: text().notNull(),
  createdAt: born(),
});
const comments = pgTable('comments', {
  id: id(),
  postId: reference('post_id', () => posts.id),
  code: uuid().notNull().unique(),
  body: text().notNull(),
  createdAt: born(),
});

const [u, p, c] = ['BENCH_USERS', 'BENCH_POSTS', 'BENCH_COMMENTS'].map((name) => +process.env[name]);
const pool = new pg.Pool({ max: 1 });
const db = drizzle(pool);
for await (const _ of createInterface({ input: process.stdin })) {
  const began = process.hrtime.bigint();
  await seed(db, { orgs, users, posts, comments }).refine((f) => ({
    orgs: { count: 1 },
    users: {
      count: u,
      columns: {
        email: f.email(),
        firstName: f.firstName(),
        lastName: f.lastName(),
        phone: f.phoneNumber(),
        city: f.city(),
        isAdmin: f.default({ defaultValue: false }),
        logins: f.default({ defaultValue: 0 }),
      },
    },
    posts: {
      count: u * p,
      columns: { slug: f.string({ isUnique: true }), title: f.loremIpsum(), body: f.loremIpsum() },
    },
    comments: {
      count: u * p * c,
      columns: { code: f.uuid(), body: f.loremIpsum() },
    },
  }));
  console.log('done', String((process.hrtime.bigint() - began) / 1000n));
}
await pool.end();
