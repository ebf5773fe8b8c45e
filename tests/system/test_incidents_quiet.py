"""What else went wrong elsewhere (DOMAIN.md): calls for nothing, alerts by the hundred, and silence when the line is down, on the
whole chain."""
import json

from chain import COMES, Incident, harness
from harness import until


class Elsewhere(Incident):
    def test_generator_switch_over(self):
        """The mains are away for less than the generator takes: nobody is called; longer: everybody who is on duty."""
        self.begin()
        self.hall("set", "ups", "mains", "off")
        self.observer.point("power", "mains", lambda p: p["state"] == "lost")
        mark = self.observer.feed.mark()
        self.hall("set", "ups", "mains", "on")
        self.observer.point("power", "mains", lambda p: p["state"] == "present", since=mark)
        self.nobody_called(4)  # longer than the delay that the alarm has
        self.assertEqual(self.state("power", "mains-lost"), "normal")
        self.hall("set", "ups", "mains", "off")
        self.told("li.na", "power", "mains-lost")

    def test_link_loss_resolves_nothing(self):
        """The tank is warm, then the line is cut: the alarm stays, is told on, and ends only when the tank is cold again."""
        self.begin()
        self.warm()
        raised = self.told("li.na", "tank-1", "warm")
        mark = self.observer.feed.mark()
        self.hall("fault", "hall", "refuse")
        self.event("tank-1", "temperature-no-data", "raised", since=mark)
        self.told("li.na", "tank-1", "temperature-no-data")  # at once, not after two hours
        self.ctl("ack", "tank-1", "temperature-no-data")  # that hides no warm tank
        self.assertEqual(self.state("tank-1", "warm"), "unacknowledged")
        self.told("li.na", "tank-1", "warm", purpose="again", since=self.receiver.feed.mark())
        self.press(raised)
        self.event("tank-1", "warm", "acknowledged")
        self.told("li.na", "tank-1", "warm", purpose="unresolved", since=self.receiver.feed.mark())
        over = [m.json for m in self.observer.feed.since(mark) if m.topic.endswith("/events") and m.json["kind"] == "alarm"
                and m.json["transition"] == "returned"]
        self.assertEqual(over, [])
        self.assertEqual(self.state("tank-1", "warm"), "acknowledged")
        self.assertIn("warm", self.ctl("status", "--lang", "en").stdout)
        self.cold()
        self.hall("fault", "hall", "none")
        self.event("tank-1", "warm", "returned", since=mark)
        self.told("li.na", "tank-1", "warm", purpose="over")

    def test_flood(self):
        """Not hundreds of alerts: one summary, in which each of them stands, and what is critical is called by itself."""
        tanks = 12
        self.begin(tanks=tanks, people=lambda s: s.update(flood={"more_than": 4, "within": "10 min", "every": "1 s"},
                                                          collect="2 s"))
        self.warm(7)
        self.hall("set", "all", "lid", "open")
        names = {"tank-%d" % n for n in range(1, tanks + 1)}
        for name in names:
            self.event(name, "lid-open", "raised")
        self.told("li.na", "tank-7", "warm")

        def told():
            messages = [m for m in self.receiver.feed.since() if m["person"] == "li.na" and m["purpose"] in COMES]
            single = {m["asset"] for m in messages if m["alarm"] == "lid-open"}
            listed = {one["asset"] for m in messages if m["purpose"] == "summary" for one in m["members"]}
            self.assertLessEqual(len(single), 4)
            return single | listed == names
        until(told, "each alarm to be told")
        first = [m for m in self.receiver.feed.since() if m["purpose"] in ("call", "summary")]
        self.assertLess(len(first), tanks)
        summary = self.receiver.wait(person="li.na", purpose="summary")
        for one in summary["members"]:
            self.assertIn(one["asset"][5:] + "号罐", summary["text"])
        self.assertEqual({a["asset"] for a in self.status()["alarms"] if a["alarm"] == "lid-open"
                          and a["state"] == "unacknowledged"}, names)

    def out_of_service(self, *how):
        """Out of range while it is out of service: nobody is called yet."""
        mark, seen = self.receiver.feed.mark(), self.observer.feed.mark()
        self.ctl("out-of-service", "tank-1", "level-low", *how)
        self.told("li.na", "tank-1", "level-low", purpose="held", since=mark)
        self.hall("set", "tank-1", "autofill", "off")
        self.hall("set", "tank-1", "level", "12 cm")
        self.event("tank-1", "level-low", "raised", state="out-of-service", since=seen)
        self.nobody_called(1, since=mark, alarm="level-low")
        return mark, seen

    def test_work_ends_still_out_of_range(self):
        """Its time ends, or somebody puts it back: people are told."""
        self.begin()
        mark, seen = self.out_of_service("--for", "4s", "--order", "WO-3", "--why", "new hose")
        back = self.event("tank-1", "level-low", "in-service", since=seen)
        self.assertEqual((back["why"], back["state"]), ("time", "unacknowledged"))
        self.told("li.na", "tank-1", "level-low", since=mark)
        self.hall("set", "tank-1", "level", "18 cm")
        self.event("tank-1", "level-low", "returned", since=seen)
        self.ctl("ack", "tank-1", "level-low")
        until(lambda: self.state("tank-1", "level-low") == "normal", "the tank to be well")
        mark, seen = self.out_of_service("--for", "1h", "--order", "WO-4", "--why", "new valve")
        self.ctl("in-service", "tank-1", "level-low")
        self.assertEqual(self.event("tank-1", "level-low", "in-service", since=seen)["why"], "person")
        self.told("li.na", "tank-1", "level-low", since=mark)

    def test_only_by_name(self):
        """A command counts under the own name only: the broker lets nobody speak for somebody else."""
        self.begin()
        self.warm()
        told = self.told("li.na", "tank-1", "warm")
        order = {"asset": "tank-1", "alarm": "warm", "note": "x"}
        self.send("guest", "acknowledge", order, name="li.na")
        self.send("li.na", "acknowledge", dict(order, person="wang"))  # she is no agent
        answer = self.observer.wait("cmd/li.na/answer").json
        self.assertFalse(answer["ok"])
        self.send("li.na", "acknowledge", dict(order, occurrence="tank-1/warm@1"))  # of another time
        self.observer.wait("cmd/li.na/answer", lambda a: "another occurrence" in a.get("error", ""))
        self.assertEqual(self.state("tank-1", "warm"), "unacknowledged")
        self.send("li.na", "acknowledge", dict(order, note="on my way", occurrence=told["occurrence"]))
        acked = self.event("tank-1", "warm", "acknowledged")
        self.assertEqual((acked["by"], acked["note"]), ("li.na", "on my way"))
        self.told("li.na", "tank-1", "warm", purpose="acknowledged")
        self.cryomond.stop()
        self.assertTrue(json.loads(self.ctl("verify", self.path("state"), "--json").stdout)["proven"])


if __name__ == "__main__":
    harness.main()
