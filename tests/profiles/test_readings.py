"""Each shipped profile against a server loaded with register images made from the maker's own tables: one run of
the daemon over all cases, each a device of its own."""
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "system"))
import harness  # noqa: E402
from configuration import Setup  # noqa: E402
from images import HERE, PROFILES, images  # noqa: E402

UNITS = 32  # devices on one connection
INTERVAL_S = 3  # see BEAT_S in server.py
# A heartbeat that stands still is known only after its time; the rest is there after two polls.
SETTLE_S = 90 if not harness.SANITIZED else 240


class Server:
    """The child that serves the images; ports() tells where case i is."""

    def __init__(self, cases):
        self.places, ports = [], {}
        for i, case in enumerate(cases):
            if i % UNITS == 0:
                port = harness.free_port()
                while port in ports:
                    port = harness.free_port()
                ports[port] = {}
            self.places.append((port, i % UNITS + 1))
            ports[port][i % UNITS + 1] = {"absent": case.absent, "beats": case.beats, "image": case.image}
        self.ports = list(ports)
        self.said = harness.Feed("server")
        self.process = subprocess.Popen([sys.executable, os.path.join(HERE, "server.py"), harness.ADDRESS],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        harness.lines_of(self.process.stdout, self.said.add)
        self.process.stdin.write(json.dumps(ports) + "\n")
        self.process.stdin.flush()
        self.said.wait(lambda line: line == "ready", "the server to start")

    def stop(self):
        harness.end(self.process)
        self.process.stdin.close()


def agrees(point, expected):
    """Whether the point reads as expected: (value or state or null, quality, reason)."""
    wanted, quality, reason = expected
    if point is None or point["quality"] != quality or (point.get("reason") or "none") != reason:
        return False
    if wanted in ("null", "~", ""):
        return point["value"] is None
    if point.get("state") is not None:
        return point["state"] == wanted
    return point["value"] is not None and abs(point["value"] - float(wanted)) < 1e-9


def shown(point):
    if point is None:
        return "nothing"
    value = point.get("state") if point.get("state") is not None else point["value"]
    return "[%s, %s, %s]" % (value, point["quality"], point.get("reason") or "none")


class Readings(harness.SystemTest):
    maxDiff = None

    def copy_profiles(self, names):
        """All of them speak TCP here: how bytes travel is no matter of profiles."""
        os.makedirs(self.path("profiles"))
        for name in names:
            with open(os.path.join(PROFILES, name + ".yaml")) as f:
                text = re.sub(r"(?m)^transports: .*$", "transports: [tcp, rtu]", f.read())
            with open(self.path("profiles", name + ".yaml"), "w") as f:
                f.write(text)

    def configure(self, cases, server):
        setup = Setup(self.dir)
        for port in server.ports:
            setup.tcp("bus-%d" % port, port)
        for i, (case, (port, unit)) in enumerate(zip(cases, server.places)):
            device = setup.device("d%d" % i, "bus-%d" % port, unit, case.profile, interval="%d s" % INTERVAL_S,
                                  timeout="2 s", accept_unverified=True)
            setup.asset(device, {register: (device, register) for register in case.expect}, kind="utility")
        setup.write()

    def differences(self, cases):
        points = json.loads(self.ctl("status", "--json").stdout)["points"]
        read = {(p["asset"], p["point"]): p for p in points}
        return ["%s: %s is %s and should be [%s]" % (case, register, shown(read.get(("d%d" % i, register))),
                                                     ", ".join(expected))
                for i, case in enumerate(cases) for register, expected in case.expect.items()
                if not agrees(read.get(("d%d" % i, register)), expected)]

    def test_readings(self):
        only = os.environ.get("CRYOMON_PROFILE", "")  # by hand: one profile
        cases = [case for name, image in images().items() for case in image.cases if only in ("", name)]
        server = Server(cases)
        self.addCleanup(server.stop)
        self.copy_profiles({case.profile for case in cases})
        self.configure(cases, server)
        self.daemon(env={"CRYOMON_PROFILES": self.path("profiles")}).start()
        deadline = time.monotonic() + SETTLE_S
        wrong = self.differences(cases)
        while wrong and time.monotonic() < deadline:
            time.sleep(1)  # nobody tells when all points of all devices have been read
            wrong = self.differences(cases)
        print("%d cases, %d readings" % (len(cases), sum(len(c.expect) for c in cases)), file=sys.stderr)
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))


if __name__ == "__main__":
    harness.main()
