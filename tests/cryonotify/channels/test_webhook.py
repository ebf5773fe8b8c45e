"""Webhooks against a real HTTP receiver. Each service's body, signature and answers are checked here from its
documentation (named in config/notify/*.yaml), not from the template."""

import base64
import hashlib
import hmac
import json
import os
import re
import socket
import threading
import time
import unittest
import urllib.parse

from pathlib import Path

from case import TEMPLATES, Case, NOTICE, nasty_notice, notice

KEY = "693a91f6-7b0c-4bc4-97a0-0ec2sifa5aaa"


class Webhook(Case):
    def channel(self, template, reply, keys="", path=f"/hook?key={KEY}"):
        receiver = self.receiver(reply)
        place = self.file(receiver.url(path) + "\n")
        driver = self.driver(f"it: {{kind: webhook, template: {template}, url_file: {place}{keys}}}\n")
        return driver, receiver

    def refused(self, template, reply, keys=""):
        driver, _ = self.channel(template, reply, keys)
        result = driver.send("it", notice())
        driver.close()
        self.assertEqual(result["outcome"], "failed", result)
        self.assertNotIn(KEY, json.dumps(result))
        return result


class Services(Webhook):
    # ------------------------------------------------------------ WeCom
    def check_wecom(self, request):
        self.assertEqual(request.method, "POST")
        self.assertEqual(request.path, f"/hook?key={KEY}")
        self.assertTrue(request.headers["Content-Type"].startswith("application/json"))
        body = request.json()
        self.assertEqual(set(body), {"msgtype", "text"})
        self.assertEqual(body["msgtype"], "text")
        self.assertLessEqual(len(body["text"]["content"].encode()), 2048)
        self.assertIsInstance(body["text"]["mentioned_list"], list)
        return body["text"]

    def test_wecom(self):
        driver, receiver = self.channel("wecom", (200, {}, b'{"errcode":0,"errmsg":"ok"}'))
        result = driver.send("it", notice(language="zh", address="LiNa"))
        self.assertEqual((result["outcome"], result["detail"]), ("sent", "ok"))
        text = self.check_wecom(receiver.requests[0])
        self.assertTrue(text["content"].startswith("示范细胞库 · 1号罐：气相温度过高。"), text)
        self.assertIn(NOTICE["link"], text["content"])
        self.assertEqual(text["mentioned_list"], ["LiNa"])
        self.assertEqual(driver.send("it", notice(address=None))["outcome"], "sent")
        self.assertEqual(self.check_wecom(receiver.requests[1])["mentioned_list"], [])
        driver.close()

    def test_wecom_errors_come_with_status_200(self):
        result = self.refused("wecom", (200, {}, b'{"errcode":93000,"errmsg":"invalid webhook url, hint: [1]"}'))
        self.assertEqual((result["error"], result["detail"]), ("refused: errcode is 93000", "invalid webhook url, hint: [1]"))
        self.assertTrue(result["permanent"])
        result = self.refused("wecom", (200, {}, b'{"errcode":45009,"errmsg":"api freq out of limit"}'))
        self.assertFalse(result["permanent"])
        self.assertEqual(result["retry_after_ms"], 60000)
        result = self.refused("wecom", (200, {}, b"<html>login to this hotel's network</html>"))
        self.assertIn("the answer has no errcode", result["error"])

    def test_wecom_mentions_nobody_that_a_text_names(self):
        driver, receiver = self.channel("wecom", (200, {}, b'{"errcode":0,"errmsg":"ok"}'))
        self.assertEqual(driver.send("it", nasty_notice())["outcome"], "sent")
        for request in receiver.requests:
            self.assertNotIn("<@", self.check_wecom(request)["content"])
        driver.close()

    def test_wecom_long_texts_become_several_messages(self):
        driver, receiver = self.channel("wecom", (200, {}, b'{"errcode":0,"errmsg":"ok"}'))
        members = [{"asset": f"t{i}", "asset_name": {"zh": f"{i}号罐"}, "alarm": "a", "text": {"zh": f"{i}号罐：液位低"},
                    "priority": "high"} for i in range(100)]
        self.assertEqual(driver.send("it", notice(purpose="summary", language="zh", members=members))["outcome"], "sent")
        self.assertGreater(len(receiver.requests), 1)
        whole = "\n".join(self.check_wecom(request)["content"] for request in receiver.requests)
        for i in range(100):
            self.assertIn(f"[高] {i}号罐：液位低", whole)
        driver.close()

    def test_when_a_later_part_fails_it_says_so(self):
        answers = [b'{"errcode":0,"errmsg":"ok"}', b'{"errcode":45009,"errmsg":"too fast"}']
        driver, _ = self.channel("wecom", lambda _: (200, {}, answers.pop(0)))
        result = driver.send("it", notice(note="n" * 3000))
        self.assertEqual((result["outcome"], result["maybe_sent"], result["permanent"]), ("failed", True, False))
        self.assertRegex(result["error"], "^part 2 of [23]: refused: errcode is 45009$")
        driver.close()

    # ------------------------------------------------------------ DingTalk
    def test_dingtalk(self):
        secret = "SEC8a6d4c0a1e7f4fb0a5e5"
        driver, receiver = self.channel("dingtalk", (200, {}, b'{"errcode":0,"errmsg":"ok"}'),
                                        f", secret_file: {self.file(secret)}", "/robot/send?access_token=abc")
        before = time.time() * 1000
        self.assertEqual(driver.send("it", notice(address="13800001111"))["outcome"], "sent")
        request = receiver.requests[0]
        path, query = request.path.split("?")
        self.assertEqual(path, "/robot/send")
        query = urllib.parse.parse_qs(query, strict_parsing=True)
        self.assertEqual(query["access_token"], ["abc"])
        self.assertLess(abs(int(query["timestamp"][0]) - before), 60_000)
        wanted = hmac.new(secret.encode(), f"{query['timestamp'][0]}\n{secret}".encode(), hashlib.sha256).digest()
        self.assertEqual(query["sign"], [base64.b64encode(wanted).decode()])
        body = request.json()
        self.assertEqual(body["msgtype"], "text")
        self.assertTrue(body["text"]["content"].startswith("Demo cell bank · Tank 1"))
        self.assertEqual(body["at"], {"atMobiles": ["13800001111"], "isAtAll": False})
        driver.close()

    def test_dingtalk_without_a_secret_is_not_signed(self):
        driver, receiver = self.channel("dingtalk", (200, {}, b'{"errcode":0,"errmsg":"ok"}'))
        self.assertEqual(driver.send("it", notice())["outcome"], "sent")
        self.assertEqual(receiver.requests[0].path, f"/hook?key={KEY}")
        driver.close()

    def test_dingtalk_errors(self):
        result = self.refused("dingtalk", (200, {}, b'{"errcode":310000,"errmsg":"sign not match"}'))
        self.assertEqual((result["permanent"], result["detail"]), (True, "sign not match"))

    # ------------------------------------------------------------ Feishu
    def test_feishu(self):
        secret = "fs-secret-0123456789"
        success = b'{"code":0,"msg":"success","data":{},"Extra":null,"StatusCode":0,"StatusMessage":"success"}'
        driver, receiver = self.channel("feishu", (200, {}, success), f", secret_file: {self.file(secret)}",
                                        "/open-apis/bot/v2/hook/0123-4567")
        self.assertEqual(driver.send("it", nasty_notice())["outcome"], "sent")
        body = receiver.requests[0].json()
        self.assertEqual(set(body), {"msg_type", "content", "timestamp", "sign"})
        self.assertEqual(body["msg_type"], "text")
        self.assertEqual(list(body["content"]), ["text"])
        self.assertNotIn("<at", body["content"]["text"])
        self.assertLess(abs(int(body["timestamp"]) - time.time()), 60)
        wanted = hmac.new(f"{body['timestamp']}\n{secret}".encode(), b"", hashlib.sha256).digest()
        self.assertEqual(body["sign"], base64.b64encode(wanted).decode())
        self.assertLess(len(receiver.requests[0].body), 20_000)
        driver.close()

    def test_feishu_answers(self):
        result = self.refused("feishu", (200, {}, b'{"code":19021,"data":{},"msg":"sign match fail"}'))
        self.assertEqual((result["error"], result["detail"]), ("refused: code is 19021", "sign match fail"))
        result = self.refused("feishu", (400, {}, b'{"code":9499,"msg":"Bad Request","data":{}}'))
        self.assertEqual((result["error"], result["detail"]), ("HTTP status 400", "Bad Request"))
        driver, _ = self.channel("feishu", (200, {}, b'{"Extra":null,"StatusCode":0,"StatusMessage":"success"}'))
        self.assertEqual(driver.send("it", notice())["outcome"], "sent")
        driver.close()

    # ------------------------------------------------------------ Slack
    def test_slack(self):
        driver, receiver = self.channel("slack", (200, {}, b"ok"), path="/services/T0/B0/XXXXXXXX")
        self.assertEqual(driver.send("it", nasty_notice())["outcome"], "sent")
        body = receiver.requests[0].json()
        self.assertEqual(list(body), ["text"])
        self.assertNotRegex(body["text"], r"[<>]|&(?!amp;|lt;|gt;)")
        self.assertIn("&lt;!channel&gt;", body["text"])
        self.assertLessEqual(len(body["text"]), 40_000)
        driver.close()

    def test_slack_errors(self):
        for status, word, permanent in ((400, b"invalid_payload", True), (404, b"channel_not_found", True),
                                        (500, b"rollup_error", False)):
            result = self.refused("slack", (status, {}, word))
            self.assertEqual((result["error"], result["detail"], result["permanent"]),
                             (f"HTTP status {status}", word.decode(), permanent))
        self.assertIn("the answer is not", self.refused("slack", (200, {}, b"okay, but no"))["error"])

    def test_429_says_when_to_try_again(self):
        result = self.refused("slack", (429, {"Retry-After": "17"}, b"rate_limited"))
        self.assertEqual((result["retry_after_ms"], result["permanent"]), (17000, False))
        self.assertEqual(self.refused("slack", (429, {}, b"rate_limited"))["retry_after_ms"], 60000)

    # ------------------------------------------------------------ ntfy
    def test_ntfy(self):
        reply = b'{"id":"xE73Iyuabi","time":1,"event":"message","topic":"x","message":"y"}'
        driver, receiver = self.channel("ntfy", (200, {}, reply), f", token_file: {self.file('tk_abcdefgh')}", "/")
        self.assertEqual(driver.send("it", notice(address="cellbank-li-na"))["outcome"], "sent")
        request, body = receiver.requests[0], receiver.requests[0].json()
        self.assertEqual((request.path, request.headers["Authorization"]), ("/", "Bearer tk_abcdefgh"))
        self.assertEqual((body["topic"], body["priority"]), ("cellbank-li-na", 5))
        self.assertEqual(body["title"], "[CRITICAL] Demo cell bank · Tank 1")
        self.assertLessEqual(len(body["message"].encode()), 4096)
        self.assertEqual(body["click"], NOTICE["link"])
        self.assertEqual(body["actions"], [{"action": "view", "label": "Acknowledge", "url": NOTICE["link"]}])
        self.assertTrue(all(isinstance(tag, str) for tag in body["tags"]))
        for priority, number in (("low", 2), ("medium", 3), ("high", 4)):
            driver.send("it", notice(address="t", priority=priority, link=None))
            self.assertEqual(receiver.requests[-1].json()["priority"], number)
            self.assertEqual(receiver.requests[-1].json()["actions"], [])
        driver.close()

    def test_ntfy_errors(self):
        result = self.refused("ntfy", (403, {}, b'{"code":40301,"http":403,"error":"forbidden"}'))
        self.assertEqual((result["detail"], result["permanent"]), ("forbidden", True))

    def test_without_a_token_no_authorization_is_sent(self):
        driver, receiver = self.channel("ntfy", (200, {}, b'{"event":"message"}'), path="/")
        self.assertEqual(driver.send("it", notice(address="t"))["outcome"], "sent")
        self.assertIsNone(receiver.requests[0].headers["Authorization"])
        driver.close()

    # ------------------------------------------------------------ generic, SMS
    def test_generic_json(self):
        secret = "generic-secret"
        driver, receiver = self.channel("json", (204, {}, b""), f", secret_file: {self.file(secret)}", "/alarms")
        made = nasty_notice(value={"value": "-149.2", "unit": "°C", "quality": "uncertain", "reason": "inhibited"})
        self.assertEqual(driver.send("it", made)["outcome"], "sent")
        request = receiver.requests[0]
        stamp = request.headers["X-Cryomon-Timestamp"]
        wanted = hmac.new(secret.encode(), stamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
        self.assertEqual(request.headers["X-Cryomon-Signature"], "sha256=" + wanted)
        self.assertEqual(request.headers["X-Cryomon-Id"], "demo-41")
        self.assertIsNone(request.headers["Bcc"])
        body = request.json()
        manual = Path(TEMPLATES).parents[1].joinpath("tools/cryonotify/cryonotify-channels.7").read_text()
        for key in set(body) | {"token", "notice"}:
            self.assertRegex(manual, rf"(?<!\w){key}(?!\w)", "not in the manual page")
        for key, value in {"site": "demo", "asset": "tank-1", "alarm": "temperature-critical", "priority": "critical",
                           "value": -149.2, "limit": -150, "unit": "°C", "quality": "uncertain", "reason": "inhibited",
                           "time_left_s": 11000, "purpose": "call", "occurrence": NOTICE["occurrence"],
                           "acknowledged": None, "raised": "2025-11-24T15:50:00.000Z", "active": True}.items():
            self.assertEqual(body[key], value, key)
        driver.close()

    def test_sms_as_a_form(self):
        driver, receiver = self.channel("sms-form", (200, {}, b"OK"))
        self.assertEqual(driver.send("it", notice(language="zh", address="+8613800001111"))["outcome"], "sent")
        self.assertEqual(receiver.requests[0].headers["Content-Type"], "application/x-www-form-urlencoded")
        form = urllib.parse.parse_qs(receiver.requests[0].body.decode(), strict_parsing=True)
        self.assertEqual(form["to"], ["+8613800001111"])
        self.assertLessEqual(len(form["text"][0]), 70)
        self.assertTrue(form["text"][0].startswith("示范细胞库 · 1号罐：气相温度过高。"))
        self.assertEqual(driver.send("it", nasty_notice(address="+86"))["outcome"], "sent")
        self.assertEqual(set(urllib.parse.parse_qs(receiver.requests[1].body.decode(), strict_parsing=True)), {"to", "text"})
        driver.close()

    def test_sms_as_json(self):
        driver, receiver = self.channel("sms-json", (200, {}, b"{}"))
        self.assertEqual(driver.send("it", nasty_notice(address="+86"))["outcome"], "sent")
        self.assertEqual(set(receiver.requests[0].json()), {"to", "text"})
        driver.close()

    def test_long_and_strange_texts_through_every_template(self):
        replies = {"wecom": b'{"errcode":0}', "dingtalk": b'{"errcode":0}', "feishu": b'{"code":0}', "slack": b"ok",
                   "ntfy": b'{"event":"message"}', "json": b"", "sms-json": b""}
        for template, reply in replies.items():
            driver, receiver = self.channel(template, (200, {}, reply))
            for text in ("液" * 3000, "x" * 10_000, "💧" * 2000, '"' * 5000, "\\" * 5000, "\ud800".encode("utf-8", "replace").decode()):
                result = driver.send("it", nasty_notice(address="a", text={"en": text, "zh": text}))
                self.assertEqual(result["outcome"], "sent", (template, text[:3], result))
            for request in receiver.requests:
                request.json()
            driver.close()


class Http(Webhook):
    def test_redirects_are_not_followed(self):
        other = self.receiver((200, {}, b"ok"))
        result = self.refused("slack", (302, {"Location": other.url()}, b""))
        self.assertEqual((result["error"], other.requests), ("HTTP status 302", []))

    def test_only_http_is_spoken(self):
        for url in ("file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:1/x"):
            driver = self.driver(f"it: {{kind: webhook, template: slack, url_file: {self.file(url)}}}\n")
            result = driver.send("it", notice())
            self.assertEqual((result["outcome"], result["permanent"]), ("failed", True), result)
            driver.close()

    def test_a_secret_that_is_not_there(self):
        driver = self.driver("it: {kind: webhook, template: slack, url_credential: no-such}\n",
                             {"CREDENTIALS_DIRECTORY": "/nonexistent"})
        result = driver.send("it", notice())
        self.assertIn("can't read the address: /nonexistent/no-such: No such file", result["error"])
        driver.close()

    def test_an_answer_without_end_is_cut(self):
        result = self.refused("slack", (200, {}, b"o" * 1_000_000))
        self.assertIn("too long", result["error"])

    def test_what_a_server_repeats_is_not_shown(self):
        def repeat(request):
            return 400, {}, json.dumps({"code": 1, "msg": f"no hook {request.path} {request.headers['Authorization']}"}).encode()
        driver, _ = self.channel("json", repeat, f", token_file: {self.file('token-0123')}", "/hook/9f1c-SECRET-77")
        result = driver.send("it", notice())
        driver.close()
        self.assertNotIn("SECRET", json.dumps(result))
        self.assertNotIn("token-0123", json.dumps(result))
        self.assertIn("no hook /hook/*** Bearer ***", result["detail"])

    def test_a_certificate_that_nobody_signed_is_refused(self):
        import ssl
        import subprocess
        import tempfile
        with tempfile.TemporaryDirectory() as directory:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                            f"{directory}/key", "-out", f"{directory}/cert", "-days", "2", "-subj", "/CN=localhost",
                            "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
            receiver = self.receiver((200, {}, b"ok"))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(f"{directory}/cert", f"{directory}/key")
            receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
            driver = self.driver(
                f"wrong: {{kind: webhook, template: slack, url: 'https://localhost:{receiver.port}/'}}\n"
                f"right: {{kind: webhook, template: slack, url: 'https://localhost:{receiver.port}/', ca_file: {directory}/cert}}\n"
                f"name: {{kind: webhook, template: slack, url: 'https://127.0.0.1:{receiver.port}/', ca_file: {directory}/cert}}\n")
            for channel in ("wrong", "name"):
                result = driver.send(channel, notice())
                self.assertEqual((result["outcome"], result["permanent"], result["maybe_sent"]), ("failed", True, False), result)
            self.assertEqual(receiver.requests, [])
            self.assertEqual(driver.send("right", notice())["outcome"], "sent")
            driver.close()


class Threads(Webhook):
    def hanging(self):
        """Takes connections and never answers."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        self.taken = threading.Semaphore(0)
        connections = []

        def take():
            while True:
                try:
                    connections.append(server.accept()[0])
                except OSError:
                    return
                self.taken.release()
        threading.Thread(target=take, daemon=True).start()
        return server.getsockname()[1]

    def test_a_server_that_hangs_holds_up_nobody_else(self):
        port = self.hanging()
        receiver = self.receiver((200, {}, b"ok"))
        driver = self.driver(f"hangs: {{kind: webhook, template: slack, url: 'http://127.0.0.1:{port}/', queue: 2}}\n"
                             f"works: {{kind: webhook, template: slack, url: '{receiver.url()}'}}\n")
        self.assertTrue(driver.queue("hangs", notice(id=1))["queued"])
        self.assertTrue(self.taken.acquire(timeout=10))
        for i in (2, 3):
            self.assertTrue(driver.queue("hangs", notice(id=i, priority="high"))["queued"])
        self.assertEqual(driver.queue("hangs", notice(id=4, priority="high")), {"queued": False, "error": "EAGAIN"})
        for i in (5, 6): # what is critical has room of its own
            self.assertTrue(driver.queue("hangs", notice(id=i))["queued"])
        self.assertEqual(driver.queue("hangs", notice(id=7)), {"queued": False, "error": "EAGAIN"})
        self.assertEqual(driver.ask(waiting="hangs"), {"waiting": 5})
        for i in range(10, 15):
            self.assertEqual((driver.send("works", notice(id=i))["outcome"]), "sent")
        # The end does not wait for it either, and nothing is without an answer.
        rest = driver.close()
        self.assertEqual([(r["id"], r["outcome"]) for r in rest], [(i, "stopped") for i in (1, 5, 6, 2, 3)])
        self.assertTrue(rest[0]["maybe_sent"])
        self.assertFalse(rest[1]["maybe_sent"])

    def test_at_most_so_many_and_nothing_is_dropped(self):
        """What a service does not take singly comes as one message that names all."""
        queued = threading.Event()

        def answer(_request):
            queued.wait(20)
            return (200, {}, b'{"errcode":0,"errmsg":"ok"}')
        receiver = self.receiver(answer)
        driver = self.driver(f"it: {{kind: webhook, template: wecom, url: '{receiver.url()}', at_most: {{count: 4, within: 600 s}}}}\n"
                             f"shipped: {{kind: webhook, template: wecom, url: '{receiver.url()}'}}\n")
        for i in range(30):
            driver.queue("it", notice(id=i, purpose="held", state="out-of-service", by="root", alarm=f"alarm-{i}."))
        queued.set()
        results = driver.results(30)
        self.assertEqual({(r["id"], r["outcome"]) for r in results}, {(i, "sent") for i in range(30)})
        self.assertLessEqual(len(receiver.requests), 3)
        text = "".join(json.loads(r.body)["text"]["content"] for r in receiver.requests)
        for i in range(30):
            self.assertIn(f"alarm-{i}.", text)
        self.assertIn("messages for information", text)
        self.assertIn("in a summary of", results[-1]["detail"])
        self.assertEqual(driver.send("it", notice(id=100))["outcome"], "sent") # room is kept for what is critical
        for i in range(15): # three quarters of 20 in a minute
            self.assertEqual(driver.send("shipped", notice(id=i, purpose="returned"))["outcome"], "sent")
        driver.queue("shipped", notice(id=15, purpose="returned"))
        self.assertEqual(driver.send("shipped", notice(id=16))["id"], 16)
        while driver.ask(waiting="shipped") != {"waiting": 1}: # until the last one is put away
            pass
        self.assertEqual([(r["id"], r["outcome"]) for r in driver.close()], [(15, "stopped")])

    def test_timeouts(self):
        port = self.hanging()
        driver = self.driver(f"hangs: {{kind: webhook, template: slack, url: 'http://127.0.0.1:{port}/', timeout: 1 s}}\n")
        result = driver.send("hangs", notice())
        self.assertEqual((result["outcome"], result["maybe_sent"], result["permanent"]), ("failed", True, False))
        self.assertRegex(result["error"], re.compile("timed out", re.I))
        driver.close()

    @unittest.skipUnless(os.environ.get("SLOW_NAMES"), "a sanitizer does not like to be preloaded after")
    def test_a_name_server_that_hangs(self):
        preload = {"LD_PRELOAD": os.environ.get("SLOW_NAMES", "")}
        driver = self.driver("w: {kind: webhook, template: slack, url: 'http://some.example/', connect_timeout: 1 s}\n"
                             "m: {kind: mail, host: some.example, from: a@b.example}\n", preload)
        result = driver.send("w", notice(), 10)
        self.assertEqual((result["outcome"], result["maybe_sent"], result["permanent"]), ("failed", False, False))
        driver.queue("m", notice())
        self.assertEqual([r["outcome"] for r in driver.close()], ["stopped"]) # long before the name server answers

    def test_a_proxy(self):
        proxy = self.receiver((200, {}, b"ok"))
        driver = self.driver(f"it: {{kind: webhook, template: slack, url: 'http://hooks.example/x', proxy: '{proxy.url()}'}}\n",
                             {"http_proxy": "http://127.0.0.1:9/"})
        self.assertEqual(driver.send("it", notice())["outcome"], "sent")
        self.assertEqual(proxy.requests[0].path, "http://hooks.example/x")
        driver.close()

    def test_nobody_there(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        driver = self.driver(f"it: {{kind: webhook, template: slack, url: 'http://127.0.0.1:{port}/'}}\n")
        result = driver.send("it", notice())
        self.assertEqual((result["outcome"], result["maybe_sent"], result["permanent"]), ("failed", False, False))
        driver.close()

    def test_results_are_not_lost_while_nobody_takes_them(self):
        receiver = self.receiver((200, {}, b"ok"))
        driver = self.driver(f"it: {{kind: webhook, template: slack, url: '{receiver.url()}', queue: 200,"
                             " at_most: {count: 1000, within: 1 s}}\n")
        for i in range(100): # the mailbox has 64 slots
            self.assertTrue(driver.queue("it", notice(id=i))["queued"])
        for _ in range(65):
            self.assertTrue(receiver.arrived.acquire(timeout=20))
        self.assertEqual([r["id"] for r in driver.results(100, 30)], list(range(100)))
        driver.close()


if __name__ == "__main__":
    unittest.main()
