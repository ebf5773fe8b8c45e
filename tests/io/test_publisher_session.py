"""The connection: retained state, last will, reasons, TLS, passwords, black holes, commands, reload."""
import json
import os
import signal
import socket
import subprocess
import time
import unittest

from publisher_case import ADDRESS, PublisherCase, end, retained, until

STATUS = "cryomon/demo/status"
CRITICAL = "cryomon/demo/tank-1/alarms/temperature-critical"


class Retained(PublisherCase):
    def test_alarm_states_are_set_and_cleared_and_survive_a_new_broker(self):
        broker = self.broker("persistence false")
        driver = self.driver(broker)
        driver.say('alarm 1 {"state":"unacknowledged"}', 'alarm 2 {"state":"acknowledged"}')
        until(lambda: retained(broker, "cryomon/demo/+/alarms/+") == {
            CRITICAL: {"state": "unacknowledged"},
            "cryomon/demo/tank-1/alarms/lid-open": {"state": "acknowledged"}}, "both alarms")
        driver.say("alarm 2 -")
        until(lambda: list(retained(broker, "cryomon/demo/+/alarms/+")) == [CRITICAL], "one alarm")
        broker.process.kill()  # and with it all that was retained
        broker.process.wait()
        broker.process = None
        driver.fault(True)
        broker.start()
        until(lambda: list(retained(broker, "cryomon/demo/+/alarms/+")) == [CRITICAL], "the alarm again")

    def test_an_alarm_that_ended_while_the_broker_was_away_is_cleared(self):
        broker = self.broker()
        driver = self.driver(broker)
        driver.say('alarm 1 {"state":"unacknowledged"}')
        until(lambda: CRITICAL in retained(broker, "#"), "the alarm")
        broker.stop()
        driver.fault(True)
        driver.say("alarm 1 -")
        broker.start()
        until(lambda: CRITICAL not in retained(broker, "#"), "no alarm")

    def test_the_will_says_offline(self):
        broker = self.broker()
        observer = self.observer(broker, STATUS)
        driver = self.driver(broker)
        observer.wait(STATUS, lambda m: m["state"] == "online")
        driver.kill()
        message = observer.wait(STATUS, lambda m: m["state"] == "offline").json
        self.assertEqual(message["reason"], "connection lost")
        self.assertEqual(retained(broker, STATUS)[STATUS]["state"], "offline")

    def test_a_clean_stop_says_stopped_and_is_quick(self):
        broker = self.broker()
        observer = self.observer(broker)
        driver = self.driver(broker)
        driver.fault(False)
        driver.say("event 1")
        result, took = driver.stop(2000)
        self.assertEqual(result, 0)
        print("stop: %d ms" % took)
        observer.event(seq=1)
        self.assertEqual(observer.wait(STATUS, lambda m: m["state"] == "offline").json["reason"], "stopped")
        self.assertEqual(retained(broker, STATUS)[STATUS]["reason"], "stopped")

    def test_the_head_of_the_record_survives_a_new_broker(self):
        broker = self.broker()
        driver = self.driver(broker)
        observer = self.observer(broker, "cryomon/demo/head")
        driver.say('head {"event":1}')
        observer.wait("/head", lambda head: head == {"event": 1})
        driver.say('head {"event":2}', "event 1")
        driver.sent(1)
        observer.wait("/head", lambda head: head == {"event": 2})
        self.assertEqual(retained(broker, "cryomon/demo/head"), {"cryomon/demo/head": {"event": 2}})
        # One that remembers nothing is told again.
        broker.stop()
        os.unlink(self.path("broker/mosquitto.db"))
        broker.start()
        again = self.observer(broker, "cryomon/demo/head", name="again")
        again.wait("/head", lambda head: head == {"event": 2})

    def test_a_stop_waits_for_the_head_of_the_record(self):
        fake = self.fake()
        driver = self.driver(fake)
        driver.fault(False)
        fake.answer = lambda topic, text: None if topic.endswith("/head") else 0
        driver.say('head {"event":1}', "event 1", "stop 20000")
        head = fake.feed.wait(lambda item: item[0].endswith("/head"), "the head")
        driver.sent(1)
        offline = lambda item: item[0].endswith("/status") and '"offline"' in item[1]  # noqa: E731
        fake.feed.never(offline, "a farewell before the broker has the head", 0.5)
        fake.ack(head[2])
        fake.feed.wait(offline, "the farewell")
        ended = driver.feed.wait(lambda line: line.startswith("stopped"), "the end").split()
        self.assertEqual(ended[1], "0")
        self.assertLess(int(ended[2]), 9000)  # not only when patience is at its end

    def test_leftovers_are_cleared_and_nothing_else(self):
        broker = self.broker()
        ours = ["cryomon/demo/gone/alarms/hot", "cryomon/demo/tank-1/alarms/gone", "cryomon/demo/gone/readings",
                "homeassistant/device/cryomon_demo_gone/config"]
        foreign = ["cryomon/other/gone/alarms/hot", "homeassistant/device/cryomon_demo_2_x/config",
                   "homeassistant/device/lamp/config"]
        for topic in ours + foreign:
            site = "demo" if topic in ours else "demo_2"
            broker.publish(topic, '{"availability":"cryomon/%s/status"}' % site, "-r")
        driver = self.driver(broker, ha=1)
        driver.fault(False)
        until(lambda: not any(t in retained(broker, "#") for t in ours), "our leftovers to go")
        left = retained(broker, "#")
        self.assertTrue(all(topic in left for topic in foreign), left)
        self.assertIn("homeassistant/device/cryomon_demo_tank-1/config", left)

    def test_readings_expire(self):
        broker = self.broker()
        driver = self.driver(broker)
        driver.say("point 0 -190100000 0 0", "point 1 0 2 2", "asset 1")
        until(lambda: "cryomon/demo/tank-1/readings" in retained(broker, "#"), "readings")
        line = subprocess.run(["mosquitto_sub", "-V", "5", "-h", broker.address, "-p", str(broker.port), "-C", "1", "-t",
                               "cryomon/demo/tank-1/readings", "-F", "%E\t%p"], capture_output=True, text=True, timeout=20,
                              check=True).stdout
        expiry, text = line.split("\t")
        self.assertTrue(40 <= int(expiry) <= 47, expiry)  # 3 x 15.5 s, less what has passed
        points = json.loads(text)["points"]
        self.assertEqual(points["temperature"]["value"], -190.1)
        self.assertIsNone(points["level"]["value"])
        self.assertEqual((points["level"]["quality"], points["level"]["reason"]), ("bad", "timeout"))


class Reasons(PublisherCase):  # each
    def test_refused_connection(self):
        driver = self.driver(None, uri="mqtt://%s:1" % ADDRESS)
        driver.fault(True, "Connection refused")

    def test_unknown_name(self):
        driver = self.driver(None, uri="mqtt://no-such-host.invalid:1883")
        driver.fault(True, "no-such-host.invalid")

    def test_not_mqtt(self):
        with socket.socket() as server:
            server.bind((ADDRESS, 0))
            server.listen()
            driver = self.driver(None, uri="mqtt://%s:%d" % server.getsockname())
            server.accept()[0].close()
            driver.fault(True, "closed the connection at once")

    def test_black_hole_delays_nobody(self):
        with socket.socket() as server:  # takes connections and says nothing
            server.bind((ADDRESS, 0))
            server.listen()
            driver = self.driver(None, uri="mqtt://%s:%d" % server.getsockname())
            peer = server.accept()[0]
            driver.say("event 1", "alarm 1 {}")
            driver.fault(True, "timeout")
            result, took = driver.stop(2000)
            print("stop with a black hole: %d ms" % took)
            self.assertEqual(result, 0)
            peer.close()

    def test_stop_while_it_connects(self):
        with socket.socket() as server:
            server.bind((ADDRESS, 0))
            server.listen()
            driver = self.driver(None, uri="mqtt://%s:%d" % server.getsockname())
            with server.accept()[0]:
                result, took = driver.stop(2000)
            print("stop while connecting: %d ms" % took)
            self.assertEqual(result, 0)

    def test_a_broker_that_falls_silent(self):
        broker = self.broker()
        driver = self.driver(broker)
        driver.fault(False)
        os.kill(broker.process.pid, signal.SIGSTOP)
        self.addCleanup(lambda: broker.process and os.kill(broker.process.pid, signal.SIGCONT))
        driver.say("event 1")
        driver.fault(True, "has not confirmed a message", limit=60)
        os.kill(broker.process.pid, signal.SIGCONT)
        driver.sent(1)
        result, _ = driver.stop(2000)
        self.assertEqual(result, 0)

    def test_the_broker_tells_us_to_go(self):
        fake = self.fake()
        driver = self.driver(fake)
        driver.fault(False)
        fake.send(0xE0, 2, 0x8E, 0)
        driver.fault(True, "the broker ended the connection: Session taken over")
        driver.fault(False, since=driver.feed.mark() - 1)

    def test_the_broker_is_busy(self):
        fake = self.fake(connack=0x89)
        driver = self.driver(fake)
        driver.fault(True, "the broker refuses the connection: Server busy")
        fake.connack = 0
        driver.fault(False)

    def test_connections_that_do_not_last_are_a_fault(self):
        broker = self.broker()
        driver = self.driver(broker)
        driver.fault(False)
        # Somebody else uses our client id, and comes back each time: events get through, but that is not well.
        other = subprocess.Popen(["mosquitto_sub", "-V", "5", "-h", broker.address, "-p", str(broker.port), "-i",
                                  "cryomon-demo", "-t", "other"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(end, other)
        driver.fault(True)
        mark, log = driver.feed.mark(), driver.log.mark()
        for _ in range(3):
            driver.log.wait(lambda line: "MQTT: connected" in line, "a connection", since=log)
            log = driver.log.mark()
        self.assertFalse([line for line in driver.feed.since(mark) if line.startswith("fault 0")])
        driver.say("event 1")
        driver.sent(1)
        end(other)
        driver.fault(False, since=mark)

    def test_receive_maximum_is_kept(self):
        fake = self.fake(receive_maximum=3, answer=lambda topic, text: None)
        driver = self.driver(fake)
        driver.say('alarm 1 {}', *["event %d" % n for n in range(1, 100)])
        for n in range(102):  # the alarm, the status, the heartbeat and the events
            fake.feed.wait(lambda item: True, "publication %d" % n, since=n)
            fake.ack(fake.feed.since(n)[0][2])
        driver.sent(99)
        self.assertLessEqual(fake.most_unanswered, 3)

    def test_quota_exceeded_is_tried_again(self):
        fake = self.fake(answer=lambda topic, text: 0x97 if topic.endswith("/events") else 0)
        driver = self.driver(fake)
        driver.say("event 1")
        driver.fault(True, "the broker refuses events: Quota exceeded")
        self.assertNotIn("sent 1", driver.feed.since())
        fake.answer = lambda topic, text: 0
        driver.sent(1)
        driver.fault(False, since=driver.feed.mark() - 1)

    def test_connections_that_are_reset_in_full_flight(self):
        fake = self.fake()
        driver = self.driver(fake)
        mark = 0
        for turn in range(8):
            fake.feed.wait(lambda item: item[0].endswith("/status"), "a connection", since=mark)
            mark = fake.feed.mark()
            driver.say(*["event %d" % n for n in range(turn * 100 + 1, turn * 100 + 101)])
            fake.feed.wait(lambda item: item[0].endswith("/events"), "events", since=mark)
            mark = fake.feed.mark()
            fake.drop(reset=turn % 2 == 0)
        driver.sent(800)
        self.assertEqual({line for line in driver.feed.since() if line.startswith("sent")},
                         {"sent %d" % n for n in range(1, 801)})
        self.assertEqual(driver.stop()[0], 0)


class Passwords(PublisherCase):
    def setUp(self):
        super().setUp()
        self.passwords = self.path("passwords")
        subprocess.run(["mosquitto_passwd", "-b", "-c", self.passwords, "cryomon", "right-secret"], check=True,
                       capture_output=True)
        self.guarded = self.broker("password_file " + self.passwords, "allow_anonymous false")

    def test_wrong_then_corrected(self):
        secret = self.write("secret", "wrong-secret\n")
        driver = self.driver(self.guarded, user="cryomon", password_file=secret)
        driver.fault(True, 'refuses user "cryomon": Not authorized')
        self.write("secret", "right-secret\n")
        driver.fault(False)
        said = "\n".join(driver.feed.since() + driver.log.since())
        self.assertNotIn("-secret", said)
        self.assertEqual(driver.stop()[0], 0)

    def test_missing_file(self):
        driver = self.driver(self.guarded, user="cryomon", password_file=self.path("nowhere"))
        driver.fault(True, "can't read the password: %s: No such file or directory" % self.path("nowhere"))
        self.write("nowhere", "right-secret")
        driver.fault(False)

    def test_credential(self):
        os.makedirs(self.path("credentials"))
        self.write("credentials/mqtt-password", "right-secret\n")
        driver = self.driver(self.guarded, user="cryomon", credential="mqtt-password",
                             environment={"CREDENTIALS_DIRECTORY": self.path("credentials")})
        driver.fault(False)


class Tls(PublisherCase):
    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.directory)

    def authority(self, name):
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=%s" % name, "-keyout",
                     name + ".key", "-out", name + ".crt")

    def certificate(self, name, authority, subject_alternative):
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=%s" % name, "-keyout", name + ".key", "-out",
                     name + ".csr")
        self.write(name + ".ext", "subjectAltName=%s\n" % subject_alternative)
        self.openssl("x509", "-req", "-in", name + ".csr", "-CA", authority + ".crt", "-CAkey", authority + ".key",
                     "-CAcreateserial", "-days", "2", "-extfile", name + ".ext", "-out", name + ".crt")

    def secured(self, server="server"):
        return self.broker("cafile " + self.path("ca.crt"), "certfile " + self.path(server + ".crt"),
                           "keyfile " + self.path(server + ".key"), "require_certificate true",
                           "use_identity_as_username true", name=server)

    def test_everything(self):
        self.authority("ca")
        self.authority("stranger")
        self.certificate("server", "ca", "IP:%s" % ADDRESS)
        self.certificate("elsewhere", "ca", "DNS:elsewhere.example")
        self.certificate("client", "ca", "DNS:cryomon")
        mine = {"cert": self.path("client.crt"), "key": self.path("client.key")}
        broker = self.secured()
        with self.subTest("all is well"):
            driver = self.driver(None, uri=broker.uri("mqtts"), ca=self.path("ca.crt"), **mine)
            driver.fault(False)
            driver.say("event 1")
            driver.sent(1)
            self.assertEqual(driver.stop()[0], 0)
        with self.subTest("an authority that we don't know"):
            driver = self.driver(None, uri=broker.uri("mqtts"), ca=self.path("stranger.crt"), **mine)
            print(driver.fault(True, "certificate verify failed"))
        with self.subTest("no client certificate"):
            driver = self.driver(None, uri=broker.uri("mqtts"), ca=self.path("ca.crt"))
            print(driver.fault(True, "certificate"))
        with self.subTest("a file that is not there"):
            driver = self.driver(None, uri=broker.uri("mqtts"), ca=self.path("nowhere.crt"), **mine)
            driver.fault(True, "can't read " + self.path("nowhere.crt"))
        with self.subTest("plain MQTT to a TLS port"):
            print(self.driver(None, uri=broker.uri("mqtt")).fault(True))
        with self.subTest("the certificate of another host"):
            other = self.secured("elsewhere")
            driver = self.driver(None, uri=other.uri("mqtts"), ca=self.path("ca.crt"), **mine)
            print(driver.fault(True, "certificate is for another name"))


class Commands(PublisherCase):
    def setUp(self):
        super().setUp()
        self.here = self.broker()
        self.under_test = self.driver(self.here, commands=1)
        self.under_test.fault(False)

    def ask(self, text, user="li.na", answer="cryomon/demo/cmd/li.na/answer"):
        return subprocess.Popen(["mosquitto_rr", "-V", "5", "-h", self.here.address, "-p", str(self.here.port), "-q", "1",
                                 "-t", "cryomon/demo/cmd/%s/acknowledge" % user, "-e", answer, "-m", text, "-W", "20",
                                 "-F", "%D %p", "-D", "publish", "correlation-data", "nr-7"], stdout=subprocess.PIPE,
                                text=True)

    def answer(self, process):
        correlation, text = process.communicate(timeout=30)[0].strip().split(" ", 1)
        self.assertEqual(correlation, "nr-7")
        return json.loads(text)

    def test_acknowledge(self):
        for error, wanted in ((0, {"ok": True, "code": "done"}),
                              (-2, {"ok": False, "code": "unknown", "error": "no such alarm"}),
                              (-114, {"ok": False, "code": "nothing-to-do", "error": "nothing to acknowledge"}),
                              (-16, {"ok": False, "code": "busy", "error": "busy, try again"})):
            mark = self.under_test.feed.mark()
            asking = self.ask('{"asset":"tank-1","alarm":"temperature-critical","note":"on my way, 马上"}')
            line = self.under_test.feed.wait(lambda text: text.startswith("ack"), "the command", since=mark)
            ack = line.split(" ", 5)
            self.assertEqual(ack[1:4] + ack[5:], ["tank-1", "temperature-critical", "li.na", "on my way, 马上"])
            self.under_test.say("answer %s %d" % (ack[4], error))
            answer = self.answer(asking)
            self.assertEqual(bool(answer.pop("error_zh", None)), not wanted["ok"])
            self.assertEqual(answer, wanted)

    def test_nonsense_is_answered(self):
        for text, word in (("{", "JSON"), ("[]", "JSON"), ('{"asset":1,"alarm":"x"}', "asset: a text"),
                           ('{"asset":"tank-1"}', "alarm: is missing"), ('{"asset":"a","alarm":"b","x":1}', "x: is not"),
                           ('{"asset":"a","alarm":"b","person":"wang.wei"}', "mqtt.agents"),
                           ('{"asset":"a","alarm":"b","note":"%s"}' % ("x" * 300), "longer"),
                           ('{"asset":"a","alarm":"b","note":"\\u0007"}', "control"), ('{"asset":"%s"}' % ("x" * 3000), "long")):
            answer = self.answer(self.ask(text))
            self.assertFalse(answer["ok"])
            self.assertEqual(answer["code"], "not-allowed" if word == "mqtt.agents" else "bad-request")
            self.assertIn(word, answer["error"])
        self.assertFalse([line for line in self.under_test.feed.since() if line.startswith("ack")])

    def test_a_retained_command_is_never_obeyed(self):
        order = '{"asset":"tank-1","alarm":"temperature-critical"}'
        self.here.publish("cryomon/demo/cmd/li.na/acknowledge", order, "-r")
        self.under_test.log.wait(lambda line: "a retained command is never obeyed" in line, "the refusal")
        self.here.publish("cryomon/demo/cmd/li.na/acknowledge", order)
        self.under_test.feed.wait(lambda line: line.startswith("ack"), "the second command")
        self.assertEqual(len([line for line in self.under_test.feed.since() if line.startswith("ack")]), 1)

    def test_an_answer_never_goes_over_our_own_topics(self):
        observer = self.observer(self.here, CRITICAL, "cryomon/demo/cmd/#")
        for topic in (CRITICAL, "cryomon/demo/cmd/somebody.else/answer"):
            self.here.publish("cryomon/demo/cmd/li.na/acknowledge", "{", "-D", "publish", "response-topic", topic)
        self.here.publish("cryomon/demo/cmd/li.na/acknowledge", "{", "-D", "publish", "response-topic",
                          "cryomon/demo/cmd/li.na/answer")
        observer.wait("li.na/answer")
        self.assertFalse([m for m in observer.feed.since() if m.json and "ok" in m.json and not m.topic.endswith("li.na/answer")])


class Acl(PublisherCase):
    """The example that is installed lets everybody do what the manual says, and nothing else."""

    EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "units", "mosquitto-acl.example")

    def publish(self, broker, user, topic, text):
        subprocess.run(["mosquitto_pub", "-V", "5", "-h", broker.address, "-p", str(broker.port), "-u", user, "-P", "secret",
                        "-q", "1", "-t", topic, "-m", text], timeout=20, capture_output=True)

    def test_example(self):
        for user in ("cryomon", "li.na", "notify"):
            new = [] if os.path.exists(self.path("passwords")) else ["-c"]
            subprocess.run(["mosquitto_passwd", "-b", *new, self.path("passwords"), user, "secret"], check=True,
                           capture_output=True)
        broker = self.broker("password_file " + self.path("passwords"), "allow_anonymous false",
                             "acl_file " + self.EXAMPLE, "max_queued_messages 1000")
        secret = self.write("secret", "secret\n")
        driver = self.driver(broker, user="cryomon", password_file=secret, commands=1, ha=1)
        driver.say("event 1", "alarm 1 {}", "point 0 1 0 0", "asset 1")
        driver.fault(False)
        driver.sent(1)
        order = '{"asset":"tank-1","alarm":"temperature-critical"}'
        self.publish(broker, "notify", "cryomon/demo/cmd/li.na/acknowledge", order)
        self.publish(broker, "notify", CRITICAL, "forged")
        self.publish(broker, "li.na", "cryomon/demo/cmd/li.na/acknowledge", order)
        line = driver.feed.wait(lambda text: text.startswith("ack"), "the command")
        self.assertIn(" li.na ", line)
        self.assertEqual(len([text for text in driver.feed.since() if text.startswith("ack")]), 1)
        self.assertEqual(driver.stop()[0], 0)
        self.assertFalse([line for line in driver.log.since() if "refuse" in line or "does not let us" in line])


class Reload(PublisherCase):  # each
    def test_vanished_assets_and_alarms_are_cleared(self):
        broker = self.broker()
        driver = self.driver(broker, ha=1)
        driver.say('alarm 1 {"state":"unacknowledged"}', 'alarm 2 {}', 'alarm 3 {}', "point 0 1 0 0", "point 3 1 0 0",
                   "asset 1", "asset 2")
        gone = ["cryomon/demo/tank-1/alarms/lid-open", "cryomon/demo/room-1/alarms/o2-low", "cryomon/demo/room-1/readings",
                "homeassistant/device/cryomon_demo_room-1/config"]
        until(lambda: all(topic in retained(broker, "#") for topic in gone), "everything")
        observer = self.observer(broker, CRITICAL, STATUS)
        mark = observer.feed.mark()
        driver.say("config uri=%s ha=1 small=1" % broker.uri(), 'alarm 1 {"state":"acknowledged"}')
        until(lambda: not any(topic in retained(broker, "#") for topic in gone), "what is no more to go")
        self.assertEqual(retained(broker, CRITICAL)[CRITICAL], {"state": "acknowledged"})
        self.assertFalse([m for m in observer.feed.since(mark) if m.text == ""], "an active alarm has blinked")
        self.assertFalse([m for m in observer.feed.since(mark) if m.topic == STATUS], "it has reconnected")

    def test_an_alarm_of_which_the_core_is_silent_after_a_reload_is_cleared(self):
        broker = self.broker()
        driver = self.driver(broker)
        driver.say('alarm 1 {}')
        until(lambda: CRITICAL in retained(broker, "#"), "the alarm")
        driver.say("config uri=%s small=1" % broker.uri())
        until(lambda: CRITICAL not in retained(broker, "#"), "no alarm")

    def test_what_comes_back_before_it_was_cleared_stays(self):
        broker = self.broker()
        driver = self.driver(broker, ha=1)
        topics = ["cryomon/demo/room-1/alarms/o2-low", "cryomon/demo/room-1/readings",
                  "homeassistant/device/cryomon_demo_room-1/config"]
        driver.say('alarm 3 {"state":"unacknowledged"}', "point 3 1 0 0", "asset 2")
        until(lambda: all(topic in retained(broker, "#") for topic in topics), "everything")
        broker.stop()
        driver.fault(True)
        driver.say("config uri=%s ha=1 small=1" % broker.uri(), "config uri=%s ha=1" % broker.uri(),
                   'alarm 3 {"state":"unacknowledged"}', "point 3 1 0 0", "asset 2", "event 1")
        broker.start()
        driver.sent(1)
        observer = self.observer(broker, *topics, "cryomon/demo/tank-1/alarms/lid-open")
        # What is normal is cleared last, ten seconds after the connection.
        observer.alarm("tank-1", "lid-open", None)
        self.assertEqual([topic for topic in topics if topic not in retained(broker, "#")], [])
        self.assertFalse([m for m in observer.feed.since() if m.topic in topics and m.text == ""])

    def test_an_alarm_that_ended_just_before_a_reload_is_cleared(self):
        broker = self.broker("max_inflight_messages 1")
        driver = self.driver(broker)
        driver.say('alarm 1 {}')
        until(lambda: CRITICAL in retained(broker, "#"), "the alarm")
        # More than the window takes: the end of the alarm waits its turn when the reload comes.
        driver.say(*["alarm %d {}" % n for n in (2, 3)], "alarm 1 -", "config uri=%s" % broker.uri(),
                   "alarm 2 {}", "alarm 3 {}")
        until(lambda: CRITICAL not in retained(broker, "#"), "the alarm to go", limit=5)

    def test_another_broker(self):
        one, two = self.broker(name="one"), self.broker(name="two")
        driver = self.driver(one)
        driver.say('alarm 1 {"state":"unacknowledged"}')
        until(lambda: CRITICAL in retained(one, "#"), "the alarm")
        driver.say("config uri=%s" % two.uri(), 'alarm 1 {"state":"unacknowledged"}', "event 1")
        until(lambda: CRITICAL in retained(two, "#"), "the alarm at the other broker")
        self.assertEqual(retained(one, STATUS)[STATUS]["reason"], "the configuration has changed")
        self.assertEqual(retained(two, STATUS)[STATUS]["state"], "online")
        driver.sent(1)
        driver.say("config uri=")
        driver.fault(True, "no broker is configured")
        driver.say("config uri=%s" % two.uri())
        driver.fault(False, since=driver.feed.mark() - 1)
        self.assertEqual(driver.stop()[0], 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
