"""A freezer's runs, from the simulated freezer to the chain: each is told once when it begins and once when it ends,
also when the daemon is killed in the middle; a named person accepts it. One minute of the freezer is a second here."""
import datetime
import json
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

import auditor
import harness
import varlink
from broker import Broker, Observer
from configuration import Setup

TOP = os.path.dirname(os.path.dirname(harness.HERE))
SHIFTER = os.environ.get("CRYOMON_CLOCKSHIFT", "")
SPEED = 60
# As the controller has it, at 60 times its speed: -1 °C/min is -60 °C/min.
SCENARIO = """
seed: 7
listeners:
  lab: {tcp: {address: %s, port: 0}}
devices:
  freezer-1:
    kind: freezer
    listener: lab
    unit: 1
    speed: %d
    program:
      - {hold: 4 °C, for: 3 min}
      - {ramp: -1 °C/min, to: -20 °C}
      - {ramp: -3 °C/min, to: -60 °C}
      - {hold: -60 °C, for: 4 min}
"""
PROGRAM = """
name: {en: "quick", zh: "快速"}
status: example
source: "a test"
cord_blood: true
steps:
  - {hold: 4 °C, tolerance: 10 °C}
  - {ramp: -20 °C, rate: 60 °C/min, tolerance: 60 °C}
  - {ramp: -60 °C, rate: 180 °C/min, tolerance: 60 °C}
  - {hold: -60 °C, for: 4 s, tolerance: 60 °C}
limits:
  %s
"""
LATE = 5  # seconds


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Freezer:
    """cryosim with one freezer."""

    def __init__(self, directory):
        self.control = os.path.join(directory, "sim")
        scenario = os.path.join(directory, "scenario.yaml")
        with open(scenario, "w", encoding="utf-8") as f:
            f.write(SCENARIO % (harness.ADDRESS, SPEED))
        self.process = subprocess.Popen([harness.binary("cryosim"), "--control", self.control, scenario],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.listeners = json.loads(self.process.stdout.readline())["listeners"]

    def port(self):
        return self.listeners["lab"]["tcp"]["port"]

    def ctl(self, *command):
        subprocess.run([harness.binary("cryosim"), "ctl", "--control", self.control, *command], check=True, timeout=30,
                       capture_output=True)

    def act(self, name):
        self.ctl("set", "freezer-1", name)

    def stop(self):
        harness.end(self.process)


class FreezerTest(harness.SystemTest):
    environment = None  # of the daemon

    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.freezer = Freezer(self.path())
        self.addCleanup(self.freezer.stop)
        self.setup = self.configure()
        self.watch = Observer(self.broker, "cryomon/#")
        self.addCleanup(self.watch.stop)
        self.watched = self.daemon(self.setup.write(), env=self.environment)
        self.watched.start()

    def configure(self):
        setup = Setup(self.path(), self.broker)
        os.makedirs(os.path.join(setup.directory, "devices"), exist_ok=True)
        os.makedirs(os.path.join(setup.directory, "programs"), exist_ok=True)
        shutil.copy(os.path.join(TOP, "config/devices/cryosim-freezer.yaml"), os.path.join(setup.directory, "devices"))
        for name, limit in (("quick", "end: -50 °C"), ("strict", "deviation: 0.1 °C")):
            with open(os.path.join(setup.directory, "programs", name + ".yaml"), "w", encoding="utf-8") as f:
                f.write(PROGRAM % limit)
        setup.main["mqtt"]["commands"] = True
        setup.tcp("lab", self.freezer.port())
        setup.device("freezer-1", "lab", 1, "cryosim-freezer", interval="1 s")
        made = setup.asset("freezer-1", {name: ("freezer-1", name) for name in
                                         ("chamber", "sample", "setpoint", "program", "segment", "door")},
                           kind="freezer")
        made["runs"] = {"chamber": "chamber", "sample": "sample", "setpoint": "setpoint", "segment": "segment",
                        "status": {"point": "program", "running": "run", "held": ["hold", "holdback"],
                                   "complete": "complete", "idle": "reset"},
                        "lid": {"point": "door", "open": "open"}, "program": "quick", "gap": "15 s"}
        return setup

    def call(self, method, **parameters):
        return varlink.call(self.setup.main["control"]["socket"], method, **parameters)

    def refused(self, method, words, **parameters):
        with self.assertRaises(varlink.Refused) as caught:
            self.call(method, **parameters)
        self.assertIn(words, caught.exception.text)

    def run_event(self, transition, since=0, limit=None):
        return self.watch.event(limit=limit, since=since, kind="run", transition=transition)

    def recalled(self, since=0):
        self.watched.log.wait(lambda line: any(words in line for words in ("recalled", "is learned")), "the recall", since=since)

    def stored(self):
        rows = harness.sqlite(os.path.join(self.setup.state, "state.db"),
                              "SELECT body FROM event WHERE kind = 'run' ORDER BY seq")
        return [json.loads(row["body"]) for row in rows]

    def recorded(self, began):
        """The reading with which the run began is on the disk, too, and not only the event."""
        begin = int(began["freezer_run"].split("@")[1])
        history = os.path.join(self.setup.state, "history.db")
        harness.until(lambda: any((row.asset, row.point) == ("freezer-1", "program") and row.taken >= begin - 2
                                  for row in auditor.history_so_far(history)), "the run's begin in the record")

    def restart(self):
        """Killed and started again, until what is derived is told."""
        self.watched.kill()
        mark, since = self.watched.log.mark(), self.watch.feed.mark()
        self.watched.start()
        self.recalled(mark)
        self.watch.point("freezer-1", "run", lambda point: point.get("state") == "stopped", since=since)


class Runs(FreezerTest):
    def test_a_run_is_followed_and_accepted(self):
        self.recalled()
        self.call("RunPrepare", asset="freezer-1", operator="li.na", lots=["CB-1", "CB-2"])
        self.refused("RunPrepare", "no such program", asset="freezer-1", program="nothing")
        self.refused("RunPrepare", "no freezer", asset="tank-1", operator="x")
        self.freezer.act("start")
        began = self.run_event("began")
        run = began["freezer_run"]
        self.assertTrue(run.startswith("freezer-1@"), run)
        self.assertEqual(began["program"], "quick")
        self.assertEqual(len(began["program_sha256"]), 64)
        self.assertEqual((began["operator"], began["lots"]), ("li.na", ["CB-1", "CB-2"]))
        self.refused("RunAccept", "goes on", asset="freezer-1", run=run)
        self.watch.point("freezer-1", "run", lambda point: point.get("state") == "running")
        ended = self.run_event("ended", limit=90)
        self.assertEqual(ended["freezer_run"], run)
        self.assertEqual((ended["how"], ended["verdict"]), ("complete", "within"), ended)
        self.assertEqual(ended["program_sha256"], began["program_sha256"])
        self.assertEqual(ended["lots"], ["CB-1", "CB-2"])
        self.refused("RunAccept", "no such run", asset="freezer-1", run="freezer-1@1")
        self.call("RunAccept", asset="freezer-1", run=run)
        self.refused("RunReject", "already", asset="freezer-1", run=run, note="oh")
        self.call("RunReject", asset="freezer-1", run=run, note="a bag had leaked, see CAPA-17")
        accepted, rejected = self.run_event("accepted"), self.run_event("rejected")
        self.assertEqual(accepted["verdict"], "within")
        self.assertNotIn("previous", accepted)
        self.assertEqual(rejected["previous"]["decision"], "accepted")
        self.assertEqual([e["transition"] for e in self.stored()],
                         ["prepared", "began", "ended", "accepted", "rejected"])

    def test_killed_in_the_middle(self):
        self.recalled()
        self.call("RunPrepare", asset="freezer-1", program="strict", operator="wang")
        self.run_event("prepared")
        self.watched.kill()  # what was prepared outlives it
        mark = self.watched.log.mark()
        self.watched.start()
        self.recalled(mark)
        self.freezer.act("start")
        began = self.run_event("began")
        self.assertEqual((began["program"], began["operator"]), ("strict", "wang"))
        self.watch.point("freezer-1", "step", lambda point: point.get("value") == 2)
        self.watch.point("freezer-1", "setpoint", lambda point: (point["value"] or 0) < 0)
        self.watched.kill()
        mark = self.watched.log.mark()
        self.watched.start()
        self.recalled(mark)
        ended = self.run_event("ended", limit=90)
        self.assertEqual(ended["freezer_run"], began["freezer_run"])
        self.assertEqual(ended["program"], "strict")
        self.assertTrue(ended["begin_known"])
        self.assertEqual((ended["how"], ended["verdict"]), ("complete", "outside"), ended)
        self.assertIn("deviation", [reason["why"] for reason in ended["reasons"]])
        self.assertEqual([e["transition"] for e in self.stored()], ["prepared", "began", "ended"])
        run = ended["freezer_run"]
        self.refused("RunAccept", "outside limits", asset="freezer-1", run=run)
        self.refused("RunAccept", "outside limits", asset="freezer-1", run=run, note="ok")
        self.watched.kill()  # and the run that has ended is known after another start
        mark = self.watched.log.mark()
        self.watched.start()
        self.call("RunAccept", asset="freezer-1", run=run, note="the chamber follows its fans, see CAPA-18")
        self.assertEqual(self.run_event("accepted")["verdict"], "outside")

    def change_program(self):
        with open(os.path.join(self.setup.directory, "programs", "quick.yaml"), "a", encoding="utf-8") as f:
            f.write("  deviation: 0.1 °C\n")

    def break_off(self, since):
        self.freezer.act("reset")
        return self.run_event("ended", since=since)

    def test_the_program_is_changed_meanwhile(self):
        """A run is judged by the program as it was when it began; where the daemon has that no more, by none."""
        self.recalled()
        self.freezer.act("start")
        began = self.run_event("began")
        self.change_program()
        mark = self.watched.log.mark()
        self.ctl("reload", "--reason", "the next ones are to keep closer")
        self.recalled(mark)
        ended = self.break_off(0)
        self.assertEqual((ended["program"], ended["program_sha256"]), ("quick", began["program_sha256"]))
        self.assertNotIn("deviation", [reason["why"] for reason in ended["reasons"]])
        mark = self.watch.feed.mark()
        self.freezer.act("start")
        again = self.run_event("began", since=mark)
        self.assertNotEqual(again["program_sha256"], began["program_sha256"])
        self.recorded(again)
        self.watched.kill()
        self.change_program()
        with open(os.path.join(self.setup.directory, "programs", "quick.yaml"), encoding="utf-8") as f:
            text = f.read().replace("  deviation: 0.1 °C\n", "", 1)
        with open(os.path.join(self.setup.directory, "programs", "quick.yaml"), "w", encoding="utf-8") as f:
            f.write("# another\n" + text)
        mark, since = self.watched.log.mark(), self.watch.feed.mark()
        self.watched.start()
        self.recalled(mark)
        ended = self.break_off(since)
        self.assertEqual((ended["freezer_run"], ended["program"]), (again["freezer_run"], None))

    def test_broken_off(self):
        self.recalled()
        self.freezer.act("start")
        self.run_event("began")
        self.watch.point("freezer-1", "step", lambda point: point.get("value") == 2)
        self.freezer.act("reset")
        ended = self.run_event("ended")
        self.assertEqual((ended["how"], ended["verdict"]), ("stopped", "outside"))
        self.assertEqual(ended["guidance"]["is"], "minus-80")
        alarm = self.watch.alarm("freezer-1", "run-abandoned", "unacknowledged").json
        self.assertEqual(alarm["priority"], "high")
        self.assertIn("not into LN2 vapour", alarm["text"]["en"])
        self.assertIn("不得放入液氮气相", alarm["text"]["zh"])
        self.restart()  # it still waits for somebody, and its sample is still warm
        self.broker.publish("cryomon/test/cmd/li.na/run-note", json.dumps(
            {"asset": "freezer-1", "run": "last", "note": "bags moved to the -80 °C freezer", "lots": ["CB-3"]}))
        noted = self.run_event("noted")
        self.assertEqual((noted["by"], noted["lots"], noted["freezer_run"]), ("li.na", ["CB-3"], ended["freezer_run"]))
        self.watch.alarm("freezer-1", "run-abandoned", "returned-unacknowledged")
        self.restart()  # that somebody has come is known
        changes = harness.sqlite(os.path.join(self.setup.state, "state.db"), "SELECT body ->> '$.transition' AS what"
                                 " FROM event WHERE alarm = 'run-abandoned' ORDER BY seq")
        self.assertEqual([row["what"] for row in changes], ["raised", "returned"])
        self.assertEqual([e["transition"] for e in self.stored()], ["began", "ended", "noted"])


@unittest.skipUnless(os.path.exists(SHIFTER), "no CRYOMON_CLOCKSHIFT library")
@unittest.skipIf(harness.SANITIZED, "a sanitizer wants to be the first library")
class ClockSetBack(FreezerTest):
    """The wall clock is set back by an hour in a run, and the daemon is killed after that."""

    def setUp(self):
        self.shift(0)
        self.environment = {"LD_PRELOAD": SHIFTER, "CLOCKSHIFT": self.shift_file}
        super().setUp()

    def shift(self, seconds):
        if not hasattr(self, "shift_file"):
            directory = tempfile.TemporaryDirectory(prefix="cryomon-shift-")
            self.addCleanup(directory.cleanup)
            self.shift_file = os.path.join(directory.name, "shift")
        with open(self.shift_file, "r+b" if os.path.exists(self.shift_file) else "wb") as f:
            f.write(struct.pack("=qq", seconds * 10**9, 0))

    def test_one_run_as_long_as_it_was(self):
        self.recalled()
        self.watch.point("freezer-1", "program", lambda point: point.get("state") == "reset")  # its begin will be seen
        self.freezer.act("start")
        began = self.run_event("began")
        self.watch.point("freezer-1", "step", lambda point: point.get("value") == 2)
        self.shift(-3600)
        self.watch.event(kind="clock")
        self.watch.point("freezer-1", "setpoint", lambda point: (point["value"] or 0) < 0)
        self.watched.kill()
        mark, since = self.watched.log.mark(), self.watch.feed.mark()
        self.watched.start()
        self.recalled(mark)
        self.watch.point("freezer-1", "run", lambda point: point.get("state") == "running", since=since)
        self.freezer.act("reset")
        ended = self.run_event("ended")
        self.assertEqual((ended["freezer_run"], ended["how"]), (began["freezer_run"], "stopped"))
        self.assertEqual(ended["clock_set"], -3600)
        self.assertTrue(ended["begin_known"])
        begin, end = time_of(ended["begin"]), time_of(ended["end"])
        self.assertLess(abs((begin - time_of(began["begin"])).total_seconds()), 2)  # told as it was taken up, a little later
        self.assertGreater((end - begin).total_seconds(), 3)
        self.assertLess((end - begin).total_seconds(), 600)
        self.assertEqual([e["transition"] for e in self.stored()], ["began", "ended"])

        def shown():  # once what was read last is on the disk
            run = json.loads(self.ctl("run", "show", "freezer-1", "last", "--json", "--dir", self.setup.state,
                                      config_dir=self.setup.directory).stdout)
            return run if run["how"] not in ("running", "lost") else None
        run = harness.until(shown, "the run's end in the record")
        self.assertEqual((run["id"], run["how"]), (ended["freezer_run"], "stopped"))
        self.assertEqual((run["verdict"], run["clock_set_seconds"]), (ended["verdict"], -3600))
        for name, by_daemon in (("begin", begin), ("end", end)):
            self.assertLess(abs((time_of(run[name]) - by_daemon).total_seconds()), 1)
        listed = json.loads(self.ctl("runs", "freezer-1", "--last", "1d", "--json", "--dir", self.setup.state,
                                     config_dir=self.setup.directory).stdout)["runs"]
        self.assertEqual([one["id"] for one in listed], [run["id"]])


if __name__ == "__main__":
    harness.main()
