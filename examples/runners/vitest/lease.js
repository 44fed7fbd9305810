// A worker's lease of a database, and the two connections its tests use.
import http from "node:http";
import pg from "pg";

export class Lease {
  // The lease ends with this connection to the service: with this process at the latest.
  #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

  async acquire(worker) {
    // With more workers than slots, the last ones wait here.
    const lease = await this.#post("/v1/leases", { worker, wait_ms: 600_000 });
    this.url = lease.url;
    this.path = `/v1/leases/${lease.lease}`;
    await this.connect();
    return this;
  }

  mark(test) {
    return this.#post(`${this.path}/marks`, { test }).then((said) => said.mark);
  }

  async rewind(mark, test) {
    // What a failed test left open would stand in the way.
    for (const client of [this.one, this.two]) await client.query("ROLLBACK");
    const said = await this.#post(`${this.path}/rewind`, { mark, test });
    if (said.replaced) {
      await this.disconnect();
      await this.connect();
    }
    if (said.marks_lost) throw new Error(`set the data up again: ${said.why}`);
    return said;
  }

  async release() {
    await this.disconnect();
    await this.#post(`${this.path}/release`, {});
    this.#agent.destroy();
  }

  async connect() {
    [this.one, this.two] = [0, 1].map(() => new pg.Client({ connectionString: this.url }));
    for (const client of [this.one, this.two]) {
      // A replaced database ends its sessions; that is no failure of a test.
      client.on("error", () => {});
      await client.connect();
    }
  }

  async disconnect() {
    for (const client of [this.one, this.two]) await client.end().catch(() => {});
  }

  #post(path, body) {
    return new Promise((resolve, reject) => {
      const options = {
        agent: this.#agent,
        socketPath: process.env.SEEDBED_API_SOCKET,
        path,
        method: "POST",
        headers: { Host: "seedbed", Authorization: `Bearer ${process.env.SEEDBED_TOKEN}` },
      };
      const request = http.request(options, async (reply) => {
        try {
          const said = JSON.parse(Buffer.concat(await reply.toArray()).toString());
          reply.statusCode === 200 ? resolve(said) : reject(new Error(said.error.message));
        } catch (error) {
          reject(error);
        }
      });
      request.on("error", reject);
      request.end(JSON.stringify(body));
    });
  }
}
