"""Commands: what a program gets, and what becomes of it."""

import json
import os
import stat
import time
import unittest
from pathlib import Path
import tempfile

from case import Case, NASTY, NOTICE, nasty_notice, notice


class Command(Case):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def program(self, text):
        path = self.directory / "program"
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def command(self, text, arguments="", keys=", timeout: 10 s", environment=None):
        path = self.program(text)
        return self.driver(f"c: {{kind: command, command: [{path}{arguments}]{keys}}}\n", environment)

    def send(self, text, made=None, arguments="", keys=", timeout: 10 s"):
        driver = self.command(text, arguments, keys)
        result = driver.send("c", made or notice())
        driver.close()
        return result

    def test_what_it_gets(self):
        path = self.directory / "got"
        driver = self.command(f"""#!/usr/bin/python3
import json, os, sys
json.dump({{"args": sys.argv[1:], "stdin": sys.stdin.read(), "env": dict(os.environ), "cwd": os.getcwd(),
           "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd")), "group": os.getpgid(0) == os.getpid()}},
          open({str(path)!r}, "w"))
print("first line")
print("queued as 17")
print()
""", ', "${address}", "--site=${site_name}", "${first}", "plain; rm -rf $HOME"', environment={"SECRET_OF_OURS": "x"})
        result = driver.send("c", nasty_notice(address="+8613800001111"))
        self.assertEqual((result["outcome"], result["detail"]), ("sent", "queued as 17"), result)
        got = json.loads(path.read_text())
        self.assertEqual(len(got["args"]), 4)
        self.assertEqual(got["args"][0], "+8613800001111")
        self.assertTrue(got["args"][1].startswith("--site=q\"uote ' back\\slash %s ${token}"), got["args"][1])
        self.assertNotIn("\n", got["args"][2])
        self.assertEqual(got["args"][3], "plain; rm -rf $HOME")
        self.assertTrue(got["stdin"].startswith(got["args"][2] + "\n"))
        self.assertIn(NOTICE["link"], got["stdin"])
        # 3 is the listing of the directory itself.
        self.assertEqual(got["fds"], [0, 1, 2, 3])
        self.assertTrue(got["group"])
        self.assertEqual(got["cwd"], "/")
        self.assertNotIn("SECRET_OF_OURS", got["env"])
        self.assertEqual(got["env"]["CRYOMON_PRIORITY"], "critical")
        self.assertEqual(got["env"]["CRYOMON_ADDRESS"], "+8613800001111")
        self.assertEqual({k for k in got["env"] if not k.startswith("CRYOMON_")} - {"LC_CTYPE"}, {"PATH", "LANG"})
        driver.close()

    def test_exit_status_is_the_outcome(self):
        for status, permanent in ((1, False), (75, False), (2, True), (69, True)):
            result = self.send(f"#!/bin/sh\necho 'modem: no carrier' >&2\nexit {status}\n")
            self.assertEqual((result["outcome"], result["error"], result["detail"], result["permanent"], result["maybe_sent"]),
                             ("failed", f"exit status {status}", "modem: no carrier", permanent, False))
        result = self.send("#!/bin/sh\nkill -SEGV $$\n")
        self.assertEqual((result["outcome"], result["error"], result["maybe_sent"]), ("failed", "it was ended by signal 11 (Segmentation fault)", True))

    def test_no_program(self):
        driver = self.driver("c: {kind: command, command: [/nonexistent/program]}\n")
        result = driver.send("c", notice())
        self.assertEqual((result["outcome"], result["permanent"]), ("failed", True))
        self.assertIn("/nonexistent/program: No such file", result["error"])
        driver.close()

    def test_a_program_that_does_not_end_is_ended_with_all_that_it_started(self):
        pids = self.directory / "pids"
        result = self.send(f"#!/bin/sh\ntrap 'echo ending; exit 0' TERM\n(sleep 1000 & echo $! >>{pids}; echo $$ >>{pids}; wait)\n",
                           keys=", timeout: 1 s")
        self.assertEqual((result["outcome"], result["error"], result["maybe_sent"]), ("failed", "it did not end within 1000 ms", True))
        self.assert_gone(pids)

    def test_a_program_that_ignores_sigterm_is_killed(self):
        pids = self.directory / "pids"
        result = self.send(f"#!/bin/sh\ntrap '' TERM\nsleep 1000 &\necho $! $$ >>{pids}\necho dialling\nwhile true; do sleep 1; done\n",
                           keys=", timeout: 1 s, kill_after: 200 ms")
        self.assertEqual((result["outcome"], result["detail"]), ("failed", "dialling"))
        self.assert_gone(pids)

    def assert_gone(self, pids):
        """A zombie of somebody else's waits for its reaper: it has ended too."""
        for pid in pids.read_text().split():
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                try:
                    state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
                except OSError:
                    break
                if state == "Z":
                    break
                time.sleep(0.02)
            else:
                self.fail(f"{pid} is still there")

    def test_output_without_end_is_bounded_and_does_not_block(self):
        result = self.send("#!/bin/sh\nhead -c 20000000 /dev/zero | tr '\\0' x\necho\necho done\n")
        self.assertEqual((result["outcome"], result["detail"]), ("sent", "done"))
        result = self.send("#!/bin/sh\nhead -c 3000000 /dev/zero | tr '\\0' x\n")
        self.assertEqual(result["outcome"], "sent")
        self.assertLess(len(result["detail"]), 260)

    def test_a_child_that_goes_on_does_not_hold_us_up(self):
        pids = self.directory / "pids"
        result = self.send(f"#!/bin/sh\nsleep 1000 &\necho $! >{pids}\necho siren is on\n", keys=", timeout: 5 s")
        self.assertEqual((result["outcome"], result["detail"]), ("sent", "siren is on"))
        os.kill(int(pids.read_text()), 9)

    def test_the_end_ends_the_program(self):
        pids = self.directory / "pids"
        driver = self.command(f"#!/bin/sh\nmkfifo {self.directory}/go; echo $$ >{pids}; echo x >{self.directory}/go; exec sleep 1000\n",
                              keys=", timeout: 600 s")
        driver.queue("c", notice(id=1))
        while not (self.directory / "go").exists():
            time.sleep(0.01)
        (self.directory / "go").read_text()
        driver.queue("c", notice(id=2))
        rest = driver.close()
        self.assertEqual([(r["id"], r["outcome"], r["maybe_sent"]) for r in rest], [(1, "stopped", True), (2, "stopped", False)])
        self.assert_gone(pids)

    def test_an_address_is_never_an_option(self):
        result = self.send("#!/bin/sh\nexit 0\n", notice(address="--help"), ', "${address}"')
        self.assertEqual((result["outcome"], result["permanent"]), ("failed", True))
        self.assertIn("option", result["error"])


if __name__ == "__main__":
    unittest.main()
