#!/usr/bin/python3
"""cryoctl as a person or a script meets it."""
import csv
import datetime
import io
import json
import os
import subprocess
import unittest

from cryoctl_case import CRYOCTL, Case, environment
from fake_daemon import FakeDaemon, alarm, demo_status

MAKE_HISTORY = os.environ["MAKE_HISTORY"]
RANGE = ["--from", "2026-09-21T14:00:00Z", "--to", "2026-09-21T15:00:00Z"]


class Status(Case):
    def test_tables(self):
        with FakeDaemon(self.path):
            for language in "en", "zh":
                self.golden("status.%s.txt" % language, self.run_ctl("status", "--lang", language))
                self.golden("alarms.%s.txt" % language, self.run_ctl("alarms", "--lang", language, "--utc"))

    def test_language_from_environment(self):
        with FakeDaemon(self.path):
            self.assertIn("示范细胞库", self.run_ctl("status", LANG="zh_CN.UTF-8"))
            self.assertIn("Demo cell bank", self.run_ctl("status", LANG="zh_CN.UTF-8", LC_ALL="C"))

    def test_bad_values_are_no_numbers(self):
        status = demo_status()
        for p in status["points"]:
            p.update(quality="bad", reason="sentinel")  # and a number in it, as no daemon should send
        with FakeDaemon(self.path, status):
            out = self.run_ctl("status")
        for number in "190.1", "148.2", "41.25", "20.9":
            self.assertNotIn(number, out)
        self.assertIn("-- sensor fault", out)

    def test_json_numbers(self):
        with FakeDaemon(self.path):
            out = self.run_ctl("status", "--json")
        self.assertEqual(json.loads(out), demo_status())
        self.assertIn('"value":-190.1,', out)  # and not -190.09999999999999

    def test_exit_code(self):
        with FakeDaemon(self.path) as daemon:
            self.run_ctl("status", "--exit-code", expect=1)
            daemon.status["alarms"] = []
            self.run_ctl("status", "--exit-code")
            self.assertEqual(self.run_ctl("alarms"), "No alarms.\n")
            self.assertEqual(json.loads(self.run_ctl("alarms", "--json")), [])

    def test_broker(self):
        with FakeDaemon(self.path) as daemon:
            self.assertIn("; broker ok\n", self.run_ctl("status"))
            daemon.status["broker"] = "failing"  # and no alarm yet
            self.assertIn("; BROKER NOT REACHABLE\n", self.run_ctl("status"))
            daemon.status["alarms"].append(alarm("system", "system", "系统", "broker", "critical", "unacknowledged"))
            self.assertIn("; BROKER NOT REACHABLE\n", self.run_ctl("status"))
            self.assertIn("5 assets", self.out)  # the system is none
            daemon.status.update(broker="none", disk="failing")
            self.assertIn("; no broker: nobody is told; DISK FAILING\n", self.run_ctl("status"))
            del daemon.status["broker"]
            self.assertIn("; broker not known;", self.run_ctl("status"))

    def test_worst_alarm_is_shown(self):
        with FakeDaemon(self.path) as daemon:
            daemon.status["alarms"][1].update(state="acknowledged", by="li.na")
            # Still critical, though somebody knows: the one that is over and waits must not hide it.
            self.assertRegex(self.run_ctl("status"), r"!!  Tank 2 .* CRITICAL temperature-critical, acknowledged "
                                                     r"\(\+1 more, 1 NOT ACKNOWLEDGED\)\n")

    def test_escape_sequences_in_names(self):
        status = demo_status()
        for p in status["points"]:
            p["asset_name"]["en"] = "\033]0;mine\007Tank"
        with FakeDaemon(self.path, status):
            self.assertNotIn("\033", self.run_ctl("status"))

    def test_not_reachable(self):
        self.run_ctl("status", expect=3)
        self.assertEqual(self.out, "")
        self.assertIn("the daemon cannot be reached at " + self.path, self.err)
        with FakeDaemon(self.path) as daemon:
            daemon.raw = b"not json\0"
            self.run_ctl("status", expect=3)
            daemon.raw = b'{"parameters":{}'  # and hangs up
            self.run_ctl("status", expect=3)
            self.assertIn("it hung up", self.err)
            daemon.raw = None
            daemon.error["Status"] = ("io.cryomon.Monitor.Busy", {})
            self.run_ctl("status", expect=3)

    def test_denied(self):
        with FakeDaemon(self.path) as daemon:
            daemon.error["Status"] = ("io.cryomon.Monitor.PermissionDenied", {"group": "cryomon"})
            self.run_ctl("status", expect=4)
            self.assertIn("needs group cryomon", self.err)

    def test_full_disk(self):
        with FakeDaemon(self.path), open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([CRYOCTL, "status", "--socket", self.path], stdout=full, stderr=subprocess.PIPE,
                                  env=environment(), timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"can't write", done.stderr)


class Acknowledge(Case):
    def test_one(self):
        with FakeDaemon(self.path) as daemon:
            self.assertEqual(self.run_ctl("ack", "tank-2", "temperature-critical", "--note", "看到了"),
                             "acknowledged: tank-2/temperature-critical\n")
            self.assertEqual(daemon.calls[-1]["parameters"],
                             {"asset": "tank-2", "alarm": "temperature-critical", "note": "看到了"})
            daemon.error["Acknowledge"] = ("io.cryomon.Monitor.NoSuchAlarm", {"asset": "tank-9", "alarm": "x"})
            self.run_ctl("ack", "tank-9", "x", expect=1)
            self.assertIn('there is no alarm "x" on asset "tank-9"', self.err)
            daemon.error["Acknowledge"] = ("io.cryomon.Monitor.PermissionDenied", {"group": "cryomon-operator"})
            self.run_ctl("ack", "tank-2", "temperature-critical", expect=4)
            self.assertIn("cryomon-operator", self.err)

    def test_all(self):
        with FakeDaemon(self.path) as daemon:
            self.run_ctl("ack", "--all", expect=2)  # nobody to ask
            self.assertEqual(daemon.calls, [])
            out = self.run_ctl("ack", "--all", "--yes")
            self.assertEqual([c["parameters"]["alarm"] for c in daemon.calls[1:]], ["temperature-critical", "lid-open"])
            self.assertIn("Tank 2: Vapour too warm", out)
            self.assertIn("acknowledged: tank-2/lid-open\n", out)
            daemon.status["alarms"] = []
            self.assertIn("Nothing waits", self.run_ctl("ack", "--all", "--yes"))

    def test_reload(self):
        with FakeDaemon(self.path) as daemon:
            self.run_ctl("reload")
            daemon.error["Reload"] = ("io.cryomon.Monitor.ReloadRefused", {})
            self.run_ctl("reload", expect=1)
            self.assertIn("the old one stays in force", self.err)

    def test_reload_says_why(self):
        refused = "io.cryomon.Monitor.ReloadRefused"
        reason = alarm("system", "system", "系统", "configuration", "high", "unacknowledged",
                       text={"en": "system: refused: cryomon.yaml:3:3: unknown\033 key", "zh": "系统：被拒绝"})
        with FakeDaemon(self.path) as daemon:
            self.assertEqual(json.loads(self.run_ctl("reload", "--json")), {"ok": True})
            daemon.error["Reload"] = (refused, {})
            daemon.status["alarms"].append(reason)
            # The alarm of an hour ago is about another mistake.
            reason["time"] = (datetime.datetime.utcnow() - datetime.timedelta(hours=1)).isoformat()[:23] + "Z"
            result = json.loads(self.run_ctl("reload", "--json", expect=1))
            self.assertEqual((result["ok"], result["error"]), (False, refused))
            self.assertIn("See cryoctl check, or the journal", result["message"])
            reason["time"] = (datetime.datetime.utcnow() + datetime.timedelta(hours=1)).isoformat()[:23] + "Z"
            result = json.loads(self.run_ctl("reload", "--json", expect=1))
            self.assertEqual(result["message"], "system: refused: cryomon.yaml:3:3: unknown\ufffd key")
            self.assertEqual(result["error"], refused)
            self.assertEqual(self.run_ctl("reload", "--lang", "zh", expect=1), "")
            self.assertEqual(self.err, "cryoctl: 系统：被拒绝\n")
            # No answer to the second question: the first one's answer is still told.
            daemon.error["Status"] = ("io.cryomon.Monitor.Busy", {})
            self.assertEqual(json.loads(self.run_ctl("reload", "--json", expect=1))["error"], refused)
            daemon.error["Reload"] = ("io.cryomon.Monitor.PermissionDenied", {"group": "cryomon-operator"})
            result = json.loads(self.run_ctl("reload", "--json", expect=4))
            self.assertIn("cryomon-operator", result["message"])
        result = json.loads(self.run_ctl("reload", "--json", expect=3))
        self.assertEqual((result["ok"], result["error"]), (False, "unreachable"))


class History(Case):
    def setUp(self):
        super().setUp()
        subprocess.run([MAKE_HISTORY, self.directory.name], check=True)

    def history(self, *arguments, **more):
        return self.run_ctl(*arguments, "--dir", self.directory.name, socket=False, **more)

    def test_tables(self):
        for language in "en", "zh":
            self.golden("history.%s.txt" % language,
                        self.history("history", "tank-1", "temperature", *RANGE, "--lang", language))
            self.golden("events.%s.txt" % language, self.history("events", *RANGE, "--utc", "--lang", language))

    def test_csv(self):
        out = self.history("history", "tank-1", "temperature", *RANGE, "--format", "csv")
        self.assertEqual(out.count("\r\n"), 6)
        rows = list(csv.DictReader(io.StringIO(out, newline="")))
        self.assertEqual([r["value"] for r in rows], ["-190.1", "-190.0", "", "", "-189.9"])
        self.assertEqual([r["raw"] for r in rows], ["0xf893", "0xf894", "", "0x8000", "0xf8940001"])
        self.assertEqual(rows[2]["reason"], "timeout")
        self.assertEqual(rows[0]["time"], "2026-09-21T14:13:20.023Z")
        self.assertEqual(rows[0]["unit"], "°C")

    def test_json(self):
        rows = [json.loads(line) for line in self.history("history", "tank-1", "temperature", *RANGE, "--json").splitlines()]
        self.assertEqual(len(rows), 5)
        self.assertEqual(rows[0], {"time": "2026-09-21T14:13:20.023Z", "slot": "2026-09-21T14:13:20.000Z",
                                   "asset": "tank-1", "point": "temperature", "value": -190.1, "unit": "°C",
                                   "quality": "good", "raw": "0xf893"})
        self.assertIsNone(rows[2]["value"])
        self.assertNotIn("raw", rows[2])

    def test_nothing(self):
        self.history("history", "tank-1", "temperature", "--last", "1h", expect=1)
        self.assertIn("no readings of tank-1/temperature in that range", self.err)
        self.history("history", "tank-1", "temperature", "--format", "csv", expect=1)
        self.assertEqual(self.out, "time,asset,point,value,unit,quality,reason,raw,as_read,calibration,certificate\r\n")
        self.history("history", "tank-1", "level", *RANGE, expect=1)
        self.assertIn('asset "tank-1" has no point "level"', self.err)
        self.history("history", "tank-9", "level", *RANGE, expect=1)
        self.assertIn('no asset "tank-9"', self.err)
        self.run_ctl("history", "a", "b", "--dir", "/nonexistent", socket=False, expect=1)

    def test_ranges(self):
        # 22:13:25 eight hours east is 14:13:25 UTC: the second reading on.
        for start in (["--from", "2026-09-21 22:13:25"], ["--from", "2026-09-21 14:13:25", "--utc"],
                      ["--from", "2026-09-21T14:13:25Z"], ["--from", "2026-09-21T16:13:25+02:00"]):
            out = self.history("history", "tank-1", "temperature", "--json", *start, "--to", "2026-09-21T14:13:30Z")
            self.assertEqual(len(out.splitlines()), 1, start)
        out = self.history("history", "tank-1", "temperature", "--json", "--to", "2026-09-21T14:13:31Z", "--last", "5s")
        self.assertEqual(len(out.splitlines()), 1)
        for wrong in (["--last", "2"], ["--last", "-2h"], ["--from", "yesterday"], ["--from", "2026-09-31"],
                      ["--from", "2026-01-01", "--last", "2h"], ["--from", "2026-01-02", "--to", "2026-01-01"],
                      ["--format", "xml"]):
            self.history("history", "tank-1", "temperature", *wrong, expect=2)

    def test_events_json(self):
        lines = self.history("events", *RANGE, "--json").splitlines()
        self.assertEqual(len(lines), 3)
        self.assertIn('"value":-149.20,', lines[1])  # byte for byte


class Usage(Case):
    def test_help(self):
        for arguments in (["--help"], ["status", "--help"], ["--lang", "zh", "history", "--help"]):
            self.assertIn("cryoctl", self.run_ctl(*arguments, socket=False))
        self.assertRegex(self.run_ctl("--version", socket=False), r"^cryoctl \d+\.\d+\.\d+\n$")

    def test_help_is_true_of_each_verb(self):
        for verb in "history", "gaps", "exposure", "events", "export", "report":
            self.assertRegex(self.run_ctl(verb, "--help", socket=False), r"--last .*\(default 1d; history: 1h, of hours 1d, of days 30d; alarm-report, replay: 30d\)\n")
        for verb in "history", "gaps", "exposure", "devices":
            self.assertRegex(self.run_ctl(verb, "--help", socket=False), r"--format FORM +table, csv or json; devices: table, json or prometheus\n")

    def test_wrong(self):
        for arguments in ([], ["explode"], ["status", "tank-1"], ["status", "--note", "x"], ["history", "tank-1"],
                          ["ack", "tank-1"], ["ack", "a", "b", "--all"], ["status", "--lang", "fr"], ["status", "--bogus"],
                          ["complete"]):
            self.run_ctl(*arguments, expect=2, socket=False)

    def test_wrong_in_chinese(self):
        for arguments, expect in ((["status", "--bogus"], 2), (["--bogus", "status"], 2), (["status", "-x"], 2),
                                  (["status", "--json=3"], 2), (["history", "tank-1"], 2), (["ack", "tank-1"], 2),
                                  (["explode"], 2), (["status", "--note", "x"], 2), (["status"], 3), (["watch", "x"], 2),
                                  (["events", "--dir", "/nonexistent"], 1), (["status", "--config", "/nonexistent"], 1)):
            socket = arguments == ["status"]
            self.run_ctl(*arguments, "--lang", "zh", expect=expect, socket=socket)
            self.assertEqual(self.err.count("\n"), 1)
            self.assertTrue(self.err.startswith("cryoctl: "), self.err)
            own = self.err.replace(self.path, "").replace("cryoctl", "")
            for word in arguments + ["ack", "--all", "--help", "cryomon.yaml"]:
                own = own.replace(word, "")
            self.assertNotRegex(own, "[A-Za-z]")
        self.run_ctl("--help", "--lang", "zh", socket=False)
        self.assertNotRegex(self.out, r"\b(ASSET|ALARM|POINT|DIR|TIME|SPAN|TEXT|PATH|Usage)\b")

    def configure(self):
        """A small configuration without a mistake, whose control socket is self.path."""
        os.makedirs(os.path.join(self.directory.name, "devices"), exist_ok=True)
        with open(os.path.join(self.directory.name, "devices", "gauge.yaml"), "w", encoding="utf-8") as f:
            f.write("vendor: test\nmodel: gauge\nsource: test\nstatus: documented\ntransports: [tcp]\n"
                    "interval: 5 s\ntimeout: 500 ms\n"
                    "registers:\n  temperature: {table: input, address: 0, type: s16, scale: 0.1, resolution: 0.1,"
                    " unit: °C, plausible: [-210, 60]}\n")
        with open(os.path.join(self.directory.name, "cryomon.yaml"), "w", encoding="utf-8") as f:
            f.write("site:\n  id: demo\ncontrol:\n  socket: %s\n"
                    "buses:\n  hall:\n    tcp: {host: 127.0.0.1}\n"
                    "devices:\n  gauge-1: {bus: hall, unit: 1, profile: gauge}\n"
                    "assets:\n  tank-1:\n    kind: tank\n    points:\n"
                    "      temperature: {device: gauge-1, register: temperature}\n" % self.path)

    def test_check(self):
        self.run_ctl("check", self.directory.name, socket=False, expect=1)  # there is no cryomon.yaml
        result = json.loads(self.run_ctl("check", self.directory.name, "--json", socket=False, expect=1))
        self.assertFalse(result["ok"])
        with open(os.path.join(self.directory.name, "cryomon.yaml"), "w", encoding="utf-8") as f:
            f.write("site:\n  id: demo\n  nmae: x\ncontrol:\n  socket: relative\n")
        out = self.run_ctl("check", self.directory.name, socket=False, expect=1)
        self.assertIn("cryomon.yaml:3:3: ", out)
        result = json.loads(self.run_ctl("check", self.directory.name, "--json", socket=False, expect=1))
        self.assertIn((3, 3), [(p.get("line"), p.get("column")) for p in result["problems"]])
        self.assertTrue(all(p["file"].endswith("/cryomon.yaml") and p["message"] for p in result["problems"]))
        self.configure()
        self.assertIn("The configuration is in order: 1 asset", self.run_ctl("check", self.directory.name, socket=False))
        self.assertTrue(json.loads(self.run_ctl("check", self.directory.name, "--json", socket=False))["ok"])

    def test_config_names_the_socket(self):
        self.configure()
        with FakeDaemon(self.path):
            self.run_ctl("status", "--config", self.directory.name, socket=False)

    def write(self, name, text):
        os.makedirs(os.path.dirname(os.path.join(self.directory.name, name)), exist_ok=True)
        with open(os.path.join(self.directory.name, name), "w", encoding="utf-8") as f:
            f.write(text)

    def test_mistakes_do_not_hide_alarms(self):
        control = "control:\n  socket: %s\n" % self.path
        for mistaken in (
                control + "bogus: 1\nsite: {id: 7 7}\n",
                "site:\n  id: s\n\tx: tab\n" + control + "buses: [\n",  # not YAML, before it and behind
                "# \n---\n\"site\": {\n" + control + "storage: {directory: relative}\n",
                control + "control: {socket: /nonexistent}\n",
                "{control: {socket: %s}, x: &a 1}\n" % self.path):
            self.write("cryomon.yaml", mistaken)
            with self.subTest(mistaken), FakeDaemon(self.path) as daemon:
                for verb in (["status"], ["alarms"], ["ack", "tank-2", "lid-open"], ["reload"]):
                    self.run_ctl(*verb, "--config", self.directory.name, socket=False)
                self.run_ctl("check", self.directory.name, socket=False, expect=1)
                self.assertEqual(len(daemon.calls), 4)

    def test_socket_in_conf_d(self):
        self.write("cryomon.yaml", "site: {\n")
        self.write("conf.d/10.yaml", "no: [\n")
        self.write("conf.d/20.yaml", "control: {socket: %s}\n" % self.path)
        self.write("conf.d/30.yaml", "control: {socket: /nonexistent}\n")
        self.write("conf.d/00.txt", "control: {socket: /nonexistent}\n")
        with FakeDaemon(self.path):
            self.run_ctl("status", "--config", self.directory.name, socket=False)

    def test_no_guess_instead_of_the_socket(self):
        """Another daemon's alarms are worse than none."""
        self.run_ctl("status", "--config", self.directory.name, socket=False, expect=1)
        self.assertIn("cryomon.yaml can't be read: No such file", self.err)
        for wrong in ("relative", "[/x]", "", "/" + 120 * "x", "[\nsite: {id: s}"):
            self.write("cryomon.yaml", "control:\n  socket: %s\n" % wrong)
            self.run_ctl("alarms", "--config", self.directory.name, socket=False, expect=1)
            self.assertIn("control.socket in %s is no full path" % self.directory.name, self.err)
        self.write("cryomon.yaml", "site: {id: s}\n")
        self.run_ctl("alarms", "--config", self.directory.name, socket=False, expect=3)
        self.assertIn("/run/cryomon/control", self.err)

    def test_history_of_a_mistaken_configuration(self):
        subprocess.run([MAKE_HISTORY, self.directory.name], check=True)
        self.write("cryomon.yaml", "bogus: 1\nsite: {\nstorage:\n  directory: %s\ncontrol: {socket: x}\n" %
                   self.directory.name)
        config = ["--config", self.directory.name]
        out = self.run_ctl("history", "tank-1", "temperature", *RANGE, "--json", *config, socket=False)
        self.assertEqual(len(out.splitlines()), 5)
        self.assertEqual(len(self.run_ctl("events", *RANGE, "--json", *config, socket=False).splitlines()), 3)
        self.write("cryomon.yaml", "storage: {directory: x}\n")
        self.run_ctl("events", *config, socket=False, expect=1)
        self.assertIn("storage.directory", self.err)

    def test_completion(self):
        with FakeDaemon(self.path):
            self.assertEqual(self.run_ctl("complete", "alarms", "tank-2"), "temperature-critical\nlid-open\n")
            self.assertEqual(self.run_ctl("complete", "points", "crf-1"), "chamber\n")


if __name__ == "__main__":
    unittest.main()
