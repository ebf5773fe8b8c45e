"""From a register to an alarm, to a person who acknowledges it, over restarts and reloads."""
import json
import os
import signal

import harness
from broker import Broker, Observer, retained
from configuration import Setup
from modbus_raw import HOLDING, Bank, DISCRETE, Loop, TcpServer

WARM = 64036      # -150.0 °C: the limit itself, which is not over it
ALARM = 64106     # -143.0 °C
COLD = 63636      # -190.0 °C


class AlarmPath(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker")).start()
        self.addCleanup(self.broker.stop)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Bank()
        self.bank.set(1, HOLDING, 0, COLD, 120)
        self.bank.set(1, DISCRETE, 0, 0)
        self.server = TcpServer(self.loop, self.bank)
        self.config = self.make_setup()
        self.config.write()
        self.observer = Observer(self.broker)
        self.addCleanup(self.observer.stop)
        self.cryomond = self.daemon().start()

    def make_setup(self):
        setup = Setup(self.dir, self.broker)
        tenths = {"table": "holding", "type": "s16", "scale": 0.1, "resolution": 0.1}
        setup.profile("p", {
            "temperature": dict(tenths, address=0, unit="°C", plausible=[-210, 60], sentinels=[0x8000]),
            "level": dict(tenths, address=1, unit="cm"),
            "lid": {"table": "discrete", "address": 0, "type": "bit", "states": {0: "closed", 1: "open"}},
        }, interval="100 ms", timeout="100 ms")
        setup.tcp("bus", self.server.port)
        setup.device("d", "bus", 1, "p")
        setup.asset("tank-1", {"temperature": ("d", "temperature", {"no_data_after": "1 s"}),
                               "level": ("d", "level"), "lid": ("d", "lid")}, {
            "warm": {"point": "temperature", "high": "-150 °C", "deadband": "2 °C", "on_delay": "200 ms",
                     "off_delay": "300 ms", "priority": "critical",
                     "text": {"en": "Vapour too warm", "zh": "气相温度过高"},
                     "response": {"en": "Check the lid", "zh": "检查盖子"}},
            "empty": {"point": "level", "low": 5, "priority": "high"},
            "lid-open": {"point": "lid", "state": "open", "on_delay": "300 ms", "priority": "medium"},
        }, name={"en": "Tank 1", "zh": "1号罐"})
        return setup

    def temperature(self, raw):
        self.bank.set(1, HOLDING, 0, raw)

    def raise_warm(self):
        self.observer.point("tank-1", "temperature", lambda p: p["quality"] == "good")
        self.temperature(ALARM)
        return self.observer.event(alarm="warm", transition="raised")

    def state(self, alarm):
        """The alarm's state as the control socket tells it; None while normal."""
        for entry in json.loads(self.ctl("alarms", "--json").stdout):
            if entry["asset"] == "tank-1" and entry["alarm"] == alarm:
                return entry["state"]
        return None

    def test_raise_acknowledge_return(self):
        event = self.raise_warm()
        self.assertEqual((event["asset"], event["priority"], event["state"], event["value"], event["unit"],
                          event["limit"]), ("tank-1", "critical", "unacknowledged", -143, "°C", -150))
        self.assertEqual(event["asset_name"], {"en": "Tank 1", "zh": "1号罐"})
        self.assertEqual(event["alarm_name"]["zh"], "气相温度过高")
        self.assertEqual(event["response"], {"en": "Check the lid", "zh": "检查盖子"})
        self.assertIn("气相温度过高", event["text"]["zh"])
        self.observer.alarm("tank-1", "warm", "unacknowledged")
        self.assertIn("cryomon/test/tank-1/alarms/warm", retained(self.broker))
        self.assertEqual(self.state("warm"), "unacknowledged")

        self.ctl("ack", "tank-1", "warm", "--note", "on my way 我来")
        acked = self.observer.event(alarm="warm", transition="acknowledged")
        self.assertEqual((acked["state"], acked["note"]), ("acknowledged", "on my way 我来"))
        self.assertTrue(acked["by"])
        self.observer.alarm("tank-1", "warm", "acknowledged")
        again = self.ctl("ack", "tank-1", "warm", check=False)
        self.assertNotEqual(again.returncode, 0)

        self.temperature(COLD)
        returned = self.observer.event(alarm="warm", transition="returned")
        self.assertEqual(returned["state"], "normal")
        self.assertNotIn("cryomon/test/tank-1/alarms/warm", retained(self.broker))
        self.assertIsNone(self.state("warm"))
        self.assertLess(event["seq"], acked["seq"])
        self.assertLess(acked["seq"], returned["seq"])

    def test_limit_and_deadband(self):
        """At the limit is not over it; back inside the deadband is not back."""
        self.observer.point("tank-1", "temperature", lambda p: p["quality"] == "good")
        self.temperature(WARM)
        self.observer.point("tank-1", "temperature", lambda p: p["value"] == -150)
        mark = self.observer.feed.mark()
        self.observer.feed.never(lambda m: m.topic.endswith("/events") and m.json.get("alarm") == "warm", "an alarm", 1)
        self.temperature(ALARM)
        self.observer.event(alarm="warm", transition="raised", since=mark)
        self.temperature(64026)  # -151: inside the deadband
        self.observer.point("tank-1", "temperature", lambda p: p["value"] == -151)
        mark = self.observer.feed.mark()
        self.observer.feed.never(lambda m: m.topic.endswith("/events") and m.json.get("alarm") == "warm", "a return", 1,
                                 since=mark)
        self.temperature(64016)  # -152: over
        back = self.observer.event(alarm="warm", transition="returned")
        self.assertEqual(back["state"], "returned-unacknowledged")
        self.ctl("ack", "tank-1", "warm")
        self.observer.event(alarm="warm", transition="acknowledged", state="normal")

    def test_low_and_state(self):
        self.observer.point("tank-1", "level", lambda p: p["quality"] == "good")
        self.bank.set(1, HOLDING, 1, 49)
        low = self.observer.event(alarm="empty", transition="raised")
        self.assertEqual((low["value"], low["limit"]), (4.9, 5))
        self.bank.set(1, DISCRETE, 0, 1)
        lid = self.observer.event(alarm="lid-open", transition="raised")
        self.assertEqual((lid["point"], lid["priority"]), ("lid", "medium"))
        self.observer.point("tank-1", "lid", lambda p: p.get("state") == "open")

    def test_lost_data_does_not_clear(self):
        self.raise_warm()
        self.server.stop()
        lost = self.observer.event(alarm="temperature-no-data", transition="raised")
        self.assertEqual(lost["priority"], "critical")
        self.observer.point("tank-1", "temperature", lambda p: p["quality"] == "bad" and p["value"] is None)
        self.assertEqual(self.state("warm"), "unacknowledged")
        self.temperature(ALARM)
        self.server.start()
        self.observer.event(alarm="temperature-no-data", transition="returned", limit=30)
        self.assertEqual(self.state("warm"), "unacknowledged")
        # A broken sensor is no return either.
        self.temperature(0x8000)
        self.observer.event(alarm="temperature-bad", transition="raised", limit=30)
        self.assertEqual(self.state("warm"), "unacknowledged")
        self.temperature(COLD)
        self.observer.event(alarm="warm", transition="returned")
        for event in (m.json for m in self.observer.feed.since() if m.topic.endswith("/events")):
            if event.get("alarm") == "warm" and event["transition"] == "returned":
                self.assertEqual(event["value"], -190)

    def restart(self, how):
        self.raise_warm()
        self.ctl("ack", "tank-1", "warm", "--note", "seen")
        self.observer.event(alarm="warm", transition="acknowledged")
        self.bank.set(1, HOLDING, 1, 0)
        self.observer.event(alarm="empty", transition="raised")
        how()
        mark = self.observer.feed.mark()
        self.cryomond.start()
        harness.until(lambda: self.state("warm") == "acknowledged" and self.state("empty") == "unacknowledged",
                      "the states to be as they were")
        self.assertIn("cryomon/test/tank-1/alarms/warm", retained(self.broker))
        self.observer.point("tank-1", "temperature", lambda p: p["value"] == -143, since=mark)
        # Raised once, not again by the restart; and the person's name is still known.
        self.assertEqual([m for m in self.observer.feed.since(mark) if m.topic.endswith("/events") and m.json.get(
            "alarm") in ("warm", "empty") and not m.json.get("historical")], [])
        warm = [e for e in json.loads(self.ctl("alarms", "--json").stdout) if e["alarm"] == "warm"]
        self.assertTrue(warm[0]["by"])
        self.temperature(COLD)
        self.observer.event(alarm="warm", transition="returned", state="normal", since=mark)

    def test_restart_clean(self):
        self.restart(self.cryomond.stop)

    def test_restart_killed(self):
        self.restart(self.cryomond.kill)
        self.observer.event(asset="system", alarm="restart", transition="raised")

    def test_reload(self):
        """SIGHUP: a new alarm and a new limit are in force, and nothing that stood is lost."""
        self.raise_warm()
        self.ctl("ack", "tank-1", "warm")
        self.observer.event(alarm="warm", transition="acknowledged")
        self.config.main["assets"]["tank-1"]["alarms"]["full"] = {"point": "level", "high": 10, "priority": "low"}
        self.config.write()
        mark = self.observer.feed.mark()
        self.cryomond.signal(signal.SIGHUP)
        self.observer.event(kind="configuration", since=mark)
        self.observer.event(alarm="full", transition="raised", since=mark)
        self.assertEqual(self.state("warm"), "acknowledged")
        self.assertEqual([m for m in self.observer.feed.since(mark) if m.topic.endswith("/events") and m.json.get(
            "alarm") == "warm"], [])
        self.temperature(COLD)
        self.observer.event(alarm="warm", transition="returned", state="normal", since=mark)

    def test_reloads_in_a_row(self):
        """Many reloads while an alarm comes and goes: none of its transitions is lost or made twice."""
        self.observer.point("tank-1", "temperature", lambda p: p["quality"] == "good")
        alarms = self.config.main["assets"]["tank-1"]["alarms"]
        for turn in range(12):
            self.temperature(ALARM if turn % 2 == 0 else COLD)
            if turn % 3 == 0:
                alarms["extra"] = {"point": "level", "high": 1000 + turn, "priority": "low"}
            else:
                alarms.pop("extra", None)
            self.config.main["devices"]["d"]["timeout"] = "%d ms" % (80 + turn)
            self.config.write()
            self.ctl("reload", "--reason", "turn %d" % turn)
            if turn % 4 == 3:
                self.cryomond.signal(signal.SIGHUP)
            self.observer.wait("/events", lambda e: e.get("alarm") == "warm" and e["transition"] == (
                "raised" if turn % 2 == 0 else "returned") and e["seq"] > getattr(self, "last", 0))
            self.last = max(m.json["seq"] for m in self.observer.feed.since() if m.topic.endswith("/events"))
        self.cryomond.stop()
        warm = [m.json["transition"] for m in self.observer.feed.since() if m.topic.endswith("/events") and
                m.json.get("alarm") == "warm" and not m.json.get("historical")]
        self.assertEqual(warm, ["raised", "returned"] * 6)

    def test_bad_reload(self):
        """All or nothing: the old configuration stays, and the mistake is told with its place."""
        good = open(self.path("etc", "cryomon.yaml"), encoding="utf-8").read()
        bad = good.replace("high: -150 °C", "high: -150,5 °C")
        self.assertNotEqual(good, bad)
        line = next(n for n, text in enumerate(bad.splitlines(), 1) if "-150,5" in text)
        with open(self.path("etc", "cryomon.yaml"), "w", encoding="utf-8") as f:
            f.write(bad)
        check = self.ctl("check", check=False)
        self.assertNotEqual(check.returncode, 0)
        self.assertIn("cryomon.yaml:%d:" % line, check.stdout + check.stderr)
        self.cryomond.signal(signal.SIGHUP)
        refused = self.observer.event(kind="configuration-refused")
        self.assertIn("cryomon.yaml:%d:" % line, json.dumps(refused, ensure_ascii=False))
        alarm = self.observer.event(asset="system", alarm="configuration", transition="raised")
        self.assertIn("a new one was refused, the old one stays in force: ", alarm["text"]["en"])
        self.assertIn("新配置未生效，仍使用旧配置：", alarm["text"]["zh"])
        self.assertNotIn("refused", alarm["text"]["zh"])
        self.assertIn("cryomon.yaml:%d:" % line, alarm["text"]["zh"])
        self.cryomond.log.wait(lambda text: "cryomon.yaml:%d:" % line in text, "the mistake in the log")
        self.raise_warm()  # the old limit is in force
        with open(self.path("etc", "cryomon.yaml"), "w", encoding="utf-8") as f:
            f.write(good)
        self.cryomond.signal(signal.SIGHUP)
        self.observer.event(asset="system", alarm="configuration", transition="returned")

    def test_files(self):
        """What is in the files is what was published, and both are sound."""
        event = self.raise_warm()
        self.cryomond.stop()
        state, history = self.path("state", "state.db"), self.path("state", "history.db")
        self.assertEqual((harness.integrity(state), harness.integrity(history)), ("ok", "ok"))
        rows = harness.sqlite(state, "SELECT seq, body FROM event ORDER BY seq")
        bodies = {row["seq"]: row["body"] for row in rows}
        published = {m.json["seq"]: m.text for m in self.observer.feed.since() if m.topic.endswith("/events")
                     and not m.json.get("historical")}
        self.assertIn(event["seq"], published)
        for seq, text in published.items():
            self.assertEqual(bodies[seq], text)
        self.assertEqual([row["seq"] for row in rows], list(range(1, len(rows) + 1)))
        self.assertTrue(os.path.exists(history))


if __name__ == "__main__":
    harness.main()
