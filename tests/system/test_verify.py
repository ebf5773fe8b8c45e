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


if __name__ == "__main__":
    harness.main()
