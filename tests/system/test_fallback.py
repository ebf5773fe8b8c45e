"""Who tells when nobody else would: the daemon watches cryonotify and the broker, runs its command and sets its relay."""
import json
import os
import socket
import struct
import subprocess
import time

import harness
from broker import Broker, Observer
from configuration import Setup
from harness import ADDRESS, binary, until
from modbus_raw import HOLDING, Bank, Loop, TcpServer
from peers import PymodbusTcp
from varlink import call

COLD, WARM = 63636, 64106
SCRIPT = """#!/bin/sh
{ echo "$CRYOMON_SITE $CRYOMON_ASSET/$CRYOMON_ALARM $CRYOMON_PRIORITY $CRYOMON_REASON $CRYOMON_COUNT $*"; cat; } > %(out)s.$$
mv %(out)s.$$ %(out)s/$(date +%%s%%N)
[ ! -e %(out)s.fail ] || { echo "no carrier"; exit 3; }
[ ! -e %(out)s.hang ] || sleep 1000
"""


class Fallback(harness.SystemTest):  # each
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Bank()
        self.bank.set(1, HOLDING, 0, COLD)
        self.server = TcpServer(self.loop, self.bank)
        self.relay = PymodbusTcp({1: {"coil": {5: 1}}})
        self.addCleanup(self.relay.stop)
        os.mkdir(self.path("told"))
        with open(self.path("siren"), "w") as f:
            f.write(SCRIPT % {"out": self.path("told")})
        os.chmod(self.path("siren"), 0o755)
        self.setup = self.make_setup()
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)

    def make_setup(self):
        setup = Setup(self.dir, self.broker)
        setup.profile("p", {"temperature": {"table": "holding", "type": "s16", "scale": 0.1, "resolution": 0.1, "address": 0,
                                            "unit": "°C"}}, interval="100 ms", timeout="100 ms")
        setup.tcp("bus", self.server.port)
        setup.tcp("relay-bus", self.relay.port)
        setup.device("d", "bus", 1, "p")
        setup.device("siren", "relay-bus", 1, "p")
        setup.asset("tank-1", {"temperature": ("d", "temperature")}, {
            "warm": {"point": "temperature", "high": "-150 °C", "priority": "critical"}}, name={"en": "Tank 1", "zh": "1号罐"})
        setup.main["notify"] = {"expected": True, "silent_after": "20 s",
                                "fallback": {"command": [self.path("siren"), "one two"], "repeat": "1 min", "timeout": "1 s",
                                             "priority": "high"},
                                "relay": {"device": "siren", "coil": 5}}
        return setup

    def start(self):
        self.setup.write()
        cryomond = self.daemon().start()
        self.observer.point("tank-1", "temperature", lambda p: p["quality"] == "good")
        return cryomond

    def notifier(self, **status):
        self.broker.publish("cryomon/test/notify/status", json.dumps(dict({
            "state": "online", "run": "n1", "would_be_told": True, "reachable": 3, "needed": 2, "channels": [], "problems": [],
            "off": []}, **status)), "-r")

    def beat(self):
        self.broker.publish("cryomon/test/notify/heartbeat", '{"run": "n1", "sequence": 1}')

    def told(self):
        return [open(os.path.join(self.path("told"), name), encoding="utf-8").read() for name in
                sorted(os.listdir(self.path("told")))]

    def coil(self):
        with socket.create_connection((ADDRESS, self.relay.port), 5) as s:
            s.sendall(struct.pack(">HHHBBHH", 1, 0, 6, 1, 1, 5, 1))
            return s.recv(64)[9] & 1

    def status(self):
        return call(self.path("control"), "Status")

    def warm(self):
        self.bank.set(1, HOLDING, 0, WARM)
        self.observer.event(alarm="warm", transition="raised")

    def test_the_notifier_dies(self):
        self.notifier()
        self.start()
        until(lambda: self.coil() == 0, "the relay to be set to well")
        self.assertEqual(self.status()["notifier"], "waiting")  # a retained status proves nothing
        self.beat()
        until(lambda: self.status()["notifier"] == "ok", "the heartbeat")
        self.warm()
        time.sleep(1.5)
        self.assertEqual(self.told(), [])  # somebody is there
        self.notifier(state="offline")
        lost = self.observer.event(asset="system", alarm="notifier", transition="raised", limit=40)
        self.assertEqual(lost["priority"], "critical")
        self.assertEqual(self.status()["notifier"], "failing")
        beat = self.observer.wait("/heartbeat", lambda b: b and b.get("notifier") == "failing", limit=20)  # for who watches from elsewhere
        self.assertEqual(beat.json["notifier_text"], {"en": "it says that it is offline", "zh": "其报告已离线"})
        (text,) = until(self.told, "the command")
        first, *lines = text.splitlines()
        self.assertTrue(first.startswith("test "), first)
        self.assertIn("critical notifier 2 one two", first)
        self.assertIn("Tank 1: temperature -143.0 °C is above -150.0 °C", text)
        done = self.observer.event(kind="fallback", part="command")
        self.assertEqual(done["outcome"], "done")
        until(lambda: self.coil() == 1, "the relay")
        # Both are seen: there is nothing left to call for, whoever is away.
        call(self.path("control"), "Acknowledge", asset="tank-1", alarm="warm")
        call(self.path("control"), "Acknowledge", asset="system", alarm="notifier")
        until(lambda: self.coil() == 0, "the relay to fall")
        self.notifier()
        self.beat()
        self.observer.event(asset="system", alarm="notifier", transition="returned")

    def test_a_restart_is_no_alarm(self):
        """It is stopped, or crashes, and is back before anybody could have come."""
        self.notifier()
        self.start()
        self.beat()
        until(lambda: self.status()["notifier"] == "ok", "the heartbeat")
        mark = self.observer.feed.mark()
        for reason in ("stopped", "connection lost"):
            self.notifier(state="offline", reason=reason)
            time.sleep(2)
            self.notifier()
            self.beat()
        self.warm()
        self.assertEqual(self.status()["notifier"], "ok")
        self.assertEqual([m.json["alarm"] for m in self.observer.feed.since(mark) if m.topic.endswith("/events") and
                          m.json.get("asset") == "system"], [])
        self.assertEqual(self.told(), [])

    def test_no_heartbeat(self):
        """It says that it is online, and is dead."""
        self.notifier()
        self.start()
        self.beat()
        until(lambda: self.status()["notifier"] == "ok", "the heartbeat")
        gone = self.observer.event(asset="system", alarm="notifier", transition="raised", limit=40)
        self.assertIn("no heartbeat", gone["text"]["en"])

    def test_what_it_says(self):
        self.notifier()
        self.start()
        self.beat()
        self.notifier(problems=[{"kind": "people", "text": {"en": "1 of 2 can be reached", "zh": "只能联系到1人"}}],
                      channels=[{"person": "li.na", "channel": "mail", "ok": False, "error": "connection refused"}],
                      off=[{"what": "li.na/mail", "by": "wang.wei", "until": "2026-12-01T00:00:00.000Z", "why": "on holiday"}])
        people = self.observer.event(asset="system", alarm="notify-people", transition="raised")
        self.assertIn("1 of 2", people["text"]["en"])
        self.assertIn("只能联系到1人", people["text"]["zh"])
        self.assertNotIn("1 of 2", people["text"]["zh"])
        channel = self.observer.event(asset="system", alarm="notify-channel", transition="raised")
        self.assertIn("li.na/mail", channel["text"]["en"])
        (off,) = until(lambda: [d for d in self.status()["disabled"] if d["what"] == "notifications-off"], "what is off")
        self.assertEqual((off["detail"], off["by"], off["note"]), ("li.na/mail", "wang.wei", "on holiday"))
        told = self.observer.event(kind="notify-off")
        self.assertEqual((told["what"], told["by"], told["why"]), ("li.na/mail", "wang.wei", "on holiday"))
        self.observer.wait("/disabled", lambda m: m is not None and m["n"] == 1)
        self.notifier(would_be_told=False, problems=[{"kind": "nobody", "text": {"en": "nobody is on duty", "zh": "无人值班"}}])
        nobody = self.observer.event(asset="system", alarm="notifier", transition="raised")
        self.assertIn("nobody is on duty", nobody["text"]["en"])
        self.assertIn("无人值班", nobody["text"]["zh"])
        self.assertNotIn("nobody", nobody["text"]["zh"])
        self.observer.event(asset="system", alarm="notify-people", transition="returned")
        self.observer.event(kind="notify-on", what="li.na/mail")
        # Its calls stand in the chain, each once.
        sent = {"id": "c1", "time": "2026-11-24T10:00:00.000Z", "alarm_id": "tank-1/warm@1", "person": "li.na", "channel": "mail",
                "level": 1, "attempt": 2, "outcome": "sent", "error": ""}
        for attempt in (sent, sent, dict(sent, outcome="confirmed"), dict(sent, id="c2")):
            self.broker.publish("cryomon/test/notify/calls", json.dumps(attempt))
        self.observer.event(kind="call", id="c2")
        calls = [m.json for m in self.observer.feed.since() if m.topic.endswith("/events") and m.json["kind"] == "call"]
        self.assertEqual([(c["id"], c["outcome"], c["person"], c["attempt"]) for c in calls],
                         [("c1", "sent", "li.na", 2), ("c1", "confirmed", "li.na", 2), ("c2", "sent", "li.na", 2)])

    def test_what_cannot_be_understood(self):
        """A status that is no status, or a heartbeat that says it: nobody would be told."""
        self.notifier()
        self.start()
        self.beat()
        until(lambda: self.status()["notifier"] == "ok", "the heartbeat")
        self.broker.publish("cryomon/test/notify/status", '{"state": "online", "would_be_told": fal', "-r")
        gone = self.observer.event(asset="system", alarm="notifier", transition="raised")
        self.assertIn("can't be understood", gone["text"]["en"])
        self.notifier()
        self.observer.event(asset="system", alarm="notifier", transition="returned")
        mark = self.observer.feed.mark()
        with open(self.path("long"), "w") as f:
            json.dump({"state": "online", "would_be_told": False, "problems": ["x" * 124000]}, f)
        self.broker.publish_file("cryomon/test/notify/status", self.path("long"), "-r")
        gone = self.observer.event(asset="system", alarm="notifier", transition="raised", since=mark)
        self.assertIn("can't be understood", gone["text"]["en"])
        self.notifier()
        self.observer.event(asset="system", alarm="notifier", transition="returned", since=mark)
        mark = self.observer.feed.mark()
        self.broker.publish("cryomon/test/notify/heartbeat", '{"run": "n1", "sequence": 2, "would_be_told": false}')
        gone = self.observer.event(asset="system", alarm="notifier", transition="raised", since=mark)
        self.assertIn("reach nobody", gone["text"]["en"])
        self.beat()
        self.observer.event(asset="system", alarm="notifier", transition="returned", since=mark)

    def events(self, **fields):
        """Each once: an event that was not confirmed before a kill is sent again."""
        found = {m.json["seq"]: m.json for m in self.observer.feed.since() if m.topic.endswith("/events") and
                 all(m.json.get(k) == v for k, v in fields.items())}
        return [found[seq] for seq in sorted(found)]

    def test_another_notify_yaml_is_recorded(self):
        """Once each, whoever was restarted meanwhile."""
        def said(since=0):
            return [(e.get("before"), e["sha256"]) for e in self.events(kind="notify-configuration")]
        one, two, three = ("%064x" % n for n in (1, 2, 3))
        self.notifier(configuration={"sha256": one, "loaded": "2026-11-24T10:00:00.000Z"})
        cryomond = self.start()
        self.beat()
        first = self.observer.event(kind="notify-configuration")
        self.assertEqual((first["sha256"], first["loaded"]), (one, "2026-11-24T10:00:00.000Z"))
        self.assertNotIn("before", first)
        self.notifier(configuration={"sha256": one, "loaded": "2026-11-24T11:00:00.000Z"})  # started anew, with the same one
        self.notifier(configuration={"sha256": "nonsense"})
        self.notifier(state="offline")
        self.notifier(configuration={"sha256": two, "loaded": "2026-11-24T12:00:00.000Z"})
        second = self.observer.event(kind="notify-configuration", sha256=two)
        self.assertEqual(second["before"], one)
        until(lambda: len(harness.sqlite(self.path("state", "state.db"), "SELECT 1 FROM event WHERE kind = "
                                         "'notify-configuration'")) == 2, "the disk")
        for now, wanted in ((two, 2), (three, 3)):
            cryomond.kill()
            mark = self.observer.feed.mark()
            self.notifier(configuration={"sha256": now, "loaded": "2026-11-24T13:00:00.000Z"},
                          off=[{"what": "w%d" % wanted, "by": "root", "until": "2099-12-01T08:00:00.000Z", "why": "ill"}])
            cryomond.start()
            self.observer.event(kind="notify-off", what="w%d" % wanted, since=mark)  # it has been looked at
            self.assertEqual(len(said()), wanted)
        self.assertEqual(said(), [(None, one), (one, two), (two, three)])
        words = subprocess.run([binary("cryoctl"), "--config", self.path("etc"), "events", "--kind", "notify-configuration"],
                               capture_output=True, text=True, timeout=30, env=dict(os.environ, LANG="C.UTF-8")).stdout
        self.assertIn("notify.yaml is another one: SHA-256 %s, before %s" % (two[:12], one[:12]), words)

    CALLING = {"levels": [{"name": {"en": "on duty", "zh": "值班"}, "people": [],
                           "shifts": [{"when": "mon-fri 08:00-20:00", "people": ["li.na"]}]},
                          {"people": ["wang.wei"], "dates": [{"when": "2026-12-24..2026-12-27 00:00-24:00", "people": []}]}],
               "people": {"li.na": {"name": "Li Na", "channels": ["mail", "wecom"]}},
               "channels": {"mail": "mail", "wecom": "webhook wecom"},
               "priorities": {"critical": {"levels_ms": [300000, None], "repeat_ms": 300000, "unresolved_ms": 1800000}}}

    def ctl_events(self, kind, language):
        return subprocess.run([binary("cryoctl"), "--config", self.path("etc"), "events", "--kind", kind], capture_output=True,
                              text=True, timeout=30, env=dict(os.environ, LANG=language, LC_ALL=language)).stdout

    def test_who_is_called_stands_in_the_record(self):
        """Also once for a notify.yaml of which an older daemon has kept the hash alone."""
        one = "%064x" % 1
        self.notifier(configuration={"sha256": one, "loaded": "2026-11-24T10:00:00.000Z"})
        cryomond = self.start()
        self.beat()
        self.observer.event(kind="notify-configuration", sha256=one)
        said = {"sha256": one, "loaded": "2026-11-24T11:00:00.000Z", "by": "SIGHUP, uid 7",
                "modified": "2026-11-24T09:00:00.000Z", "calling": self.CALLING}
        mark = self.observer.feed.mark()
        self.notifier(configuration=said)
        told = self.observer.event(kind="notify-configuration", since=mark)
        self.assertEqual({k: told.get(k) for k in said}, said)
        until(lambda: len(harness.sqlite(self.path("state", "state.db"), "SELECT 1 FROM event WHERE kind = "
                                         "'notify-configuration'")) == 2, "the disk")
        cryomond.kill()
        mark = self.observer.feed.mark()
        self.notifier(configuration=said, off=[{"what": "w", "by": "root", "until": "2099-12-01T08:00:00.000Z", "why": "ill"}])
        cryomond.start()
        self.observer.event(kind="notify-off", since=mark)  # it has been looked at
        self.assertEqual(len(self.events(kind="notify-configuration")), 2)
        words = self.ctl_events("notify-configuration", "C.UTF-8")
        for said in ("by SIGHUP, uid 7", "level 1 (on duty): mon-fri 08:00-20:00 li.na; level 2: wang.wei",
                     "2026-12-24..2026-12-27 00:00-24:00 nobody", "li.na by mail, wecom (webhook wecom)",
                     "critical: next level after 5 min 00 s, then never, again every 5 min 00 s, unresolved after 30 min 00 s"):
            self.assertIn(said, words)
        self.assertIn("第 1 级（值班）：mon-fri 08:00-20:00 li.na", self.ctl_events("notify-configuration", "zh_CN.UTF-8"))
        # What is too long for an event is not cut in its middle.
        mark = self.observer.feed.mark()
        self.notifier(configuration={"sha256": "%064x" % 2, "calling": {"people": ["x" * 50] * 60}})
        told = self.observer.event(kind="notify-configuration", since=mark)
        self.assertEqual(told["calling"], {"left_out": ["all"]})

    def test_a_refused_notify_yaml(self):
        """An event, and an alarm of its own: every way to people is as good as before."""
        def refused(n, **more):
            first = "/etc/cryomon/notify.yaml:3:%d: unknown key 'x'" % n
            return {"configuration": {"sha256": "%064x" % 1, "loaded": "2026-11-24T10:00:00.000Z", "refused": [first] * 2,
                                      "refusal": dict({"time": "2026-11-24T11:00:0%d.500Z" % n, "by": "SIGHUP, uid 7",
                                                       "mistakes": 2, "sha256": "%064x" % (2 + n), "first": first}, **more)},
                    "problems": [{"kind": "configuration", "text": {"en": "The new one is refused", "zh": "新的未生效"}}]}
        self.notifier(**refused(1))
        cryomond = self.start()
        self.beat()
        event = self.observer.event(kind="notify-refused")
        self.assertEqual((event["refused"], event["by"], event["sha256"], event["mistakes"], event["in_force"]),
                         ("2026-11-24T11:00:01.500Z", "SIGHUP, uid 7", "%064x" % 3, 2, "%064x" % 1))
        self.assertIn("notify.yaml:3:1", event["first"])
        alarm = self.observer.event(asset="system", alarm="notify-configuration", transition="raised")
        self.assertEqual(alarm["priority"], "high")
        self.assertIn("is refused", alarm["text"]["en"])
        self.assertIn("notify.yaml:3:1: unknown key 'x' (and 1 more)", alarm["text"]["en"])
        self.assertIn("未生效", alarm["text"]["zh"])
        self.assertIn("unknown key 'x'（另有 1 处）", alarm["text"]["zh"])
        # Who has seen that one has not seen the next one; the same one is no news, also after a restart.
        call(self.path("control"), "Acknowledge", asset="system", alarm="notify-configuration")
        self.observer.alarm("system", "notify-configuration", "acknowledged")
        self.notifier(**refused(1))
        self.notifier(**refused(2, sha256=None))
        again = self.observer.event(asset="system", alarm="notify-configuration", transition="realarmed")
        self.assertIn("notify.yaml:3:2", again["text"]["en"])
        self.assertNotIn("sha256", self.events(kind="notify-refused")[1])  # it could not be read
        until(lambda: len(harness.sqlite(self.path("state", "state.db"), "SELECT 1 FROM event WHERE kind = "
                                         "'notify-refused'")) == 2, "the disk")
        cryomond.kill()
        mark = self.observer.feed.mark()
        self.notifier(**dict(refused(2), off=[{"what": "w", "by": "root", "until": "2099-12-01T08:00:00.000Z", "why": "ill"}]))
        cryomond.start()
        self.observer.event(kind="notify-off", since=mark)  # it has been looked at
        self.notifier(off=[{"what": "w", "by": "root", "until": "2099-12-01T08:00:00.000Z", "why": "ill"}])
        self.beat()
        self.observer.event(asset="system", alarm="notify-configuration", transition="returned", since=mark)
        self.assertEqual(len(self.events(kind="notify-refused")), 2)
        self.assertEqual(len(self.events(transition="realarmed")), 1)
        self.assertEqual(self.events(alarm="notify-channel"), [])
        words = self.ctl_events("notify-refused", "C.UTF-8")
        self.assertIn("notify.yaml (SHA-256 %s) was refused, by SIGHUP, uid 7" % ("%064x" % 3)[:12], words)
        self.assertIn("2 mistakes in all", words)

    def test_more_of_it_calls_again(self):
        """Who has acknowledged that the mail fails has not seen that the SMS fails too."""
        mail = {"person": "li.na", "channel": "mail", "ok": False, "error": "connection refused"}
        sms = {"person": "wang.wei", "channel": "sms", "ok": False, "error": "no credit"}
        one = {"what": "li.na", "by": "root", "until": "2099-12-01T08:00:00.000Z", "why": "ill"}
        two = {"what": "director", "by": "root", "until": "2099-12-01T09:00:00.000Z", "why": "travels"}
        self.notifier(channels=[mail], off=[one])
        cryomond = self.start()
        self.beat()
        alarms = ("notify-channel", "notify-off")
        for alarm in alarms:
            self.observer.event(asset="system", alarm=alarm, transition="raised")
            call(self.path("control"), "Acknowledge", asset="system", alarm=alarm)
        # The same, told otherwise, is no news; what is told is of now.
        self.notifier(channels=[dict(mail, error="timed out")], off=[one])
        self.observer.wait("system/alarms/notify-channel", lambda b: b and "timed out" in b["text"]["en"])
        self.assertEqual(self.events(transition="realarmed"), [])
        self.notifier(channels=[dict(mail, error="timed out"), sms], off=[one])
        again = self.observer.event(asset="system", alarm="notify-channel", transition="realarmed")
        self.assertEqual((again["why"], again["state"]), ("worse", "unacknowledged"))
        self.assertIn("li.na/mail: timed out; wang.wei/sms: no credit", again["text"]["en"])
        self.notifier(channels=[mail, sms], off=[one, two])
        again = self.observer.event(asset="system", alarm="notify-off", transition="realarmed")
        self.assertIn("director (root, -> 2099-12-01 09:00 UTC): travels", again["text"]["en"])
        for alarm in alarms:
            call(self.path("control"), "Acknowledge", asset="system", alarm=alarm)
            self.observer.alarm("system", alarm, "acknowledged")
        until(lambda: len(harness.sqlite(self.path("state", "state.db"), "SELECT 1 FROM alarm WHERE alarm IN ('notify-channel', "
                                         "'notify-off') AND state = 2")) == 2, "the disk")
        # A restart: what is known is not told a second time, and what went meanwhile is told.
        cryomond.kill()
        mark = self.observer.feed.mark()
        self.notifier(channels=[mail, sms], off=[two])
        cryomond.start()
        self.observer.point("tank-1", "temperature", lambda p: p["quality"] == "good", since=mark)
        self.beat()
        on = self.observer.event(kind="notify-on", since=mark)
        self.assertEqual((on["what"], on["by"], on["until"]), ("li.na", "root", one["until"]))
        self.assertEqual([e["what"] for e in self.events(kind="notify-off")], ["li.na", "director"])
        self.notifier(channels=[dict(mail, ok=None), dict(sms, ok=None)])  # cryonotify was started anew: nothing is tried yet
        self.observer.event(asset="system", alarm="notify-off", transition="returned", since=mark)
        self.notifier(channels=[dict(mail, ok=True), dict(sms, ok=True)])
        self.observer.event(asset="system", alarm="notify-channel", transition="returned", since=mark)
        self.assertEqual([e["alarm"] for e in self.events(transition="realarmed")], ["notify-channel", "notify-off"])
        self.assertEqual(len(self.events(alarm="notify-channel", transition="returned")), 1)

    def test_the_broker_dies(self):
        self.notifier()
        self.start()
        self.beat()
        until(lambda: self.status()["notifier"] == "ok", "the heartbeat")
        self.broker.stop()
        until(lambda: self.status()["broker"] == "failing", "the daemon to notice")
        self.bank.set(1, HOLDING, 0, WARM)
        (text,) = until(self.told, "the command")
        self.assertIn("critical broker 1", text)
        self.assertIn("Tank 1", text)
        until(lambda: self.coil() == 1, "the relay")
        self.broker.start()
        self.observer.event(alarm="warm", transition="raised")
        self.notifier()
        self.beat()
        until(lambda: self.coil() == 0, "the relay to fall")
        done = [m.json for m in self.observer.feed.since() if m.json and m.json.get("kind") == "fallback"]
        self.assertTrue(done or self.observer.event(kind="fallback", part="command"))

    def test_it_fails_and_hangs(self):
        """A command that fails, one that hangs, a relay that is gone: told, and nothing waits for them."""
        open(self.path("told.fail"), "w").close()
        self.notifier()
        self.start()
        self.beat()
        self.warm()
        self.notifier(state="offline")
        failed = self.observer.event(kind="fallback", part="command", limit=40)
        self.assertEqual(failed["outcome"], "failed")
        self.assertIn("status 3: no carrier", failed["error"])
        channel = self.observer.event(asset="system", alarm="notify-channel", transition="raised")
        self.assertIn("no carrier", channel["text"]["en"])
        os.unlink(self.path("told.fail"))
        open(self.path("told.hang"), "w").close()
        mark = self.observer.feed.mark()
        self.bank.set(1, HOLDING, 0, COLD)
        self.observer.event(alarm="warm", transition="returned", since=mark)
        call(self.path("control"), "Acknowledge", asset="tank-1", alarm="warm")
        self.warm_again = self.observer.feed.mark()
        self.bank.set(1, HOLDING, 0, WARM)
        raised = self.observer.event(alarm="warm", transition="raised", since=self.warm_again)
        self.assertTrue(raised)
        hung = self.observer.event(kind="fallback", part="command", since=mark)
        self.assertIn("timed out", hung["error"].lower())
        self.relay.stop()
        gone = self.observer.event(kind="fallback", part="relay", outcome="failed", since=mark, limit=40)
        self.assertIn("refused", gone["error"].lower())


if __name__ == "__main__":
    harness.main()
