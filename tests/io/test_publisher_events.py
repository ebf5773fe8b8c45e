"""Events reach the broker at least once and in order, whatever ends in between."""
import os
import random
import signal
import statistics
import time
import unittest

from publisher_case import EVENTS, PublisherCase, firsts, seqs, until


class Delivery(PublisherCase):  # each
    def is_on_disk(self, seq):
        with open(self.path("data/outbox")) as f:
            return any(line.startswith("E %d " % seq) for line in f)

    def test_nothing_is_lost_over_restarts_and_kills(self):
        broker = self.broker()
        observer = self.observer(broker, EVENTS)
        seq = 0
        for turn in range(8):
            driver = self.driver(broker)
            for burst in range(6):
                first, seq = seq + 1, seq + random.randint(1, 40)
                driver.say(*["event %d" % n for n in range(first, seq + 1)])
                if burst == 3 and turn % 2 == 0:
                    broker.restart()
                time.sleep(random.random() * 0.3)
            until(lambda: self.is_on_disk(seq), "event %d on disk" % seq)  # what was not read was never an event
            driver.kill()
        driver = self.driver(broker)
        driver.say("event %d" % (seq + 1))
        observer.event(seq=seq + 1)
        got = seqs(observer)
        print("events %d, seen %d, twice %d" % (seq + 1, len(got), len(got) - seq - 1))
        self.assertEqual(firsts(got), list(range(1, seq + 2)))
        self.assertEqual(driver.stop()[0], 0)

    def test_backlog_goes_out_quickly_and_in_order(self):
        broker = self.broker()
        observer = self.observer(broker, EVENTS)
        lines = ["E %d {\"seq\":%d,\"text\":\"%s\"}\n" % (n, n, "x" * 600) for n in range(1, 3001)]
        os.makedirs(self.path("data"))
        self.write("data/outbox", "".join(lines))
        start = time.monotonic()
        driver = self.driver(broker)
        driver.say("event 3001")
        driver.sent(3001)
        took = time.monotonic() - start
        print("3001 events in %.2f s: %.0f a second" % (took, 3001 / took))
        observer.event(seq=3001)
        self.assertEqual(seqs(observer), list(range(1, 3002)))
        late = [m.json for m in observer.feed.since() if m.json and m.json.get("historical")]
        self.assertGreaterEqual(len(late), 3000)
        self.assertEqual(driver.stop()[0], 0)

    def test_ring_overflows_while_the_broker_is_away(self):
        broker = self.broker()
        observer = self.observer(broker, EVENTS)
        broker.stop()
        driver = self.driver(broker)
        driver.fault(True)
        driver.say(*["event %d" % n for n in range(1, 5001)])
        broker.start()
        observer.event(seq=5000)
        self.assertEqual(firsts(seqs(observer)), list(range(1, 5001)))
        self.assertEqual(driver.stop()[0], 0)

    def test_a_message_that_never_came_is_read_from_the_disk(self):
        broker = self.broker()
        observer = self.observer(broker, EVENTS)
        driver = self.driver(broker)
        driver.fault(False)
        driver.say("event 1")
        driver.sent(1)
        with open(self.path("data/outbox"), "a") as f:
            f.write("E 2 {\"seq\":2}\n")
        driver.say("event 3")
        observer.event(seq=2)
        observer.event(seq=3)
        self.assertEqual(firsts(seqs(observer)), [1, 2, 3])

    def test_held_until_durable_but_not_for_ever(self):
        broker = self.broker()
        observer = self.observer(broker, EVENTS)
        driver = self.driver(broker)
        driver.fault(False)
        driver.say("hold 1")
        start = time.monotonic()
        observer.event(seq=1)
        held = time.monotonic() - start
        self.assertGreater(held, 0.4)
        driver.say("hold 2", "durable 2")
        start = time.monotonic()
        observer.event(seq=2)
        free = time.monotonic() - start
        print("not durable: %.0f ms, durable: %.0f ms" % (held * 1e3, free * 1e3))
        self.assertLess(free, held)

    def test_a_hung_disk_does_not_silence_an_alarm(self):
        broker = self.broker()
        observer = self.observer(broker, EVENTS)
        os.makedirs(self.path("data"))
        self.write("data/outbox", "E 1 {\"seq\":1}\n")
        self.write("data/hang", "")
        driver = self.driver(broker)
        driver.say("hold 2")
        observer.event(seq=2)
        os.unlink(self.path("data/hang"))
        self.assertTrue(observer.event(seq=1)["historical"])

    def test_late_events_say_so(self):
        broker = self.broker()
        observer = self.observer(broker, EVENTS)
        driver = self.driver(broker)
        driver.fault(False)
        driver.say("event 1")
        self.assertNotIn("historical", observer.event(seq=1))
        broker.stop()
        driver.fault(True)
        driver.say("event 2")
        broker.start()
        self.assertIs(observer.event(seq=2)["historical"], True)

    def test_refused_events_are_kept_and_told(self):
        acl = self.write("acl", "topic read cryomon/#\ntopic write cryomon/demo/status\ntopic readwrite observer/#\n")
        # With max_queued_messages 0 mosquitto 2.0.11 hangs up on whom it has refused something.
        broker = self.broker("acl_file " + acl, "max_queued_messages 1000")
        observer = self.observer(broker, EVENTS)
        driver = self.driver(broker)
        driver.say("event 1")
        driver.fault(True, "the broker refuses events: Not authorized")
        self.write("acl", "topic readwrite #\n")
        os.kill(broker.process.pid, signal.SIGHUP)
        observer.event(seq=1)
        driver.sent(1)
        driver.fault(False)

    def test_without_a_broker_the_outbox_does_not_grow(self):
        driver = self.driver(None, uri="")
        driver.fault(True, "no broker is configured")
        driver.say("event 1", "hold 2")
        driver.sent(1)
        driver.sent(2)
        self.assertEqual(driver.stop()[0], 0)

    def test_latency(self):
        broker = self.broker()
        observer = self.observer(broker, EVENTS)
        driver = self.driver(broker)
        driver.fault(False)
        for n in range(1, 501):
            driver.say("event %d" % n, "alarm 1 {\"seq\":%d}" % n, "point 0 %d 0 0" % n, "asset 1")
            time.sleep(0.01)
        observer.event(seq=500)
        delays = sorted(m.at * 1e3 - m.json["posted"] / 1e3 for m in observer.feed.since() if m.topic == EVENTS)
        print("event to subscriber: p50 %.2f ms, p99 %.2f ms, max %.2f ms" %
              (statistics.median(delays), delays[int(len(delays) * 0.99)], delays[-1]))
        until(lambda: driver.feed.mark() > 500, "the answers")


if __name__ == "__main__":
    unittest.main(verbosity=2)
