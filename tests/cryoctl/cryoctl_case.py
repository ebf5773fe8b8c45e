"""What all tests of cryoctl share. CRYOCTL_GOLDEN=write renews golden/ from what it prints now."""
import os
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
CRYOCTL = os.environ["CRYOCTL"]


def environment(**more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("LC_") and k not in ("LANG", "NO_COLOR")}
    env.update({"TZ": "CST-8", "LANG": "C.UTF-8", "TERM": "xterm"}, **more)
    return env


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory(prefix="cryoctl-test-")
        self.addCleanup(self.directory.cleanup)
        self.path = os.path.join(self.directory.name, "control")

    def run_ctl(self, *arguments, expect=0, stdin=subprocess.DEVNULL, socket=True, **env):
        command = [CRYOCTL, *arguments] + (["--socket", self.path] if socket else [])
        done = subprocess.run(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(**env),
                              timeout=60, check=False)
        self.out, self.err = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, expect, self.out + self.err)
        return self.out

    def golden(self, name, text):
        path = os.path.join(HERE, "golden", name)
        if os.environ.get("CRYOCTL_GOLDEN") == "write":
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        with open(path, encoding="utf-8") as f:
            self.assertEqual(text, f.read())
