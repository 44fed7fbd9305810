"""A worker's lease of a database, and the two connections its tests use."""

import http.client
import json
import os
import socket

import psycopg


class Lease:
    """Ends with its connection to the service, that is, with this process at the latest."""

    def __init__(self, worker):
        self.service = http.client.HTTPConnection("seedbed")
        self.service.auto_open = 0
        self.service.sock = socket.socket(socket.AF_UNIX)
        self.service.sock.connect(os.environ["SEEDBED_API_SOCKET"])
        # With more workers than slots, the last ones wait here.
        lease = self.post("/v1/leases", worker=worker, wait_ms=600_000)
        self.url, self.path = lease["url"], f"/v1/leases/{lease['lease']}"

    def post(self, path, **body):
        token = {"Authorization": f"Bearer {os.environ['SEEDBED_TOKEN']}"}
        self.service.request("POST", path, json.dumps(body), token)
        reply = self.service.getresponse()
        said = json.load(reply)
        if reply.status != 200:
            raise RuntimeError(said["error"]["message"])
        return said

    def mark(self, test=None):
        return self.post(f"{self.path}/marks", test=test)["mark"]

    def rewind(self, mark, test=None):
        return self.post(f"{self.path}/rewind", mark=mark, test=test)


class Database:
    """Two connections that live as long as the worker, through every rewind."""

    def __init__(self, lease):
        self.lease = lease
        self.connect()

    def connect(self):
        self.one, self.two = (psycopg.connect(self.lease.url) for _ in range(2))

    def close(self):
        self.one.close()
        self.two.close()

    def back_to(self, mark, test=None):
        # What a failed test left open would stand in the way.
        for connection in (self.one, self.two):
            connection.rollback()
        said = self.lease.rewind(mark, test)
        if said["replaced"]:
            self.close()
            self.connect()
        assert not said["marks_lost"], said["why"]
        return said
