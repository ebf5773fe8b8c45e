"""Links that acknowledge: tokens, the key, and the listener, over real connections."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import socket
import ssl
import stat
import struct
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

LINK_SERVER = os.environ["LINK_SERVER"]
OPEN, DONE, ALREADY, GONE, FAILED, PENDING, ANEW, REMOVED, UNRECORDED = range(9)
CRITICAL = 3
OCCURRENCE = "tank-1/temperature-critical@1763999400000"
TEXT = "Demo cell bank · Tank 1: Vapour too warm <b>&\"' [CRITICAL] · about 3 h left · Check LN2 level and lid"


class Server:
    def __init__(self, key, address="127.0.0.1", per_minute=1000, connections=32, tls=()):
        self.address, self.tls = address, bool(tls)
        self.process = subprocess.Popen([LINK_SERVER, "run", str(key), address, str(per_minute), str(connections), *tls],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "TZ": "Asia/Shanghai"})
        self.port = self.read()["port"]

    def read(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def say(self, **command):
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()

    def token(self, person="li.na", occurrence=OCCURRENCE, expires_s=None):
        self.say(make={"person": person, "occurrence": occurrence, "expires_s": expires_s or int(time.time()) + 3600})
        return self.read()["token"]

    def check(self, token, now_s=None):
        self.say(check=token, now_s=now_s or int(time.time()))
        return self.read()

    def start(self, method, path, body=None, headers=None):
        """A request on a thread of its own: its answer waits for ours."""
        box = {}

        def run():
            context = ssl._create_unverified_context() if self.tls else None # pylint: disable=protected-access
            connection = (http.client.HTTPSConnection(self.address, self.port, timeout=20, context=context) if self.tls
                          else http.client.HTTPConnection(self.address, self.port, timeout=20))
            try:
                connection.request(method, path, body, headers or {})
                response = connection.getresponse()
                box["status"], box["headers"], box["html"] = response.status, response.headers, response.read().decode()
            except (OSError, http.client.HTTPException) as error:
                box["error"] = error
            finally:
                connection.close()
        thread = threading.Thread(target=run)
        thread.start()
        box["thread"] = thread
        return box

    @staticmethod
    def finish(box):
        box["thread"].join(20)
        assert "error" not in box, box["error"]
        return box

    def request(self, method, path, body=None, headers=None):
        return self.finish(self.start(method, path, body, headers))

    def visit(self, method, path, **reply):
        """A request that asks us; returns the question and the answer."""
        box = self.start(method, path)
        ask = self.read()
        self.say(answer={"ask": ask["ask"], "text": TEXT, "person": "Li Na", "priority": CRITICAL, **reply})
        return ask, self.finish(box)

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            status = self.process.wait(20)
            self.process.stdout.close()
            assert status == 0, status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            pipe.close()


class Case(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.key = self.directory / "link.key"

    def server(self, **options):
        made = Server(self.key, **options)
        self.addCleanup(made.kill)
        return made


class Token(Case):
    def test_what_a_token_is(self):
        server = self.server()
        token = server.token(expires_s=1_800_000_000)
        self.assertRegex(token, r"^[A-Za-z0-9_-]+$")
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        payload, mac = raw[:-32], raw[-32:]
        self.assertEqual(payload, struct.pack(">BQB", 1, 1_800_000_000, 5) + b"li.na" + OCCURRENCE.encode())
        self.assertEqual(mac, hmac.new(self.key.read_bytes(), payload, hashlib.sha512).digest()[:32])
        self.assertEqual(server.check(token, 1_799_999_999), {"error": "", "person": "li.na", "occurrence": OCCURRENCE})
        self.assertEqual(server.check(token, 1_800_000_000)["error"], "ESTALE")
        server.close()

    def test_every_change_is_noticed(self):
        server = self.server()
        token = server.token()
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        for i, c in enumerate(token):
            changed = token[:i] + alphabet[(alphabet.index(c) + 1) % 64] + token[i + 1:]
            self.assertEqual(server.check(changed)["error"], "EBADMSG", i)
        for other in ("", "a", token[:-1], token + "A", token + "=", token + token, token[1:], "A" * 400, " " + token, token + "\n"):
            self.assertEqual(server.check(other)["error"], "EBADMSG", other)
        server.close()

    def test_a_token_of_another_key_is_none(self):
        one = self.server()
        token = one.token()
        one.close()
        self.key.unlink()
        other = self.server()
        self.assertEqual(other.check(token)["error"], "EBADMSG")
        other.close()

    def test_what_cannot_be_a_claim(self):
        server = self.server()
        for person, occurrence in (("", "x"), ("x", "")):
            server.say(make={"person": person, "occurrence": occurrence, "expires_s": 1})
            self.assertEqual(server.read()["error"], "EINVAL")
        server.close()

    def test_the_key_is_made_once_and_is_ours_alone(self):
        server = self.server()
        token = server.token()
        server.close()
        self.assertEqual(stat.S_IMODE(self.key.stat().st_mode), 0o600)
        self.assertEqual(len(self.key.read_bytes()), 32)
        self.assertEqual([p.name for p in self.directory.iterdir()], ["link.key"])
        server = self.server()
        self.assertEqual(server.check(token)["error"], "")
        server.close()

    def refused(self):
        done = subprocess.run([LINK_SERVER, "run", str(self.key), "127.0.0.1", "9", "9"], capture_output=True, check=False, timeout=20)
        self.assertEqual(done.returncode, 1)
        return done.stderr.decode()

    def test_a_key_that_others_can_read_is_refused(self):
        self.key.write_bytes(b"k" * 32)
        self.key.chmod(0o640)
        self.assertIn("others may read this key", self.refused())

    def test_what_is_no_key_is_refused_and_kept(self):
        for content in (b"", b"k" * 31, b"k" * 33):
            self.key.write_bytes(content)
            self.key.chmod(0o600)
            self.assertIn("no key of ours", self.refused())
            self.assertEqual(self.key.read_bytes(), content)


class Listener(Case):
    def test_looking_changes_nothing_and_only_the_button_acknowledges(self):
        server = self.server()
        path = "/a/" + server.token()
        for method in ("GET", "HEAD", "GET"):
            ask, box = server.visit(method, path, state=OPEN)
            self.assertEqual((ask["question"], ask["person"], ask["occurrence"], ask["from"]),
                             ("show", "li.na", OCCURRENCE, "127.0.0.1"))
            self.assertEqual(box["status"], 200)
        html = box["html"]
        self.assertIn('<form method="post" action=""><button>Acknowledge</button></form>', html)
        self.assertIn("Tank 1: Vapour too warm &lt;b&gt;&amp;&quot;&#39; [CRITICAL] · about 3 h left", html)
        self.assertIn("under the name Li Na", html)
        self.assertNotIn("<script", html)
        ask, box = server.visit("POST", path, state=DONE, utc_us=1_764_000_000_000_000)
        self.assertEqual(ask["question"], "confirm")
        self.assertRegex(ask["token_id"], "^[0-9a-f]{32}$")
        self.assertIn("<h1>Acknowledged</h1>", box["html"])
        self.assertIn("2025-11-25 00:00:00 +08:00", box["html"])
        again, box = server.visit("POST", path, state=ALREADY, by="Li Na", utc_us=1_764_000_000_000_000)
        self.assertEqual(again["token_id"], ask["token_id"])
        self.assertIn("<h1>Already acknowledged</h1>", box["html"])
        self.assertIn("Li Na, 2025-11-25 00:00:00 +08:00", box["html"])
        self.assertNotIn("<form", box["html"])
        server.close()

    def test_every_state_in_both_languages(self):
        server = self.server()
        path = "/a/" + server.token()
        for state, drill, en, zh, form in ((OPEN, False, "Do you take care of this alarm?", "您来处理这个报警吗？", True),
                                           (OPEN, True, "Drill: please confirm", "演练：请确认收到", True),
                                           (DONE, False, "Acknowledged", "报警已确认", False),
                                           (DONE, True, "Confirmed. Thank you.", "已确认收到，谢谢。", False),
                                           (ALREADY, False, "Already acknowledged, or over", "此前已确认，或已结束", False),
                                           (GONE, False, "This alarm is over, or has begun anew", "此报警已结束或已重新发生", False),
                                           (FAILED, False, "NOT acknowledged", "未能确认", True),
                                           (PENDING, False, "On its way, not yet confirmed", "已提交，尚未得到监控系统确认", False),
                                           (UNRECORDED, False, "Acknowledged, not yet on record", "报警已确认，尚未写入记录", False),
                                           (UNRECORDED, True, "Confirmed, not yet on record", "已确认收到，尚未写入记录", False),
                                           (ANEW, False, "The alarm is open anew", "报警再次出现，尚未确认", False)):
            for language, words, site in (("en", en, "Demo cell bank"), ("zh", zh, "示范细胞库")):
                _, box = server.visit("GET", path, state=state, drill=drill, language=language)
                self.assertIn(f"<h1>{words}</h1>", box["html"])
                self.assertIn(f"<header>{site}</header>", box["html"])
                self.assertEqual("<form" in box["html"], form)
                self.assertIn(f'lang="{"zh-CN" if language == "zh" else "en"}"', box["html"])
        server.close()

    def test_a_removed_person_learns_nothing_of_the_alarm(self):
        server = self.server()
        for method in ("GET", "POST"):
            _, box = server.visit(method, "/a/" + server.token(), state=REMOVED, text="Tank 1", person="Li Na")
            self.assertIn("<h1>This link is not valid any more</h1>", box["html"])
            self.assertIn('<h1 lang="zh-CN">此链接已失效</h1>', box["html"])
            for hidden in ("<form", "Tank 1", "Li Na"):
                self.assertNotIn(hidden, box["html"])
        server.close()

    def test_headers(self):
        server = self.server()
        _, box = server.visit("GET", "/a/" + server.token(), state=OPEN)
        other = server.request("GET", "/a/x")
        for made in (box, other):
            headers = made["headers"]
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["X-Frame-Options"], "DENY")
            policy = headers["Content-Security-Policy"]
            nonce = re.search(r"style-src 'nonce-([^']+)'", policy).group(1)
            self.assertIn(f'<style nonce="{nonce}">', made["html"])
            for part in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
                self.assertIn(part, policy)
        server.close()

    def test_who_has_no_link_learns_nothing(self):
        server = self.server()
        token = server.token()
        pages = [server.request(method, path) for method in ("GET", "POST") for path in
                 ("/", "/a/", "/a/x", "/a/" + token[:-1], "/a/" + token + "A", "/a/../../etc/passwd", "/favicon.ico", "/" + token)]
        self.assertEqual({(p["status"], re.sub("nonce[^>]*", "", p["html"])) for p in pages},
                         {(404, re.sub("nonce[^>]*", "", pages[0]["html"]))})
        self.assertNotIn("Demo", pages[0]["html"])
        self.assertNotIn("microhttpd", str(pages[0]["headers"]).lower())
        server.close()

    def test_an_expired_link(self):
        server = self.server()
        box = server.request("POST", "/a/" + server.token(expires_s=int(time.time()) - 1))
        self.assertEqual(box["status"], 410)
        self.assertIn("This link has expired", box["html"])
        self.assertIn("此链接已过期", box["html"])
        server.close()

    def test_behind_a_path_of_a_proxy(self):
        server = self.server()
        ask, box = server.visit("GET", "/notify/x/a/" + server.token() + "?utm=1", state=OPEN)
        self.assertEqual((ask["question"], box["status"]), ("show", 200))
        server.close()

    def test_other_methods_and_bodies(self):
        server = self.server()
        path = "/a/" + server.token()
        for method in ("PUT", "DELETE", "OPTIONS", "PATCH"):
            self.assertEqual(server.request(method, path)["status"], 405)
        box = server.start("POST", path, "x" * 100)
        server.say(answer={"ask": server.read()["ask"], "state": DONE})
        self.assertEqual(server.finish(box)["status"], 200)
        box = server.start("POST", path, "x" * 1_000_000)
        box["thread"].join(20)
        self.assertIn("error", box)
        self.assertIn(server.request("GET", "/" + "x" * 100_000)["status"], (413, 414, 431))
        self.assertIn(server.request("GET", path, headers={"X": "y" * 100_000})["status"], (413, 431))
        server.close()

    def test_too_many_requests(self):
        server = self.server(per_minute=5)
        statuses = [server.request("GET", "/a/x")["status"] for _ in range(7)]
        self.assertEqual(statuses, [404] * 5 + [429] * 2)
        box = server.request("POST", "/a/" + server.token())
        self.assertEqual((box["status"], box["headers"]["Retry-After"]), (429, "60"))
        server.close()

    def test_a_caller_that_does_not_answer(self):
        server = self.server()
        path = "/a/" + server.token()
        boxes = [server.start("POST", path) for _ in range(5)]
        for _ in boxes:
            self.assertEqual(server.read()["question"], "confirm")
        server.process.stdin.close() # the program ends, and answers all
        for box in boxes:
            box["thread"].join(20)
            if "error" not in box:
                self.assertEqual(box["status"], 503)
                self.assertIn("It is not known whether this was acknowledged", box["html"])
        self.assertEqual(server.process.wait(20), 0)
        server.process.stdout.close()

    def test_answers_reach_their_own_visitor(self):
        server = self.server()
        paths = {str(i): "/a/" + server.token(person=f"p{i}") for i in range(8)}
        boxes = {name: server.start("GET", path) for name, path in paths.items()}
        asks = [server.read() for _ in boxes]
        for ask in reversed(asks):
            server.say(answer={"ask": ask["ask"], "state": OPEN, "text": f"for {ask['person']}"})
        for name, box in boxes.items():
            self.assertIn(f"<p>for p{name}</p>", server.finish(box)["html"])
        server.close()

    def test_a_visitor_that_goes_away_and_an_answer_that_comes_too_late(self):
        server = self.server()
        path = "/a/" + server.token()
        with socket.create_connection(("127.0.0.1", server.port)) as gone:
            gone.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            ask = server.read()
        server.say(answer={"ask": ask["ask"], "state": OPEN})
        server.say(answer={"ask": 999, "state": OPEN})
        _, box = server.visit("GET", path, state=OPEN)
        self.assertEqual(box["status"], 200)
        server.close()

    def test_connections_that_say_nothing_do_not_keep_others_out_for_ever(self):
        server = self.server(connections=4)
        held = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
        try:
            held[0].sendall(b"GET /a/x HT")
            self.assertEqual(server.request("GET", "/a/x")["status"], 404)
        finally:
            for connection in held:
                connection.close()
        server.close()

    def test_rubbish(self):
        server = self.server()
        for rubbish in (b"\x00" * 100, b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"GET /a/%00%zz HTTP/1.1\r\nHost: x\r\n\r\n",
                        b"POST /a/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"GET /a/x HTTP/9.9\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
                connection.sendall(rubbish)
        self.assertEqual(server.request("GET", "/a/x")["status"], 404)
        server.close()

    def test_ipv6(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("no IPv6 here")
        server = self.server(address="::1")
        ask, _ = server.visit("GET", "/a/" + server.token(), state=OPEN)
        self.assertEqual(ask["from"], "::1")
        server.close()

    def test_an_address_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            done = subprocess.run([LINK_SERVER, "run", str(self.key), "127.0.0.1", "9", "9"], capture_output=True, check=False,
                                  timeout=20, env={**os.environ, "LINK_PORT": str(taken.getsockname()[1])})
        self.assertEqual((done.returncode, done.stderr), (1, b"127.0.0.1: Address already in use\n"))


class Tls(Case):
    def certificate(self):
        cert, key = self.directory / "cert", self.directory / "key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key),
                        "-out", str(cert), "-days", "2", "-subj", "/CN=localhost"], check=True, capture_output=True)
        return str(cert), str(key)

    def test_tls(self):
        server = self.server(tls=self.certificate())
        _, box = server.visit("GET", "/a/" + server.token(), state=OPEN)
        self.assertEqual(box["status"], 200)
        _, box = server.visit("POST", "/a/" + server.token(), state=DONE)
        self.assertIn("Acknowledged", box["html"])
        for version, spoken in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True), (ssl.TLSVersion.TLSv1_3, True)):
            context = ssl._create_unverified_context() # pylint: disable=protected-access
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            with socket.create_connection(("127.0.0.1", server.port), 10) as plain:
                try:
                    context.wrap_socket(plain).close()
                    self.assertTrue(spoken, version)
                except (ssl.SSLError, ConnectionError):
                    self.assertFalse(spoken, version)
        server.close()

    def test_a_certificate_that_is_not_there(self):
        done = subprocess.run([LINK_SERVER, "run", str(self.key), "127.0.0.1", "9", "9", "/nonexistent", "/nonexistent"],
                              capture_output=True, check=False, timeout=20)
        self.assertEqual((done.returncode, done.stderr), (1, b"/nonexistent: No such file or directory\n"))
        cert, _ = self.certificate()
        done = subprocess.run([LINK_SERVER, "run", str(self.key), "127.0.0.1", "9", "9", cert, cert],
                              capture_output=True, check=False, timeout=20)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"do certificate and key belong together?", done.stderr)


class Configuration(Case):
    def check(self, text):
        path = self.directory / "notify.yaml"
        path.write_text(text)
        done = subprocess.run([LINK_SERVER, "check", str(path)], capture_output=True, check=False, timeout=20)
        return done.stdout.decode()

    def test_good_ones(self):
        self.assertEqual(self.check("other: 1\n"), "0 [] 0  86400000 60 64\n")
        self.assertEqual(self.check("link: {listen: '127.0.0.1:8080', url: 'https://cryo.example.org/n/', valid: 8 h}\n"),
                         "1 [127.0.0.1] 8080 https://cryo.example.org/n 28800000 60 64\n")
        self.assertIn("1 [::1] 8443 ", self.check("link: {listen: '[::1]:8443', url: 'https://x.example'}\n"))

    def test_warnings(self):
        said = self.check("link: {listen: '0.0.0.0:8080', url: 'http://x.example'}\n")
        self.assertIn("warning: notify.yaml:1:37: links go over the network in clear text", said)
        self.assertIn("warning: notify.yaml:1:16: without a certificate this is plain HTTP", said)

    def test_mistakes(self):
        for text, said in (("link: {url: 'https://x'}", "'listen' is missing"),
                           ("link: {listen: 'localhost:80', url: 'https://x'}", "written as a number, not as a name"),
                           ("link: {listen: '127.0.0.1', url: 'https://x'}", "write an address and a port"),
                           ("link: {listen: '127.0.0.1:0', url: 'https://x'}", "the port is a number"),
                           ("link: {listen: '127.0.0.1:99999', url: 'https://x'}", "the port is a number"),
                           ("link: {listen: '127.0.0.1:80', url: 'cryo.example'}", "begins with https://"),
                           ("link: {listen: '127.0.0.1:80', url: 'https:///x'}", "the host is missing"),
                           ("link: {listen: '127.0.0.1:80', url: 'https://x/?y'}", "has no '?'"),
                           ("link: {listen: '127.0.0.1:80', url: 'https://x', key_file: /x}", "stand together"),
                           ("link: {listen: '127.0.0.1:80', url: 'https://x', validd: 1 h}", "did you mean 'valid'")):
            self.assertIn(said, self.check(text + "\n"))


if __name__ == "__main__":
    unittest.main()
