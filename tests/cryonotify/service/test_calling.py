"""From an alarm on MQTT to people, and what keeps after them."""
import datetime
import json
import os
import select
import socket
import struct
import subprocess
import threading
import unittest

from notify_case import NotifyTest, Receiver, free_port, harness, now_ms, rfc3339, until


class Calling(NotifyTest):  # each
    def test_call_repeat_escalate_acknowledge_resolve(self):
        self.be_daemon()
        observer = self.watch_mqtt()
        self.service()
        observer.wait("/notify/status", lambda s: s and s["state"] == "online" and s["would_be_told"])
        alarm = self.publish(self.body("warm", "raised", "unacknowledged"))
        first = self.receiver.wait(person="li.na", purpose="call")
        self.assertEqual((first["level"], first["occurrence"], first["language"]), (1, alarm["id"], "zh"))
        self.receiver.wait(person="li.na", purpose="again")
        escalated = self.receiver.wait(person="wang", purpose="escalated")
        self.assertEqual(escalated["level"], 2)
        self.receiver.wait(person="chen", purpose="escalated", level=3)
        acked = self.follow(alarm, "acknowledged", "acknowledged", by="wang")
        for person in ("li.na", "wang", "chen"):
            self.receiver.wait(person=person, purpose="acknowledged")
        self.receiver.wait(person="wang", purpose="unresolved")  # whoever has taken it on, and who is on duty
        self.receiver.wait(person="li.na", purpose="unresolved")
        mark = self.receiver.feed.mark()
        self.follow(acked, "returned", "normal", active=False)
        for person in ("li.na", "wang", "chen"):
            self.receiver.wait(person=person, purpose="over", since=mark)
        self.receiver.never(2.5, since=self.receiver.feed.mark())
        call = observer.wait("/notify/calls", lambda m: m["person"] == "li.na" and m["outcome"] == "sent").json
        self.assertEqual(call["alarm_id"], alarm["id"])
        self.assertTrue(all(c["outcome"] == "sent" for c in self.calls()))

    @unittest.skipIf(harness.SANITIZED, "a sanitizer wants to be the first library")
    def test_a_clock_that_is_set_leaves_nobody_off_duty(self):
        """A host without a battery: its clock is years behind until the network tells it the time."""
        def set_clock(seconds):
            with open(self.path("shift"), "r+b" if os.path.exists(self.path("shift")) else "wb") as f:
                f.write(struct.pack("=qq", seconds * 10**9, 0))

        set_clock(-3 * 365 * 86400)
        self.be_daemon()
        self.service(prefix=["env", "LD_PRELOAD=" + os.environ["CRYOMON_CLOCKSHIFT"], "CLOCKSHIFT=" + self.path("shift")])
        self.publish(self.body("warm", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call", alarm="warm")
        set_clock(0)
        self.publish(self.body("level-low", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call", alarm="level-low")

    def test_failed_channel_falls_to_the_next_at_once(self):
        self.be_daemon()
        observer = self.watch_mqtt()
        self.receiver.broken.add("/hook")
        self.service()
        alarm = self.publish(self.body("warm", "raised", "unacknowledged", priority="high"))
        mail = self.mail.feed.wait(lambda m: "li.na@example.org" in m["to"], "a mail")
        self.assertIn("1号罐", mail["subject"])
        status = observer.wait("/notify/status", lambda s: s and any(p["kind"] == "channel" for p in s["problems"])).json
        bad = [c for c in status["channels"] if c["person"] == "li.na" and c["channel"] == "hook"][0]
        self.assertFalse(bad["ok"])
        self.assertTrue(bad["error"])
        outcomes = [(c["channel"], c["outcome"]) for c in self.calls() if c["alarm_id"] == alarm["id"]]
        self.assertEqual(sorted(outcomes), [("hook", "failed"), ("mail", "sent")])
        # It is tried again until it works, and that it works is told.
        self.receiver.broken.clear()
        self.receiver.wait(person="li.na", purpose="test")
        observer.wait("/notify/status", lambda s: s and all(c["ok"] for c in s["channels"] if c["person"] == "li.na"),
                      since=observer.feed.mark() - 1)

    def hanging(self):
        """A receiver that takes what comes, and answers nobody."""
        receiver = Receiver()
        receiver.held.clear()
        self.addCleanup(receiver.close)
        return receiver

    def test_a_channel_that_never_answers_delays_nobody(self):
        """Long before it has failed, a critical call goes through the next one as well."""
        self.be_daemon()
        observer = self.watch_mqtt()
        hanging = self.hanging()
        settings = self.settings(attempt="20 s", next_channel="2 s", probe="1 h")
        settings["channels"]["hook"].update(url=hanging.url("/hook"), timeout="2 min")
        settings["priorities"]["critical"] = {"levels": ["1 h", "1 h"], "repeat": "1 h"}
        self.service(**settings)
        alarm = self.publish(self.body("warm", "raised", "unacknowledged"))
        mail = self.mail.feed.wait(lambda m: "li.na@example.org" in m["to"], "a mail")
        self.assertIn("1号罐", mail["subject"])
        self.assertEqual(sorted((c["channel"], c["outcome"]) for c in self.calls() if c["outcome"] != "sent"),
                         [("hook", "under way")])  # it is still waited for
        self.assertFalse([m for m in observer.feed.since() if m.topic.endswith("/notify/status") and m.json.get("n_failed")])
        # Another one goes the way that works at once, and what hangs is said to have failed in the end.
        mark = self.mail.feed.mark()
        self.publish(self.body("lid", "raised", "unacknowledged"))
        self.mail.feed.wait(lambda m: "li.na@example.org" in m["to"], "another mail", since=mark)
        status = observer.wait("/notify/status", lambda s: s and s.get("n_failed")).json
        self.assertIn("channel", {p["kind"] for p in status["problems"]})
        self.assertEqual([m["occurrence"] for m in hanging.feed.since()], [alarm["id"]])
        self.assertEqual(self.mail.feed.mark(), mark + 1)

    def test_a_repeat_does_not_wait_behind_what_it_repeats(self):
        self.be_daemon()
        hanging = self.hanging()
        settings = self.settings(attempt="5 min", next_channel="1 min")
        settings["channels"]["hook"].update(url=hanging.url("/hook"), timeout="2 min")
        settings["priorities"] = {"high": {"levels": ["1 h", "1 h"], "repeat": "1 s"}}
        self.service(**settings)
        alarm = self.publish(self.body("warm", "raised", "unacknowledged", priority="high"))
        hanging.wait(person="li.na", occurrence=alarm["id"])
        for _ in range(2):
            self.mail.feed.wait(lambda m: "li.na@example.org" in m["to"], "a repeat", since=self.mail.feed.mark())
        self.assertEqual(len([c for c in self.calls() if c["channel"] == "hook"]), 1)

    def test_nobody_reached_goes_up_at_once(self):
        self.be_daemon()
        self.mail.stop()
        settings = self.settings()
        settings["channels"]["other"] = {"kind": "webhook", "template": "json", "url": self.receiver.url("/other")}
        settings["people"]["wang"]["channels"] = {"other": ""}
        self.receiver.broken.add("/hook")
        self.service(**settings)
        self.publish(self.body("warm", "raised", "unacknowledged", priority="high"))  # its levels are an hour apart
        self.receiver.wait(person="wang", path="/other")

    def test_nobody_reachable_is_said(self):
        self.be_daemon()
        observer = self.watch_mqtt()
        self.service(needed_people=2)
        observer.wait("/notify/status", lambda s: s and s.get("reachable") == 3)
        self.command("off", "li.na", "--for", "1h", "--why", "on leave")
        status = observer.wait("/notify/status", lambda s: s and s.get("off")).json
        self.assertEqual((status["off"][0]["what"], status["off"][0]["why"]), ("li.na", "on leave"))
        self.assertTrue(status["off"][0]["by"])
        self.assertIn("off", [p["kind"] for p in status["problems"]])
        self.command("off", "wang/hook", "--for", "1h", "--why", "broken")
        self.command("off", "wang/mail", "--for", "1h", "--why", "broken")
        observer.wait("/notify/status", lambda s: s and any(p["kind"] == "people" for p in s["problems"]))
        self.command("off", "chen", "--for", "3s", "--why", "test")
        status = observer.wait("/notify/status", lambda s: s and not s["would_be_told"]).json
        self.assertIn("nobody", [p["kind"] for p in status["problems"]])
        self.assertEqual(self.command("status", check=False).returncode, 1)
        mark = observer.feed.mark()
        observer.wait("/notify/status", lambda s: s and s["would_be_told"], since=mark)  # its time is over
        self.command("on", "li.na")
        observer.wait("/notify/status", lambda s: s and s["reachable"] == 2, since=mark)
        for wrong in (("off", "li.na"), ("off", "li.na", "--for", "8d", "--why", "x"),
                      ("off", "nobody", "--for", "1h", "--why", "x")):
            self.assertNotEqual(self.command(*wrong, check=False).returncode, 0)

    def test_status_is_bounded(self):
        """Fifty people, five ways each, all fail: that is said, and can be read, and is not said a hundred times a second."""
        self.be_daemon()
        observer = self.watch_mqtt()
        channels, people = {}, {}
        for n in range(5):
            self.receiver.broken.add("/%d" % n)
            self.receiver.answers["/%d" % n] = (500, "x" * 4000)
            channels["hook-%d" % n] = {"kind": "webhook", "template": "json", "url": self.receiver.url("/%d" % n)}
        for n in range(50):
            people["person-%02d" % n] = {"name": "人员 %d" % n, "language": "zh", "channels": dict.fromkeys(channels, "")}
        self.service(channels=channels, people=people, rota=[{"people": list(people)}], retry="5 min",
                     priorities={"high": {"levels": [], "repeat": "1 h"}})
        self.publish(self.body("warm", "raised", "unacknowledged", priority="high"))
        status = observer.wait("/notify/status", lambda s: s and s.get("n_failed") == 250).json
        self.assertFalse(status["would_be_told"])
        self.assertEqual((status["n_channels"], status["shortened"]), (250, True))
        self.assertEqual(status["problems"][0]["kind"], "nobody")
        self.assertGreater(status["n_problems"], len(status["problems"]))
        self.assertTrue(all(c["ok"] is False and c["error"] for c in status["channels"]))
        said = [m for m in observer.feed.since() if m.topic.endswith("/notify/status") and m.json.get("time")]
        for m in said:
            self.assertLess(len(json.dumps(m.json, ensure_ascii=False).encode()), 60000)
        times = [datetime.datetime.fromisoformat(m.json["time"].replace("Z", "+00:00")).timestamp() for m in said]
        for before, after in zip(times, times[1:]):
            self.assertGreater(after - before, 0.9)
        self.assertEqual(self.command("status", check=False).returncode, 1)

    def test_long_answer_is_whole(self):
        """An answer that is longer than a socket holds goes on as it is read."""
        self.be_daemon()
        self.service(rota=[{"people": ["li.na"]}])
        asset = "tank-" + "x" * 50
        bodies = [self.body("alarm-%d-%s" % (n, "y" * 40), "raised", "unacknowledged", asset=asset, priority="low")
                  for n in range(1600)]
        self.publish_together(bodies)
        until(lambda: len(self.socket_status()["alarms"]) == 1600, "all alarms in the status")

    def socket_status(self):
        """As a slow reader: nothing is read before all that fits is there."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(30)
            s.connect(self.path("notify", "socket"))
            s.sendall(b'{"command": "status"}\n')
            select.select([s], [], [], 30)
            text = b""
            while part := s.recv(1000):
                text += part
        return json.loads(text)["status"]

    def test_group_is_one_message(self):
        self.be_daemon()
        self.service(collect="3 s")  # the whole group comes within it, also on a busy machine
        group = {"group": "hall/bus-down"}
        for n in range(4):
            self.publish(self.body("no-data", "raised", "unacknowledged", asset="tank-%d" % n, priority="high", **group))
        self.publish(self.body("o2", "raised", "unacknowledged", asset="room", life_safety=True, **group))
        self.publish(self.body("bus-down", "raised", "unacknowledged", asset="hall", priority="high", n_members=4,
                               members=["tank-%d/no-data" % n for n in range(4)]))
        self.receiver.wait(person="li.na", alarm="o2")
        told = self.receiver.wait(person="li.na", alarm="bus-down")
        self.assertEqual(len(told["group_members"]), 4)
        self.receiver.never(1, alarm="no-data")

    def test_a_group_names_who_has_joined_since(self):
        """The daemon's sentence is of the raising; who joins before the message goes is named too."""
        self.be_daemon()
        self.service(collect="3 s")
        made = [self.body("no-data", "raised", "unacknowledged", asset="tank-%d" % n, priority="high", group="hall/bus-down",
                          asset_name={"en": "Tank %d" % n, "zh": "%d号罐" % n}) for n in range(5)]
        self.publish(made[0])
        self.publish(made[1])
        group = self.publish(self.body(
            "bus-down", "raised", "unacknowledged", asset="hall", asset_name={"en": "Hall", "zh": "大厅"}, priority="high", n_members=2,
            members=["tank-0/no-data", "tank-1/no-data"], point=None, value=None, limit=None,
            text={"en": "Hall: 2 of 5 at the same time: Tank 0, Tank 1", "zh": "大厅：2 个（共 5 个）同时报警：0号罐、1号罐"}))
        for late in made[2:4]:
            self.publish(late)
        told = self.receiver.wait(person="li.na", alarm="bus-down", occurrence=group["id"])
        self.assertIn("0号罐、1号罐，现又有：2号罐、3号罐", told["first"])
        self.assertEqual((told["group_total"], sorted(told["group_members"])), (4, ["tank-%d/no-data" % n for n in range(4)]))

    def test_a_group_says_who_is_over(self):
        """Until the daemon tells the group anew, what a member has said itself counts."""
        self.be_daemon()
        self.service(collect="3 s", priorities={"high": {"levels": ["1 h", "1 h"], "repeat": "2 s"}})
        made = [self.body("no-data", "raised", "unacknowledged", asset="tank-%d" % n, priority="high", group="hall/bus-down",
                          asset_name={"en": "Tank %d" % n, "zh": "%d号罐" % n}) for n in range(4)]
        group = self.body(
            "bus-down", "raised", "unacknowledged", asset="hall", asset_name={"en": "Hall", "zh": "大厅"}, priority="high", n_members=4,
            members=["tank-%d/no-data" % n for n in range(4)], point=None, value=None, limit=None,
            text={"en": "Hall: 4 of 5 at the same time: Tank 0, Tank 1, Tank 2, Tank 3",
                  "zh": "大厅：4 个（共 5 个）同时报警：0号罐、1号罐、2号罐、3号罐"})
        ends = []
        for n, state in ((0, "normal"), (2, "returned-unacknowledged")):
            self.seq += 1
            ends.append(dict(made[n], seq=self.seq, time=rfc3339(now_ms()), transition="returned", state=state, active=False))
        self.publish_together(made + [group] + ends)
        told = self.receiver.wait(person="li.na", alarm="bus-down", occurrence=group["id"])
        self.assertIn("0号罐、1号罐、2号罐、3号罐，已恢复：0号罐、2号罐 [高]", told["first"])
        self.assertEqual((told["group_total"], sorted(told["group_members"])), (2, ["tank-1/no-data", "tank-3/no-data"]))
        # Told anew, it knows itself: tank-2 is in it once more, and its own news is on the way.
        mark = self.receiver.feed.mark()
        self.publish(dict(group, n_members=3, members=["tank-%d/no-data" % n for n in (1, 2, 3)], text={
            "en": "Hall: 3 of 5", "zh": "大厅：3 个（共 5 个）同时报警：1号罐、2号罐、3号罐"}), event=False)
        again = self.receiver.feed.wait(lambda m: m["alarm"] == "bus-down" and "3 个（共" in m["first"], "the group", since=mark)
        self.assertNotIn("已恢复", again["first"])
        self.assertEqual(again["group_total"], 3)

    def test_flood_is_one_summary_and_hides_nothing(self):
        self.be_daemon()
        self.service(flood={"more_than": 5, "within": "10 min", "every": "1 s"}, collect="2 s")
        for n in range(9):
            self.publish(self.body("level", "raised", "unacknowledged", asset="tank-%d" % n, priority="medium"),
                         state=False)
        self.publish(self.body("warm", "raised", "unacknowledged", asset="tank-9"), state=False)
        self.receiver.wait(person="li.na", alarm="warm", purpose="call")  # a critical one by itself
        self.receiver.wait(person="li.na", purpose="summary")

        def told():
            """Those before the flood was one are told singly, the others in one or two summaries."""
            items = self.receiver.feed.since()
            single = {m["asset"] for m in items if m["purpose"] == "call" and m["alarm"] == "level"}
            listed = {one["asset"] for m in items if m["purpose"] == "summary" for one in m["members"]}
            self.assertLessEqual(len(single), 5)
            return sorted(single | listed) == ["tank-%d" % n for n in range(9)]
        until(told, "all alarms to be told")

    def test_shelved_is_told_once(self):
        self.be_daemon()
        self.service()
        alarm = self.publish(self.body("level", "raised", "unacknowledged", priority="high"))
        self.receiver.wait(person="li.na", purpose="call")
        self.follow(alarm, "shelved", "shelved", by="wang", note="filling", until="2030-01-01T00:00:00.000Z")
        held = self.receiver.wait(person="li.na", purpose="held")
        self.assertEqual(held["note"], "filling")
        self.receiver.never(1.5, since=self.receiver.feed.mark())

    def test_time_left_runs(self):
        """What was left when the event was made is less by now."""
        self.be_daemon()
        self.service()
        self.publish(self.body("warm", "raised", "unacknowledged", time_left_s=100, time=rfc3339(now_ms() - 60000)))
        told = self.receiver.wait(person="li.na", purpose="call")
        self.assertLessEqual(told["time_left_s"], 40)
        self.assertGreater(told["time_left_s"], 20)

    def test_what_is_told_again_is_of_now(self):
        """The alarm's state is told anew by the daemon with the reading of now; it is no news, but what a repeat says."""
        self.be_daemon()
        self.service()
        alarm = self.publish(self.body("warm", "raised", "unacknowledged", value=-146.3, time_left_s=600))
        self.assertEqual(self.receiver.wait(person="li.na", purpose="call")["value"], -146.3)
        mark = self.receiver.feed.mark()
        self.publish(dict(alarm, value=-71.5, value_time=rfc3339(now_ms()), time_left_s=0,
                          text={"en": "Tank 1: -71.5 °C", "zh": "1号罐：-71.5 °C"}), event=False)
        again = self.receiver.wait(person="li.na", since=mark, value=-71.5)
        self.assertEqual((again["purpose"], again["time_left_s"]), ("again", 0))
        self.assertIn("-71.5 °C", again["first"])
        first = self.receiver.wait(person="wang", purpose="escalated")
        self.assertEqual(first["value"], -71.5)
        mark = self.receiver.feed.mark()
        self.publish(dict(alarm, value=-60.0, value_time=rfc3339(now_ms() - 300_000), time_left_s=100), event=False)
        old = self.receiver.wait(person="wang", since=mark, value=-60)
        self.assertIn(" · was -60 °C at ", old["first"])
        self.assertEqual(old["time_left_s"], 0)
        self.publish(dict(alarm, value=None, quality="bad", reason="timeout", value_time=rfc3339(now_ms()), time_left_s=None),
                     event=False)
        bad = self.receiver.wait(person="wang", since=mark, quality="bad")
        self.assertIn("time left not known", bad["first"])
        for message in self.receiver.feed.since():
            self.assertIn(message["purpose"], ("call", "again", "escalated"))

    def test_one_order_is_one_message(self):
        """A tank in maintenance has a dozen alarms: whoever is told of it gets one message, which does not read like an alarm."""
        self.be_daemon()
        self.service(collect="3 s")
        held = [self.body("alarm-%d" % n, "out-of-service", "out-of-service", by="root", note="new valve", active=False,
                          until="2030-01-01T00:00:00.000Z", priority="high") for n in range(9)]
        self.publish_together(held)
        told = self.receiver.wait(person="li.na", purpose="held")
        self.assertEqual({m["alarm"] for m in told["members"]}, {body["alarm"] for body in held})
        self.assertTrue(told["first"].startswith("[通知] 测试库 · 1号罐：9 个报警停用（root）"), told["first"])
        for body in held:
            self.seq += 1
            body.update(seq=self.seq, time=rfc3339(now_ms()), transition="in-service", state="normal", why="person")
        self.publish_together(held)
        ended = self.receiver.wait(person="li.na", purpose="hold-ended")
        self.assertEqual(len(ended["members"]), 9)
        self.receiver.never(1, since=self.receiver.feed.mark())
        self.assertEqual(self.receiver.feed.mark(), 2)

    def test_refreshed_state_joins_its_group(self):
        self.be_daemon()
        self.service(priorities={"high": {"repeat": "2 s", "levels": ["1 h", "1 h"]}})
        member = self.publish(self.body("level-low", "raised", "unacknowledged", priority="high"))
        self.receiver.wait(person="li.na", occurrence=member["id"])
        group = self.publish(self.body("supply", "raised", "unacknowledged", asset="system", priority="high"))
        self.receiver.wait(person="li.na", occurrence=group["id"])
        self.publish(dict(member, group="system/supply", value_time=rfc3339(now_ms())), event=False)
        self.receiver.wait(person="li.na", occurrence=group["id"], since=self.receiver.feed.mark())
        self.receiver.wait(person="li.na", occurrence=group["id"], since=self.receiver.feed.mark())
        mark = self.receiver.feed.mark()
        self.receiver.wait(person="li.na", occurrence=group["id"], since=mark)
        self.receiver.never(0.1, since=mark, occurrence=member["id"])

    def test_calls_are_counted_by_person(self):
        self.be_daemon()
        self.service()
        self.publish(self.body("warm", "raised", "unacknowledged"))
        self.assertEqual(self.receiver.wait(person="li.na", purpose="call")["attempt"], 1)
        self.assertEqual(self.receiver.wait(person="li.na", purpose="again")["attempt"], 2)
        self.assertEqual(self.receiver.wait(person="wang", purpose="escalated")["attempt"], 1)

    def test_everything_fails_and_the_status_stays_readable(self):
        """Dozens of people whose ways all fail: the status stays below what the daemon reads, and is not told without end."""
        settings = self.settings(rota=[{"people": ["p%d" % n for n in range(50)]}])
        settings["channels"] = {"c%d" % n: {"kind": "webhook", "template": "json", "url": self.receiver.url("/broken%d" % n)}
                                for n in range(5)}
        settings["people"] = {"p%d" % n: {"name": "Person %d" % n, "language": "zh", "channels": {"c%d" % i: "" for i in range(5)}}
                              for n in range(50)}
        settings["priorities"]["critical"]["every_channel"] = True
        settings["probe"] = "1 h"
        self.receiver.broken |= {"/broken%d" % n for n in range(5)}
        self.be_daemon()
        self.service(**settings)
        observer = self.watch_mqtt()
        self.publish(self.body("warm", "raised", "unacknowledged"))
        last = observer.wait("/notify/status", lambda s: s and s.get("would_be_told") is False, 60)
        mark = observer.feed.mark()
        observer.wait("/notify/heartbeat", lambda h: h and h["would_be_told"] is False, 60)
        self.assertLess(len(last.text), 60000)
        self.assertEqual(last.json["problems"][0]["kind"], "nobody")
        self.assertGreater(last.json["n_problems"], 64)
        self.assertLess(len([m for m in observer.feed.since(mark) if m.topic.endswith("/notify/status")]), 40)

    def test_drill_goes_round(self):
        self.be_daemon()
        self.service(drill={"levels": ["2 s", "1 h"], "repeat": "1 h"})
        names = []
        for _ in range(2):
            drill = self.publish(self.body("drill", "raised", "unacknowledged", asset="system", priority="low", drill=True))
            told = self.receiver.wait(purpose="drill", occurrence=drill["id"])
            names.append(told["person"])
            if len(names) == 1:
                self.receiver.wait(purpose="drill", occurrence=drill["id"], person="wang")  # it was not confirmed
            self.follow(drill, "acknowledged", "normal", active=False)
            self.receiver.wait(purpose="over", occurrence=drill["id"])
        self.assertEqual(names, ["li.na", "wang"])

    def test_test_message(self):
        self.service()
        self.command("test", "li.na")
        self.receiver.wait(person="li.na", purpose="test")
        self.mail.feed.wait(lambda m: "li.na@example.org" in m["to"], "a mail")

    def test_commands_in_both_languages(self):
        self.be_daemon()
        self.service(site={"id": "test", "name": {"en": "Test bank", "zh": "测试库"}, "time_zone": "Asia/Shanghai"})
        self.publish(self.body("warm", "raised", "unacknowledged", priority="high"))
        self.receiver.wait(person="li.na", purpose="call")
        until(lambda: [c["outcome"] for c in self.calls()] == ["sent"], "the result")
        zh = {"LC_ALL": "zh_CN.UTF-8"}
        call = self.calls()[0]
        at = datetime.datetime.strptime(call["time"], "%Y-%m-%dT%H:%M:%S.%fZ") + datetime.timedelta(hours=8)
        local = at.strftime("%Y-%m-%d %H:%M:%S+08:00")  # JSON is UTC, and the same in both
        self.assertEqual(json.loads(self.command("calls", "--json", **zh).stdout), self.calls())
        heads, row = self.command("calls").stdout.splitlines()
        self.assertEqual(heads.split(), ["TIME", "PERSON", "CHANNEL", "WHY", "OUTCOME", "ALARM"])
        self.assertEqual(row.split(), [*local.split(), "li.na", "hook", "call", "sent", call["alarm_id"]])
        heads, row = self.command("calls", **zh).stdout.splitlines()
        self.assertEqual(heads.split(), ["时间", "人员", "通道", "原因", "结果", "报警"])
        self.assertEqual(row.split(), [*local.split(), "li.na", "hook", "呼叫", "已发出", call["alarm_id"]])
        for words, env in ((("somebody would be told", "on duty:   li.na", "broker: connected", "read 20", "+08:00\n",
                             "not acknowledged, level 1, called 1 times, told: li.na\n", "channel: li.na/hook ok since"), {}),
                           (("有报警时会通知到人", "值班：  li.na", "MQTT 服务器：已连接", "读取于 20", "+08:00\n",
                             "未确认，第 1 级，已呼叫 1 次，已通知：li.na\n", "通道：li.na/hook 正常，自 20"), zh)):
            text = self.command("status", **env).stdout
            for word in words:
                self.assertIn(word, text)
        for arguments, en, chinese in ((["ack", "tank-9/none"], "there is no such thing", "没有该对象"),
                                       (["off", "nobody", "--for", "1h", "--why", "x"], "no such person", "没有该人员"),
                                       (["off", "wang"], "--why TEXT", "--why 文字"), (["test"], "is missing", "缺少"),
                                       (["nonsense"], "usage:", "用法：")):
            self.assertIn(en, self.command(*arguments, check=False).stderr)
            self.assertIn(chinese, self.command(*arguments, check=False, **zh).stderr)
        self.assertIn("no mistakes: 3 people", self.command("check").stdout)
        self.assertIn("没有错误：3 人", self.command("check", **zh).stdout)
        self.assertIn("usage:", self.command("--help").stdout)
        self.assertIn("用法：", self.command("--help", **zh).stdout)

    def test_check(self):
        good = self.configure()
        done = self.command("check")
        self.assertEqual(done.returncode, 0)
        self.assertIn("'chen' has only one channel, 'hook'", done.stderr)
        self.assertIn("there is no 'link'", done.stderr)
        self.assertEqual(done.stderr.count("warning: "), 2)
        with open(good) as f:
            text = f.read()
        with open(good, "w") as f:
            f.write(text.replace('"wang"\n', '"wagn"\n').replace('"collect"', '"colect"'))
        done = self.command("check", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("did you mean 'wang'", done.stderr)
        self.assertIn("did you mean 'collect'", done.stderr)
        self.assertIn("notify.yaml:", done.stderr)

    def warnings(self, **changes):
        self.configure(**changes)
        return [line[len("warning: "):] for line in self.command("check").stderr.splitlines() if line.startswith("warning: ")]

    def test_who_would_not_be_told(self):
        """What is allowed, and leaves somebody untold one day, is said with its place."""
        link = {"listen": "127.0.0.1:9", "url": "http://127.0.0.1:9"}
        both = {"hook": "", "mail": "a@example.org"}
        people = {name: {"channels": both} for name in ("li.na", "wang")}
        rota = [{"people": "li.na"}, {"people": "wang"}]
        self.assertEqual(self.warnings(link=link, people=people, rota=rota), [])
        (only,) = self.warnings(link=link, people={"li.na": {"channels": both}}, rota=[{"people": "li.na"}, {"people": "li.na"}])
        self.assertIn("'li.na' is the only person on the rota", only)
        self.assertRegex(only, r"notify.yaml:\d+:\d+: ")
        (above,) = self.warnings(link=link, people=people, rota=[{"people": ["li.na", "wang"]}])
        self.assertIn("nobody on a level above the first", above)
        mail = {name: {"channels": {"mail": "a@example.org"}} for name in people}
        (service,) = self.warnings(link=link, people=mail, rota=rota)  # one for all, not one for each
        self.assertIn("every message to everybody goes through %s" % harness.ADDRESS, service)
        two = self.settings()["channels"]
        two["mail-2"] = dict(two["mail"], port=26)
        apart = {"li.na": {"channels": {"mail": "a@example.org"}}, "wang": {"channels": {"mail-2": "b@example.org"}}}
        (service,) = self.warnings(link=link, people=apart, rota=rota, channels=two)
        self.assertIn("every message to everybody goes through", service)
        one = dict(people, wang={"channels": {"hook": ""}})
        (single,) = self.warnings(link=link, people=one, rota=rota)
        self.assertIn("'wang' has only one channel, 'hook'", single)

    def test_the_examples(self):
        """What is shipped sets a good example; files that only a site can have are not there."""
        config = os.path.dirname(os.environ["CRYOMON_TEMPLATES"])
        for name, left in (("demo/notify.yaml", []), ("notify.yaml", ["wecom-url", "there is no 'link'"])):
            done = subprocess.run([harness.binary("cryonotify"), "--config", os.path.join(config, name), "--templates",
                                   os.environ["CRYOMON_TEMPLATES"], "check"], capture_output=True, text=True, timeout=60,
                                  env=dict(os.environ, LC_ALL="C.UTF-8"))
            self.assertEqual(done.returncode, 0, done.stderr)
            said = [line for line in done.stderr.splitlines() if not any(word in line for word in left)]
            self.assertEqual(said, [])


if __name__ == "__main__":
    harness.main()
