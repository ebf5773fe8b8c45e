"""Mail against a real SMTP server (aiosmtpd), read again by Python's email package."""

import email
import email.policy
import logging
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
from email.utils import parsedate_to_datetime

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from case import Case, NASTY, NOTICE, nasty_notice, notice


logging.getLogger("mail.log").setLevel(logging.CRITICAL)
logging.getLogger("mail.error").setLevel(logging.CRITICAL)
logging.getLogger("asyncio").setLevel(logging.CRITICAL)


class Keep:
    """Keeps what it is sent; answers as told."""

    def __init__(self):
        self.mails, self.data_reply, self.rcpt_reply, self.logins = [], "250 OK queued as 4711", None, []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if self.rcpt_reply:
            return self.rcpt_reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), envelope.content, session.ssl is not None,
                           session.authenticated))
        return self.data_reply


def make_certificate(directory, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    f"{directory}/{name}.key", "-out", f"{directory}/{name}.cert", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{directory}/{name}.cert", f"{directory}/{name}.key")
    return context


def body_of(message):
    return message.get_content().replace("\r\n", "\n")


class Mail(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)
        cls.context = make_certificate(cls.directory.name, "server")
        cls.cert = f"{cls.directory.name}/server.cert"

    def server(self, **options):
        keep = Keep()

        class Server(Controller):
            def factory(self):
                return SMTP(self.handler, hostname="mail.test", **options)  # else the name is looked up: who answers?

        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        controller = Server(keep, hostname="127.0.0.1", port=port)
        controller.start()
        self.addCleanup(controller.stop)
        return keep, port

    def mail(self, port, keys):
        return self.driver(f"m: {{kind: mail, host: 127.0.0.1, port: {port}, from: cryomon@cellbank.example, timeout: 5 s{keys}}}\n")

    def plain(self):
        keep, port = self.server()
        return keep, self.mail(port, ", security: none")

    def sent(self, driver, keep, made):
        result = driver.send("m", made)
        self.assertEqual(result["outcome"], "sent", result)
        return email.message_from_bytes(keep.mails[-1][2], policy=email.policy.default)


class Message(Mail):
    def test_what_arrives(self):
        keep, driver = self.plain()
        result = driver.send("m", notice())
        self.assertEqual((result["outcome"], result["detail"]), ("sent", "250 OK queued as 4711"))
        sender, recipients, content, _, _ = keep.mails[0]
        self.assertEqual((sender, recipients), ("cryomon@cellbank.example", ["li.na@cellbank.example"]))
        message = email.message_from_bytes(content, policy=email.policy.default)
        self.assertEqual(message.defects, [])
        first = ("Demo cell bank · Tank 1: Vapour too warm. Vapour temperature -149.2 °C is above -150 °C"
                 " [CRITICAL] · about 3 h left · Check LN2 level and lid")
        self.assertEqual(message["Subject"], first)
        self.assertEqual(message["From"].addresses[0].display_name, "Demo cell bank")
        self.assertEqual(message["To"].addresses[0].display_name, "Li Na 李娜")
        self.assertEqual(message["To"].addresses[0].addr_spec, "li.na@cellbank.example")
        self.assertEqual(parsedate_to_datetime(str(message["Date"])).timestamp(), NOTICE["sent_utc_us"] / 1e6)
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertEqual((message["X-Priority"], message["Importance"]), ("1 (Highest)", "high"))
        self.assertEqual(message["Content-Language"], "en")
        self.assertRegex(message["Message-ID"], r"^<cryomon\.41\.[0-9a-f]{16}@cellbank\.example>$")
        body = body_of(message)
        self.assertEqual(body.splitlines()[0], first)
        self.assertIn("Acknowledge: https://cryo.example.org/a/abc-123_xyz\n", body)
        self.assertIn("Trend: rising 1.2 °C per hour (over the last 30 min)\n", body)
        for line in content.split(b"\r\n"):
            self.assertLessEqual(len(line), 78, line)
            self.assertNotIn(b"\n", line)
        content.decode("ascii")
        driver.close()

    def test_chinese(self):
        keep, driver = self.plain()
        message = self.sent(driver, keep, notice(language="zh"))
        self.assertTrue(message["Subject"].startswith("示范细胞库 · 1号罐：气相温度过高。"), message["Subject"])
        self.assertEqual(message["Content-Language"], "zh-CN")
        self.assertIn("数值：-149.2 °C（良好）", body_of(message))
        self.assertEqual(message.defects, [])
        driver.close()

    def test_messages_of_one_occurrence_form_a_thread(self):
        keep, driver = self.plain()
        one = self.sent(driver, keep, notice())
        again = self.sent(driver, keep, notice(id=42, purpose="again"))
        other = self.sent(driver, keep, notice(occurrence="tank-1/temperature-critical@1764000000000"))
        summary = self.sent(driver, keep, notice(purpose="summary", occurrence=None))
        self.assertEqual(one["References"], again["References"])
        self.assertEqual(one["In-Reply-To"], one["References"])
        self.assertNotEqual(one["References"], other["References"])
        self.assertNotEqual(one["Message-ID"], again["Message-ID"])
        self.assertIsNone(summary["References"])
        driver.close()

    def test_urgent_only_where_it_is(self):
        keep, driver = self.plain()
        for changes, wanted in (({"priority": "high"}, "2 (High)"), ({"priority": "medium"}, None), ({"purpose": "over"}, None),
                                ({"purpose": "drill"}, None), ({"purpose": "summary", "priority": "low", "members": [
                                    {"asset": "t", "alarm": "a", "priority": "critical"}]}, "1 (Highest)")):
            self.assertEqual(self.sent(driver, keep, notice(**changes))["X-Priority"], wanted)
        driver.close()

    def test_no_text_becomes_a_header(self):
        keep, driver = self.plain()
        message = self.sent(driver, keep, nasty_notice())
        self.assertEqual(message.defects, [])
        self.assertIsNone(message["Bcc"])
        self.assertEqual(keep.mails[0][1], ["li.na@cellbank.example"])
        self.assertEqual(len(message["To"].addresses), 1)
        self.assertIn("💧液氮", message["Subject"])
        self.assertIn(NASTY[:20], body_of(message))
        driver.close()

    def test_lines_that_smtp_or_mail_would_change(self):
        keep, driver = self.plain()
        for text in (".", "..", ". leading dot", "trailing space ", "=3D = =\t=", "From me", "x" * 10_000, "液" * 3000,
                     ("." * 75 + " ") * 40):
            message = self.sent(driver, keep, notice(text={"en": text}, asset_name={}, asset=None, site_name={}, site=None))
            self.assertIn(text.replace("\t", " "), body_of(message))
            for line in keep.mails[-1][2].split(b"\r\n"):
                self.assertLessEqual(len(line), 78)
        driver.close()

    def test_a_flood_is_one_mail_with_all_members(self):
        keep, driver = self.plain()
        members = [{"asset": f"t{i}", "asset_name": {"en": f"Tank {i}"}, "alarm": "a", "text": {"en": f"Tank {i}: low"},
                    "priority": "high"} for i in range(500)]
        body = body_of(self.sent(driver, keep, notice(purpose="summary", members=members)))
        for i in range(500):
            self.assertIn(f"{i + 1}. [HIGH] Tank {i}: low\n", body)
        driver.close()

    def test_addresses_that_are_none(self):
        keep, driver = self.plain()
        for address in ("li.na", "@x", "a@", "a b@x", "a@x>\r\nRCPT TO:<b@y", "a@x,b@y", "a@b@c", "李@x.example", "x" * 70 + "@y", None):
            result = driver.send("m", notice(address=address))
            self.assertEqual((result["outcome"], result["permanent"]), ("failed", True), result)
        self.assertEqual(keep.mails, [])
        driver.close()


class Server(Mail):
    def test_starttls_and_login(self):
        def login(_server, _session, _envelope, mechanism, data):
            self.assertIn(mechanism, ("PLAIN", "LOGIN"))
            return AuthResult(success=(data.login, data.password) == (b"cryomon", b"s3cret-password"), handled=False)

        keep, port = self.server(tls_context=self.context, require_starttls=True, authenticator=login, auth_required=True)
        good = self.file("s3cret-password\n")
        driver = self.mail(port, f", security: starttls, ca_file: {self.cert}, user: cryomon, password_file: {good}")
        self.assertEqual(driver.send("m", notice())["outcome"], "sent")
        self.assertEqual(keep.mails[0][3:], (True, True))
        driver.close()
        bad = self.file("not-the-password\n")
        driver = self.mail(port, f", security: starttls, ca_file: {self.cert}, user: cryomon, password_file: {bad}")
        result = driver.send("m", notice())
        self.assertEqual((result["outcome"], result["permanent"], result["maybe_sent"]), ("failed", True, False), result)
        self.assertNotIn("not-the-password", str(result))
        driver.close()

    def test_a_server_that_offers_no_tls_is_refused(self):
        keep, port = self.server()
        driver = self.mail(port, ", security: starttls")
        result = driver.send("m", notice())
        self.assertEqual((result["outcome"], result["maybe_sent"]), ("failed", False), result)
        self.assertEqual(keep.mails, [])
        driver.close()

    def test_a_wrong_certificate_is_refused(self):
        keep, port = self.server(tls_context=self.context)
        make_certificate(self.directory.name, "other")
        for keys in ("", f", ca_file: {self.directory.name}/other.cert"):
            driver = self.mail(port, ", security: starttls" + keys)
            result = driver.send("m", notice())
            self.assertEqual((result["outcome"], result["permanent"], result["maybe_sent"]), ("failed", True, False), result)
            driver.close()
        self.assertEqual(keep.mails, [])

    def test_tls_from_the_first_byte(self):
        keep = Keep()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        class Server(Controller):
            def _trigger_server(self): # its own does not trust our certificate
                with socket.create_connection((self.hostname, self.port), 5) as plain:
                    with ssl._create_unverified_context().wrap_socket(plain) as tls: # pylint: disable=protected-access
                        tls.recv(100)

        controller = Server(keep, hostname="127.0.0.1", port=port, ssl_context=self.context)
        controller.start()
        self.addCleanup(controller.stop)
        driver = self.mail(port, f", security: tls, ca_file: {self.cert}")
        self.assertEqual(driver.send("m", notice())["outcome"], "sent")
        driver.close()

    def test_refusals(self):
        keep, driver = self.plain()
        for reply, permanent in (("451 4.7.1 greylisted, try later", False), ("550 5.1.1 no such user", True)):
            keep.rcpt_reply = reply
            result = driver.send("m", notice())
            self.assertEqual((result["outcome"], result["permanent"], result["maybe_sent"], result["detail"]),
                             ("failed", permanent, False, reply), result)
            self.assertEqual(result["error"], "127.0.0.1 answers: " + reply) # its own words
        keep.rcpt_reply, keep.data_reply = None, "552 5.3.4 mailbox full"
        result = driver.send("m", notice())
        self.assertEqual((result["outcome"], result["permanent"], result["maybe_sent"], result["detail"]),
                         ("failed", True, False, "552 5.3.4 mailbox full"), result)
        driver.close()

    def test_an_answer_that_is_no_smtp_code_curl_knows(self):
        keep, driver = self.plain()
        keep.data_reply = "554 no way"
        result = driver.send("m", notice())
        self.assertEqual((result["outcome"], result["error"]), ("failed", "127.0.0.1 answers: 554 no way"))
        driver.close()

    def test_a_probe_sends_nothing(self):
        keep, driver = self.plain()
        result = driver.send("m", notice(is_probe=True, address=""))
        self.assertEqual((result["outcome"], keep.mails), ("sent", []), result)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        away = self.mail(port, ", security: none")
        self.assertEqual(away.send("m", notice(is_probe=True))["outcome"], "failed")
        away.close()
        driver.close()

    def scripted(self, *steps):
        """A server that says each step after a line of the client's; None hangs, "" hangs up."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        held = []

        def talk():
            connection, _ = server.accept()
            held.append(connection)
            self.addCleanup(connection.close)
            stream = connection.makefile("rwb")
            for step in steps:
                if step is None:
                    return
                if step == "":
                    stream.close()
                    connection.shutdown(socket.SHUT_RDWR)
                    connection.close()
                    return
                stream.write(step.encode() + b"\r\n")
                stream.flush()
                line = stream.readline()
                while step.startswith("354") and line not in (b".\r\n", b""):
                    line = stream.readline()
        threading.Thread(target=talk, daemon=True).start()
        return self.driver(f"m: {{kind: mail, host: 127.0.0.1, port: {server.getsockname()[1]}, from: a@b.example,"
                           " timeout: 1 s, security: none}\n")

    def test_hangs_and_hang_ups(self):
        until_data = ("220 hello", "250 hello", "250 ok", "250 ok")
        for steps, maybe in (((None,), False), (("220 hello", None), False), (("220 hello", ""), False), (("",), False),
                             (until_data + ("",), False), (until_data + ("354 go", None), True), (until_data + ("354 go", ""), True)):
            driver = self.scripted(*steps)
            result = driver.send("m", notice())
            self.assertEqual((result["outcome"], result["maybe_sent"], result["permanent"]), ("failed", maybe, False), (steps, result))
            driver.close()

    def test_the_end_does_not_wait_for_a_server_that_hangs(self):
        driver = self.scripted(None)
        driver.queue("m", notice())
        rest = driver.close()
        self.assertEqual([r["outcome"] for r in rest], ["stopped"])


if __name__ == "__main__":
    unittest.main()
