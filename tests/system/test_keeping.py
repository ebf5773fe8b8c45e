"""The record leaves the machine and comes back: export, backup and restore with the daemon that writes it."""
import json
import os
import subprocess

import harness
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer


class Keeping(harness.SystemTest):
    def setUp(self):
        super().setUp()
        loop, bank = Loop(), Bank()
        self.addCleanup(loop.stop)
        bank.set(1, HOLDING, 0, 7)
        setup = Setup(self.dir)
        setup.profile("p", {"value": {"table": "holding", "address": 0, "type": "u16", "unit": "V"}}, interval="100 ms", timeout="100 ms")
        setup.tcp("bus", TcpServer(loop, bank).port)
        setup.device("d", "bus", 1, "p")
        setup.asset("a", {"value": ("d", "value", {})})
        setup.write()
        os.mkdir(self.path("backups"))
        self.running = self.daemon()
        self.running.start()
        harness.until(lambda: self.readings() > 0, "readings on disk")

    def readings(self):
        done = self.ctl("history", "a", "value", "--last", "1h", "--json", check=False)
        return len(done.stdout.splitlines())

    def events(self, kind):
        out = self.ctl("events", "--last", "1h", "--json", check=False).stdout
        return [e for e in map(json.loads, out.splitlines()) if e["kind"] == kind]

    def key(self):
        return self.path("state", "signing.pub")

    def test_an_export_is_signed_while_one_waits(self):
        archive = self.path("all.tar.gz")
        self.assertIn("recorded and signed", self.ctl("export", "--last", "1h", "-o", archive).stdout)
        result = json.loads(self.ctl("verify", archive, "--public-key", self.key(), "--json").stdout)
        self.assertTrue(result["proven"], result)
        event = self.events("export")[0]
        self.assertEqual(result["event"], event["seq"])
        subprocess.run(["tar", "xzf", archive, "-C", self.dir], check=True)
        self.assertEqual(subprocess.run(["sha256sum", "--check", "--quiet", "MANIFEST"], cwd=self.path("all")).returncode, 0)

    def test_backup_and_restore(self):
        backups = self.path("backups")
        done = json.loads(self.ctl("backup", backups, "--json").stdout)
        self.assertTrue(done["verified"])
        backup = done["backup"]
        harness.until(lambda: self.events("backup"), "the event on disk")
        self.assertEqual(self.events("backup")[0]["detail"]["verified"], True)
        self.ctl("verify", backup, "--public-key", self.key())
        refused = self.ctl("restore", backup, "--yes", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("stop it first", refused.stderr)
        harness.until(lambda: self.readings() > done["readings"], "readings behind the backup")
        self.running.stop()
        more = self.readings()
        out = json.loads(self.ctl("restore", backup, "--yes", "--json").stdout)
        self.assertEqual(self.events("backup"), [])
        self.assertEqual(self.readings(), done["readings"])
        self.assertGreater(more, done["readings"])
        self.assertTrue(os.path.exists(os.path.join(out["aside"], "state.db")))
        # The daemon goes on from there, with its own key.
        again = self.daemon()
        again.start()
        harness.until(lambda: self.readings() > done["readings"], "new readings")
        again.stop()
        self.ctl("verify", "--public-key", self.key())


if __name__ == "__main__":
    harness.main()
