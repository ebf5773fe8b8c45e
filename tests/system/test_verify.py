"""The record of a real daemon, verified while it runs, after kill -9 and after a restart; and an older copy put back."""
import json
import shutil
import subprocess
import time

import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer


class Toggling(Bank):
    """A temperature that crosses its limit twice a second."""

    def __call__(self, line, request):
        self.set(1, HOLDING, 0, 63636 + 600 * (int(time.monotonic() * 4) % 2))
        super().__call__(line, request)


class Verify(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        server = TcpServer(self.loop, Toggling())
        setup = Setup(self.dir, self.broker)
        setup.profile("p", {"t": {"table": "holding", "type": "s16", "scale": 0.1, "resolution": 0.1, "unit": "°C",
                                  "address": 0}}, interval="100 ms", timeout="100 ms")
        setup.tcp("bus", server.port)
        setup.device("d", "bus", 1, "p")
        setup.asset("tank", {"t": ("d", "t")}, {"warm": {"point": "t", "high": -150, "deadband": 1,
                                                         "priority": "critical"}})
        setup.write()
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)

    def verify(self, directory=None, head=None):
        """The answer, and which problems it names."""
        command = [harness.binary("tools/cryoctl/cryoctl"), "verify", directory or self.path("state"), "--json"]
        if head:
            command += ["--head", "-"]
        done = subprocess.run(command, input=head, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                              check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        answer = json.loads(done.stdout)
        return answer, [f["kind"] + ": " + f["text"] for f in answer["findings"] if not f["note"]]

    def head(self):
        """The last one that was signed, as a witness would have kept it."""
        return harness.sqlite(self.path("state", "state.db"), "SELECT text FROM head")[0]["text"]

    def test_life_of_a_record(self):
        daemon = self.daemon().start()
        self.observer.alarm("tank", "warm", "unacknowledged")
        for _ in range(5):
            self.assertEqual(self.verify()[1], [], "while it runs")
        daemon.kill()
        answer, problems = self.verify()
        self.assertEqual(problems, [], "after kill -9")
        self.assertGreater(answer["events"], 1)
        self.assertEqual(answer["configurations"], 1)
        shutil.copytree(self.path("state"), self.path("older"))
        mark = self.observer.feed.mark()
        daemon.start()
        self.observer.event(kind="start", since=mark)
        daemon.stop()
        head = self.head()
        answer, problems = self.verify(head=head)
        self.assertEqual(problems, [], "after a restart")
        told = harness.sqlite(self.path("state", "state.db"),
                              "SELECT json_extract(body, '$.utc_us') AS utc_us FROM event WHERE kind = 'key'")
        rows = harness.sqlite(self.path("state", "history.db"), "SELECT utc_us FROM signer")
        self.assertEqual(told, rows, "the key is told once, with its row's time")
        self.assertTrue(answer["witnessed"])
        problems = self.verify(self.path("older"), head)[1]
        self.assertIn("head-beyond", [p.split(":")[0] for p in problems], "an older copy")

    def witnessed(self):
        """What a witness who asks the broker only now is told."""
        done = subprocess.run(["mosquitto_sub", "-V", "5", "-h", self.broker.address, "-p", str(self.broker.port), "-t",
                               "cryomon/test/head", "--retained-only", "-C", "1", "-W", "5"], stdout=subprocess.PIPE,
                              text=True, timeout=30, check=False)
        self.assertTrue(done.stdout, "no head is retained")
        return done.stdout

    def check_head(self, when):
        """It is valid, fits the record, and covers the last event; returns that event's number."""
        head = self.witnessed()
        answer, problems = self.verify(head=head)
        self.assertEqual((problems, answer["witnessed"]), ([], True), when)
        last = harness.sqlite(self.path("state", "state.db"), "SELECT seq, kind, lower(hex(hash)) hash FROM event"
                              " ORDER BY seq DESC LIMIT 1")[0]
        self.assertEqual(json.loads(head)["event"], {"seq": last["seq"], "hash": last["hash"]}, when)
        return last

    def head_since(self, mark, seq):
        """Waits for less than the minute that passes between two heads in any case."""
        self.observer.wait("/head", lambda head: head["event"]["seq"] >= seq, since=mark)

    def test_head_at_the_broker(self):
        daemon = self.daemon().start()
        self.observer.wait("/status", lambda status: status["state"] == "online")
        daemon.stop()
        first = self.check_head("after a start and a stop at once")
        self.assertEqual(first["kind"], "stop")
        for _ in range(2):
            mark = self.observer.feed.mark()
            daemon.start()
            start = self.observer.event(kind="start", since=mark)
            self.head_since(mark, start["seq"])
            self.assertEqual(self.verify(head=self.witnessed())[1], [], "while it runs")
            daemon.kill()
            head = self.witnessed()
            self.assertGreaterEqual(json.loads(head)["event"]["seq"], start["seq"])
            self.assertEqual(self.verify(head=head)[1], [], "after kill -9")
        mark = self.observer.feed.mark()
        daemon.start()
        self.observer.event(kind="start", since=mark)
        daemon.stop()
        last = self.check_head("at the end")
        self.assertEqual(last["kind"], "stop")


if __name__ == "__main__":
    harness.main()
