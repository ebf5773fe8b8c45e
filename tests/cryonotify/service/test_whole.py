"""The whole path: a register, cryomond, the broker, cryonotify, a mail, the link in it, and back to the daemon."""
import os
import re
import sys
import urllib.request

from notify_case import ADDRESS, NotifyTest, free_port, harness

from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer

COLD, ALARM = 63636, 64106  # -190.0 and -143.0 °C


class Whole(NotifyTest):
    def setUp(self):
        super().setUp()
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Bank()
        self.bank.set(1, HOLDING, 0, COLD, 10)
        server = TcpServer(self.loop, self.bank)
        setup = Setup(self.dir, self.broker)
        setup.main["mqtt"]["commands"] = True
        setup.main["mqtt"]["agents"] = ["cryonotify"]
        setup.profile("p", {"temperature": {"table": "holding", "type": "s16", "scale": 0.1, "resolution": 0.1, "address": 0,
                                            "unit": "°C"}}, interval="100 ms", timeout="100 ms")
        setup.tcp("bus", server.port)
        setup.device("d", "bus", 1, "p")
        setup.asset("tank-1", {"temperature": ("d", "temperature")}, {
            "warm": {"point": "temperature", "high": "-150 °C", "priority": "critical",
                     "text": {"en": "Vapour too warm", "zh": "气相温度过高"},
                     "response": {"en": "Check the lid", "zh": "检查盖子"}}}, name={"en": "Tank 1", "zh": "1号罐"})
        setup.write()
        self.observer = self.watch_mqtt()
        self.cryomond = self.daemon().start()
        self.observer.point("tank-1", "temperature", lambda p: p["quality"] == "good")
        self.url = "http://%s:%d" % (ADDRESS, free_port())

    def start(self, **changes):
        changes.setdefault("link", {"listen": self.url[7:], "url": self.url})
        settings = self.settings(**changes)
        settings["people"]["li.na"] = {"name": "Li Na", "language": "zh", "channels": {"mail": "li.na@example.org"}}
        return self.service(**settings)

    def open_link(self, url, post):
        request = urllib.request.Request(url, data=b"" if post else None, method="POST" if post else "GET")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()

    def test_mail_link_acknowledge(self):
        self.start()
        self.bank.set(1, HOLDING, 0, ALARM)
        mail = self.mail.feed.wait(lambda m: "1号罐" in m["subject"], "a mail")
        self.assertIn("气相温度过高", mail["subject"])
        link = re.search(r"http://\S+/a/[\w-]+", mail["text"]).group(0)
        status, page = self.open_link(link, post=False)
        self.assertEqual(status, 200)
        self.observer.feed.never(lambda m: isinstance(m.json, dict) and m.json.get("transition") == "acknowledged", "looking acknowledges", 1)
        status, page = self.open_link(link, post=True)
        self.assertEqual(status, 200)
        acked = self.observer.event(alarm="warm", transition="acknowledged")
        self.assertIn("li.na", (acked.get("by") or "") + (acked.get("note") or ""))
        self.mail.feed.wait(lambda m: m is not mail and "1号罐" in m["subject"], "what became of it")
        confirmed = self.observer.wait("/notify/calls", lambda c: c["outcome"] == "confirmed").json
        self.assertEqual(confirmed["person"], "li.na")
        mark = self.observer.feed.mark()
        try:
            self.open_link(link, post=True)  # a link works once
        except urllib.error.HTTPError:
            pass
        self.observer.feed.never(lambda m: "/cmd/" in m.topic, "a second command", 1, since=mark)
        self.bank.set(1, HOLDING, 0, COLD)
        self.observer.event(alarm="warm", transition="returned")


    def test_acknowledged_by_command(self):
        self.start()
        self.bank.set(1, HOLDING, 0, ALARM)
        self.mail.feed.wait(lambda m: "1号罐" in m["subject"], "a mail")
        self.command("ack", "tank-1/warm")
        self.observer.event(alarm="warm", transition="acknowledged")

    def test_daemon_killed(self):
        self.start(silent_after="11 s")
        self.observer.wait("/heartbeat")
        self.cryomond.kill()
        mail = self.mail.feed.wait(lambda m: "cryomon" in m["text"] and "没有信号" in m["subject"] + m["text"], "a mail", 40)
        self.assertTrue(mail)
        self.cryomond.start()
        self.mail.feed.wait(lambda m: "恢复" in m["subject"] + m["text"], "a mail about its end")


if __name__ == "__main__":
    harness.main()
