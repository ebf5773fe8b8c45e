"""The whole chain, each part real: cryosim's tanks, cryomond, mosquitto with the example ACL, cryonotify, an SMTP server and
an HTTP receiver, and at its end a person who answers by link or command. Delays are seconds instead of minutes; where
the configuration takes no less than a minute, the daemon's clocks are moved (clockshift.c)."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

import harness
from broker import Broker, Observer
from configuration import Setup
from harness import ADDRESS, HERE, binary, free_port, until
from varlink import call

TOP = os.path.join(HERE, "..", "..")
os.environ.setdefault("CRYOMON_TEMPLATES", os.path.join(TOP, "config", "notify"))
sys.path.insert(0, os.path.join(TOP, "tests", "cryonotify", "service"))

from notify_case import TEMPLATES, MailServer, Receiver, Service  # noqa: E402

SHIFTER = os.environ.get("CRYOMON_CLOCKSHIFT", "")
COMES = {"call", "again", "escalated", "worse", "unresolved", "summary"}  # purposes of messages that call somebody
USERS = {"cryomon": "c", "cryonotify": "n", "li.na": "l", "guest": "g", "auditor": "a"}
FALLBACK = """#!/bin/sh
{ echo "$CRYOMON_REASON"; cat; } > %(out)s.$$
mv %(out)s.$$ %(out)s/$(date +%%s%%N)
"""


class Post(MailServer):
    """A mail server that may refuse whoever it is to be sent to."""

    refusal = None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"


class Hall:
    """cryosim with tanks, a UPS and an oxygen monitor."""

    def __init__(self, directory, tanks, kind="tank", manual=False, **more):
        self.control = os.path.join(directory, "sim")
        scenario = os.path.join(directory, "scenario.yaml")
        devices = {"tank-%d" % n: dict({"kind": kind, "listener": "hall", "unit": n, "level": "18 cm"}, **more)
                   for n in range(1, tanks + 1)}
        if kind == "vessel":
            devices["supply"] = {"kind": "supply", "listener": "hall", "unit": 99}
        devices["ups"] = {"kind": "ups", "listener": "building", "unit": 1}
        devices["oxygen"] = {"kind": "oxygen", "listener": "building", "unit": 2, "speed": 60, "warm_up": "0 s"}
        devices["ruler"] = {"kind": "table", "listener": "building", "unit": 3, "holding": {0: 180}}
        tcp = {"tcp": {"address": ADDRESS, "port": 0}}
        with open(scenario, "w") as f:
            json.dump({"seed": 5, "step": "100 ms", "listeners": {"hall": tcp, "building": tcp}, "devices": devices}, f)
        clock = ["--manual-clock"] if manual else []
        self.process = subprocess.Popen([binary("cryosim"), *clock, "--control", self.control, scenario], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        listeners = json.loads(self.process.stdout.readline())["listeners"]
        self.ports = {name: listener["tcp"]["port"] for name, listener in listeners.items()}

    def __call__(self, *words):
        """A command of cryosim(8)."""
        subprocess.run([binary("cryosim"), "ctl", "--control", self.control, *words], check=True, timeout=30,
                       capture_output=True)

    def stop(self):
        harness.end(self.process)
        self.process.stdout.close()


class Incident(harness.SystemTest):
    """Nothing runs until begin()."""

    kind, more = "tank", {}  # of cryosim's devices for the tanks, and more settings of them
    manual = False  # time goes on in the hall by its command `step` only

    def setUp(self):
        super().setUp()
        self.broker = Broker(self.path("broker"), self.users()).start()
        self.addCleanup(self.broker.stop)
        self.receiver, self.post = Receiver(), Post()
        self.addCleanup(self.receiver.close)
        self.addCleanup(self.post.stop)
        self.observer = Observer(self.broker, options=("-u", "auditor", "-P", "a"))
        self.addCleanup(self.observer.stop)
        self.notifier = None
        self.ahead, self.shift_file = 0, self.path("shift")
        os.makedirs(self.path("notify"))
        os.makedirs(self.path("told"))

    def tearDown(self):
        if self.notifier and self._failed():
            print("--- what happened:\n%s\n--- cryonotify's last lines:\n%s" % (self.story(), self.notifier.tail()),
                  file=sys.stderr)
        elif self.notifier and self.notifier.running():
            self.notifier.stop()
        for word in ("AddressSanitizer", "ThreadSanitizer", "LeakSanitizer", "runtime error:"):
            self.assertNotIn(word, self.notifier.tail() if self.notifier else "")
        super().tearDown()

    def users(self):
        """The example's ACL with this site's id, and somebody who sees everything."""
        with open(os.path.join(TOP, "units", "mosquitto-acl.example")) as f:
            acl = f.read().replace("cryomon/demo/", "cryomon/test/")
        with open(self.path("acl"), "w") as f:
            f.write(acl + "\nuser auditor\ntopic readwrite #\n")
        with open(self.path("passwords"), "w") as f:
            f.writelines("%s:%s\n" % pair for pair in USERS.items())
        subprocess.run(["mosquitto_passwd", "-U", self.path("passwords")], check=True, capture_output=True)
        for user in ("cryomon", "cryonotify"):
            with open(self.path("password-" + user), "w") as f:
                f.write(USERS[user] + "\n")
            os.chmod(self.path("password-" + user), 0o600)
        return ["allow_anonymous false", "password_file " + self.path("passwords"), "acl_file " + self.path("acl"),
                "max_queued_messages 10000"]

    def story(self):
        """The events and messages so far, a line each."""
        lines = []
        for m in self.observer.feed.since():
            if m.topic.endswith("/events") and m.json:
                e = m.json
                lines.append(" ".join(str(e[k]) for k in ("time", "kind", "transition", "asset", "alarm", "state", "why", "by",
                                                          "person", "outcome", "part") if e.get(k) is not None))
        for m in self.receiver.feed.since():
            lines.append(" ".join(str(m.get(k)) for k in ("sent", "path", "person", "purpose", "level", "asset", "alarm")))
        return "\n".join(lines + [str(m) for m in self.post.feed.since()])

    # --- the site

    def site(self, tanks):
        """cryomond's configuration."""
        setup = self.config = Setup(self.dir, self.broker)
        setup.main["mqtt"].update(username="cryomon", password_file=self.path("password-cryomon"), commands=True,
                                  agents=["cryonotify"])
        with open(self.path("fallback"), "w") as f:
            f.write(FALLBACK % {"out": self.path("told")})
        os.chmod(self.path("fallback"), 0o755)
        setup.main["notify"] = {"silent_after": "20 s", "fallback": {"command": [self.path("fallback")], "repeat": "1 min"}}
        fast = {"interval": "200 ms", "timeout": "200 ms"}
        for bus, port in self.hall.ports.items():
            setup.tcp(bus, port)
        for n in range(1, tanks + 1):
            setup.device("tank-%d" % n, "hall", n, "cryosim-" + self.kind, **fast)
            self.tank(n)
        setup.device("ups", "building", 1, "cryosim-ups", **fast)
        setup.device("oxygen", "building", 2, "cryosim-oxygen", **fast)
        setup.asset("room", {"oxygen": ("oxygen", "oxygen", {"no_data_after": "3 s"})}, {"oxygen-low": {
            "point": "oxygen", "low": 19.5, "priority": "critical", "life_safety": True,
            "text": {"en": "Too little oxygen", "zh": "氧气不足"},
            "response": {"en": "Nobody goes in. Open the doors from outside.", "zh": "禁止入内，从外面开门。"}}},
            kind="room", name={"en": "Hall", "zh": "大厅"})
        setup.asset("power", {"mains": ("ups", "mains", {"no_data_after": "3 s"})}, {"mains-lost": {
            "point": "mains", "state": "lost", "on_delay": "3 s", "priority": "high"}}, kind="utility",
            name={"en": "Mains", "zh": "市电"})

    def tank(self, n):
        device, soon = "tank-%d" % n, {"no_data_after": "3 s"}
        self.config.asset(device, {name: (device, name, soon) for name in ("temperature", "level", "lid")}, {
            "warm": {"point": "temperature", "high": "-150 °C", "deadband": "2 °C", "priority": "critical",
                     "text": {"en": "Vapour too warm", "zh": "气相温度过高"},
                     "response": {"en": "Check level and lid", "zh": "检查液位和盖子"}},
            "level-low": {"point": "level", "low": "13 cm", "deadband": "1 cm", "priority": "high",
                          "text": {"en": "Too little nitrogen", "zh": "液氮不足"},
                          "response": {"en": "Fill by hand", "zh": "手动补液"}},
            "lid-open": {"point": "lid", "state": "open", "priority": "medium"}},
            name={"en": "Tank %d" % n, "zh": "%d号罐" % n})

    def people(self):
        """notify.yaml: Li Na is on duty, then Wang, then Chen. Everybody has the messenger, and mail behind it."""
        self.url = "http://%s:%d" % (ADDRESS, free_port())
        pace = {"levels": ["30 s", "30 s"], "repeat": "2 s", "unresolved": "2 s"}
        return {
            "site": {"id": "test", "name": {"en": "Test bank", "zh": "测试库"}},
            "mqtt": {"broker": self.broker.uri(), "username": "cryonotify", "keep_alive": "5 s",
                     "password_file": self.path("password-cryonotify")},
            "state": self.path("notify"), "socket": self.path("notify", "socket"),
            "collect": "500 ms", "retry": "1 s", "probe": "1 s", "silent_after": "20 s", "broker_after": "3 s",
            "link": {"listen": self.url[7:], "url": self.url},
            "channels": {
                "hook": {"kind": "webhook", "template": "json", "url": self.receiver.url("/hook")},
                "wecom": {"kind": "webhook", "template": "wecom", "url": self.receiver.url("/wecom")},
                "mail": {"kind": "mail", "host": ADDRESS, "port": self.post.port, "security": "none",
                         "from": "cryomon@example.org"}},
            "people": {
                name: {"name": full, "language": language, "channels": {"hook": "", "mail": name + "@example.org"}}
                for name, full, language in (("li.na", "Li Na", "zh"), ("wang", "Wang Wei", "en"), ("chen", "Chen Jie", "en"))},
            "rota": [{"people": ["li.na"]}, {"people": ["wang"]}, {"people": ["chen"]}],
            "priorities": {"critical": pace, "high": pace, "medium": pace},
        }

    def begin(self, tanks=1, site=None, people=None, shifted=False):
        """Starts everything. site(setup.main) and people(settings) may change the configurations before."""
        self.hall = Hall(self.dir, tanks, self.kind, self.manual, **self.more)
        self.addCleanup(self.hall.stop)
        self.site(tanks)
        if site:
            site(self.config.main)
        self.config.write()
        self.settings = self.people()
        if people:
            people(self.settings)
        with open(self.path("notify.yaml"), "w") as f:
            json.dump(self.settings, f, ensure_ascii=False, indent=1)  # JSON is YAML
        env = {"CRYOMON_PROFILES": os.path.join(TOP, "config", "devices")}
        if shifted:
            if not os.path.exists(SHIFTER) or harness.SANITIZED:
                self.skipTest("the clocks can't be moved here")
            self.pass_time(0)
            env.update(LD_PRELOAD=SHIFTER, CLOCKSHIFT=self.shift_file)
        self.cryomond = self.daemon(env=env).start()
        self.observer.wait("/test/status", lambda m: m and m["state"] == "online")
        self.notifier = Service(self.path("notify.yaml"), tempfile.mkdtemp(dir=self.dir))
        self.addCleanup(self.notifier.end)
        self.notifier.start()
        for n in range(1, tanks + 1):
            self.observer.point("tank-%d" % n, "temperature", lambda p: p["quality"] == "good")
        self.observer.point("room", "oxygen", lambda p: p["quality"] == "good")
        until(lambda: self.status()["notifier"] == "ok", "each to know of the other")

    def pass_time(self, seconds):
        """The daemon's clocks go ahead."""
        self.ahead += seconds
        with open(self.shift_file, "r+b" if os.path.exists(self.shift_file) else "wb") as f:
            f.write(struct.pack("=qq", 0, int(self.ahead * 10**9)))

    def warm(self, tank=1, kelvin=80):
        self.hall("set", "tank-%d" % tank, "temperature_offset", "%d K" % kelvin)

    def cold(self, tank=1):
        self.warm(tank, 0)

    # --- what is to be seen

    def status(self):
        return call(self.path("control"), "Status", all=True)

    def state(self, asset, alarm):
        return next(a["state"] for a in self.status()["alarms"] if (a["asset"], a["alarm"]) == (asset, alarm))

    def disabled(self, **fields):
        return [d for d in self.status()["disabled"] if all(d.get(k) == v for k, v in fields.items())]

    def event(self, asset, alarm, transition, since=0, **fields):
        return self.observer.event(asset=asset, alarm=alarm, transition=transition, since=since, **fields)

    def ctl(self, *arguments, check=True, config_dir=None):
        """cryoctl, with the clock that the daemon has."""
        shift = {"LD_PRELOAD": SHIFTER, "CLOCKSHIFT": self.shift_file} if os.path.exists(self.shift_file) else {}
        done = subprocess.run([binary("cryoctl"), "--config", self.path("etc"), *arguments], capture_output=True, text=True,
                              timeout=60, env=dict(os.environ, LANG="C.UTF-8", **shift))
        if check and done.returncode != 0:
            raise AssertionError("cryoctl %s: %d: %s%s" % (arguments, done.returncode, done.stdout, done.stderr))
        return done

    def told_by_daemon(self, *words):
        """Waits until the daemon's own command has told somebody so."""
        def look():
            for name in sorted(os.listdir(self.path("told"))):
                with open(self.path("told", name), encoding="utf-8") as f:
                    text = f.read()
                if all(word in text for word in words):
                    return text
            return None
        return until(look, "the daemon's own command to say %s" % (words,))

    # --- people

    def told(self, person, asset, alarm, purpose="call", since=0, **fields):
        """The message that somebody gets."""
        return self.receiver.wait(person=person, asset=asset, alarm=alarm, purpose=purpose, since=since, **fields)

    def nobody_called(self, seconds, since=0, **fields):
        self.receiver.feed.never(lambda m: m.get("purpose") in COMES and all(m.get(k) == v for k, v in fields.items()),
                                 "a call %s" % fields, seconds, since)
        self.assertEqual(self.post.feed.since(), [])

    def press(self, message):
        """Opens the link of a message, and presses the button there."""
        with urllib.request.urlopen(message["link"], timeout=30) as page:
            self.assertEqual(page.status, 200)
        request = urllib.request.Request(message["link"], data=b"", method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            self.assertEqual(answer.status, 200)

    def send(self, user, verb, payload, name=None):
        """A command by MQTT under the user's own name, or somebody else's: the answer comes to the observer."""
        topic = "cryomon/test/cmd/%s/%s" % (name or user, verb)
        subprocess.run(["mosquitto_pub", "-V", "5", "-h", ADDRESS, "-p", str(self.broker.port), "-q", "1", "-u", user, "-P",
                        USERS[user], "-t", topic, "-m", json.dumps(payload), "-D", "publish", "response-topic",
                        "cryomon/test/cmd/%s/answer" % (name or user)], timeout=30, capture_output=True)

    def notify(self, *arguments, check=True):
        """A command of cryonotify."""
        done = subprocess.run([binary("cryonotify"), "--config", self.path("notify.yaml"), "--templates", TEMPLATES,
                               *arguments], capture_output=True, text=True, timeout=60)
        if check and done.returncode != 0:
            raise AssertionError("cryonotify %s: %d: %s%s" % (arguments, done.returncode, done.stdout, done.stderr))
        return done


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
