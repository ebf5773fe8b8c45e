"""A daemon that puts what it is told by Record into the chain of a real record, and signs it (append_event)."""
import json
import os
import subprocess

from fake_daemon import FakeDaemon

APPEND_EVENT = os.environ["APPEND_EVENT"]


class RecordDaemon(FakeDaemon):
    def __init__(self, path, record, seed="a"):
        super().__init__(path)
        self.record = record
        self.seed = seed
        self.events = []

    def reply(self, call):
        if not call["method"].endswith(".Record"):
            return super().reply(call)
        kind, detail = call["parameters"]["kind"], call["parameters"]["detail"]
        body = {"kind": kind, "site": "demo", "by": "li.na", "detail": detail}
        subprocess.run([APPEND_EVENT, self.record, kind, json.dumps(body), self.seed], check=True)
        self.events.append(body)
        return json.dumps({"parameters": {"seq": 1}}).encode() + b"\0"
