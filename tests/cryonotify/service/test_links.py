"""Links that acknowledge: what they say, and what they do when somebody is away or is killed."""
import json
import threading
import time
import urllib.request

from notify_case import NotifyTest, free_port, harness, until


class Links(NotifyTest):  # each
    def with_links(self, **changes):
        port = free_port()
        return self.service(link={"listen": "127.0.0.1:%d" % port, "url": "http://127.0.0.1:%d" % port}, **changes)

    def answer(self, n, **fields):
        """What the daemon says to the nth acknowledgement."""
        self.broker.publish("cryomon/test/cmd/cryonotify/answer", json.dumps(fields), "-D", "publish", "correlation-data", str(n))

    def presser(self, link, answers):
        thread = threading.Thread(target=lambda: answers.append(self.press(link)))
        thread.start()
        return thread

    def press(self, url):
        with urllib.request.urlopen(urllib.request.Request(url, data=b"", method="POST"), timeout=30) as answer:
            return answer.read().decode()

    def test_a_link_says_that_it_was_acknowledged_only_when_it_was(self):
        self.be_daemon()
        port = free_port()
        self.service(link={"listen": "127.0.0.1:%d" % port, "url": "http://127.0.0.1:%d" % port})
        observer = self.watch_mqtt()
        alarm = self.publish(self.body("warm", "raised", "unacknowledged", priority="high"))
        link = self.receiver.wait(person="li.na", purpose="call")["link"]
        answers = []

        def answer(n, text):
            since = observer.feed.mark()
            presser = threading.Thread(target=lambda: answers.append(self.press(link)))
            presser.start()
            observer.wait("/cmd/cryonotify/acknowledge", since=since)
            self.broker.publish("cryomon/test/cmd/cryonotify/answer", text, "-D", "publish", "correlation-data", str(n))
            presser.join()
            return answers[-1]
        refused = '{"ok":false,"code":"not-allowed","error":"cryonotify may not act for others"}'
        self.assertIn("未能确认", answer(1, refused))
        self.assertIn("未能确认", answer(2, refused))  # it can be pressed again, and tells the truth again
        first = threading.Thread(target=lambda: answers.append(self.press(link)))
        since = observer.feed.mark()
        first.start()
        observer.wait("/cmd/cryonotify/acknowledge", since=since)
        self.assertIn("尚未得到监控系统确认", self.press(link))  # no answer: the daemon is away
        first.join()
        self.assertIn("尚未得到监控系统确认", answers[-1])
        self.follow(alarm, "acknowledged", "acknowledged", by="wang", acknowledged_by="wang")
        self.receiver.wait(purpose="acknowledged", person="li.na")
        self.assertIn("此前已有人确认", self.open(link))

    def open(self, url):
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.read().decode()

    def test_what_the_daemon_answers_is_told(self):
        """By the code; the words may be any."""
        self.be_daemon()
        self.with_links()
        observer = self.watch_mqtt()
        self.publish(self.body("warm", "raised", "unacknowledged", priority="high"))
        link = self.receiver.wait(person="li.na", purpose="call")["link"]
        for n, (code, words) in enumerate((("unknown", "此报警已结束或已重新发生"), ("other-occurrence", "此报警已结束或已重新发生"),
                                           ("refused", "未能确认"), ("not-allowed", "未能确认")), 1):
            answers, since = [], observer.feed.mark()
            thread = self.presser(link, answers)
            observer.wait("/cmd/cryonotify/acknowledge", since=since)
            self.answer(n, ok=False, code=code, error="whatever")
            thread.join()
            self.assertIn(words, answers[0])

    def test_the_daemon_is_away_and_answers_later(self):
        self.be_daemon()
        self.with_links()
        observer = self.watch_mqtt()
        alarm = self.publish(self.body("warm", "raised", "unacknowledged", priority="high"))
        link = self.receiver.wait(person="li.na", purpose="call")["link"]
        since = observer.feed.mark()
        self.assertIn("尚未得到监控系统确认", self.press(link))  # the page's patience ends
        asked = observer.wait("/cmd/cryonotify/acknowledge", since=since).json
        self.assertEqual((asked["person"], asked["occurrence"]), ("li.na", alarm["id"]))
        since = observer.feed.mark()
        observer.wait("/cmd/cryonotify/acknowledge", since=since)  # it is asked again
        self.answer(1, ok=True, code="done")
        self.follow(alarm, "acknowledged", "acknowledged", by="li.na", acknowledged_by="li.na")
        until(lambda: "此前已有人确认" in self.open(link), "the page to know")
        until(lambda: [c for c in self.calls() if c["outcome"] == "confirmed"], "the record")
        self.assertEqual(len(harness.sqlite(self.path("notify", "notify.db"), "SELECT * FROM link")), 1)

    def test_acknowledged_and_not_on_record_yet(self):
        """The daemon's disk does not answer: the page says so, and the daemon is asked until it has it."""
        self.be_daemon()
        self.with_links()
        observer = self.watch_mqtt()
        alarm = self.publish(self.body("warm", "raised", "unacknowledged", priority="high"))
        link = self.receiver.wait(person="li.na", purpose="call")["link"]
        answers, since = [], observer.feed.mark()
        thread = self.presser(link, answers)
        observer.wait("/cmd/cryonotify/acknowledge", since=since)
        since = observer.feed.mark()
        self.answer(1, ok=True, code="done", recorded=False, warning="done, but not yet on disk")
        thread.join()
        self.assertIn("报警已确认，尚未写入记录", answers[0])
        self.follow(alarm, "acknowledged", "acknowledged", by="li.na", acknowledged_by="li.na")
        until(lambda: [c for c in self.calls() if c["outcome"] == "confirmed"], "the record")
        asked = observer.wait("/cmd/cryonotify/acknowledge", since=since).json  # it is asked again
        self.assertEqual((asked["person"], asked["occurrence"]), ("li.na", alarm["id"]))
        since = observer.feed.mark()
        self.answer(1, ok=False, code="nothing-to-do", error="it is so", recorded=False, warning="it is so, but not yet on disk")
        observer.wait("/cmd/cryonotify/acknowledge", since=since)  # and again
        self.assertEqual(len(harness.sqlite(self.path("notify", "notify.db"), "SELECT * FROM ack")), 1)
        self.answer(1, ok=False, code="nothing-to-do", error="it is so")
        until(lambda: not harness.sqlite(self.path("notify", "notify.db"), "SELECT * FROM ack"), "the answer in the book")
        self.assertEqual(len(harness.sqlite(self.path("notify", "notify.db"), "SELECT * FROM link")), 1)
        self.assertEqual(len([c for c in self.calls() if c["outcome"] == "confirmed"]), 1)

    def test_killed_while_a_link_is_under_way(self):
        """Its use is on disk before the daemon is asked; the daemon is asked again, and the link is used up once."""
        self.be_daemon()
        service = self.with_links()
        observer = self.watch_mqtt()
        alarm = self.publish(self.body("warm", "raised", "unacknowledged", priority="high"))
        link = self.receiver.wait(person="li.na", purpose="call")["link"]
        answers, since = [], observer.feed.mark()

        def lost():
            try:
                self.press(link)
            except OSError:
                answers.append("nobody is there any more")
        thread = threading.Thread(target=lost)
        thread.start()
        observer.wait("/cmd/cryonotify/acknowledge", since=since)
        service.kill()
        thread.join()
        rows = harness.sqlite(self.path("notify", "notify.db"), "SELECT person, token FROM ack")
        self.assertEqual([(r["person"], len(r["token"])) for r in rows], [("li.na", 32)])
        since = observer.feed.mark()
        service.start()
        observer.wait("/cmd/cryonotify/acknowledge", since=since)
        self.answer(1, ok=True, code="done")
        self.follow(alarm, "acknowledged", "acknowledged", by="li.na", acknowledged_by="li.na")
        until(lambda: "此前已有人确认" in self.open(link), "the page to know")
        until(lambda: not harness.sqlite(self.path("notify", "notify.db"), "SELECT * FROM ack"), "the answer in the book")
        self.assertEqual(len(harness.sqlite(self.path("notify", "notify.db"), "SELECT * FROM link")), 1)
        # It opens again: the old link acknowledges nothing, and says where another one is.
        called = time.time()
        until(lambda: int(time.time()) > int(called), "another second: links are told apart by theirs")
        mark, since = self.receiver.feed.mark(), observer.feed.mark()
        self.follow(alarm, "realarmed", "unacknowledged", why="unresolved")
        fresh = self.receiver.wait(person="li.na", since=mark, occurrence=alarm["id"], purpose="worse")["link"]
        self.assertNotEqual(fresh, link)
        for page in (self.open(link), self.press(link)):
            self.assertIn("报警再次出现", page)
            self.assertIn("下一条消息会带来新的链接", page)
        self.assertFalse([m for m in observer.feed.since(since) if m.topic.endswith("/acknowledge")])
        answers = []
        thread = self.presser(fresh, answers)
        observer.wait("/cmd/cryonotify/acknowledge", since=since)
        self.answer(2, ok=True, code="done")
        thread.join()
        self.assertIn("报警已确认", answers[0])


if __name__ == "__main__":
    harness.main()
