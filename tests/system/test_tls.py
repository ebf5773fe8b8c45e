"""MQTT over TLS: own CA, client certificate, user and password from a file; and what is said when it fails."""
import os
import subprocess

import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer


def openssl(*arguments, cwd):
    subprocess.run(["openssl", *arguments], cwd=cwd, check=True, capture_output=True, timeout=60)


def authority(directory, name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=" + name, "-keyout", name + ".key", "-out", name + ".pem", cwd=directory)


def certificate(directory, name, ca, names=""):
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=" + name,
            "-keyout", name + ".key", "-out", name + ".csr", cwd=directory)
    with open(os.path.join(directory, name + ".ext"), "w") as f:
        f.write("subjectAltName=%s\n" % (names or "DNS:" + name))
    openssl("x509", "-req", "-in", name + ".csr", "-CA", ca + ".pem", "-CAkey", ca + ".key", "-CAcreateserial", "-days",
            "2", "-extfile", name + ".ext", "-out", name + ".pem", cwd=directory)


class Tls(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.keys = self.path("keys")
        os.mkdir(self.keys)
        authority(self.keys, "ca")
        authority(self.keys, "stranger")
        certificate(self.keys, "broker", "ca", "IP:" + harness.ADDRESS)
        certificate(self.keys, "elsewhere", "ca", "DNS:elsewhere.example")
        certificate(self.keys, "cryomon", "ca")
        self.write("password", "Zürich-液氮 196\n")
        users = self.key("users")
        for n, user in enumerate(("cryomon", "watcher")):
            subprocess.run(["mosquitto_passwd", "-b", *(["-c"] if n == 0 else []), users, user, "Zürich-液氮 196"],
                           check=True, capture_output=True)
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Bank()
        self.bank.set(1, HOLDING, 0, 7)

    def key(self, name):
        return os.path.join(self.keys, name)

    def write(self, name, text):
        with open(self.key(name), "w") as f:
            f.write(text)
        os.chmod(self.key(name), 0o600)

    def broker(self, server="broker"):
        broker = Broker(self.path("broker"), [
            "cafile " + self.key("ca.pem"), "certfile " + self.key(server + ".pem"),
            "keyfile " + self.key(server + ".key"), "require_certificate true", "allow_anonymous false",
            "password_file " + self.key("users")]).start()
        self.addCleanup(broker.stop)
        return broker

    def configure(self, broker, **changes):
        setup = Setup(self.dir, broker)
        setup.main["mqtt"] = {k: v for k, v in dict({
            "broker": broker.uri("mqtts"), "username": "cryomon", "password_file": self.key("password"),
            "ca_file": self.key("ca.pem"), "certificate_file": self.key("cryomon.pem"),
            "key_file": self.key("cryomon.key")}, **changes).items() if v is not None}
        setup.profile("p", {"value": {"table": "holding", "address": 0, "type": "u16", "unit": "V"}}, interval="200 ms",
                      timeout="200 ms")
        setup.tcp("bus", TcpServer(self.loop, self.bank).port)
        setup.device("d", "bus", 1, "p")
        setup.whole("a", "d", "p")
        setup.write()

    def options(self):
        return ["--cafile", self.key("ca.pem"), "--cert", self.key("cryomon.pem"), "--key", self.key("cryomon.key"), "-u",
                "watcher", "-P", "Zürich-液氮 196"]

    def test_good(self):
        broker = self.broker()
        self.configure(broker)
        observer = Observer(broker, options=self.options())
        self.addCleanup(observer.stop)
        self.daemon().start()
        observer.point("a", "value", lambda p: p["value"] == 7)
        observer.event(kind="start")
        with open(broker.log, encoding="utf-8") as f:
            self.assertIn("u'cryomon'", f.read())

    def refused(self, wanted, server="broker", **changes):
        """No message comes through, and the log says why."""
        broker = self.broker(server)
        self.configure(broker, **changes)
        daemon = self.daemon().start()
        line = daemon.log.wait(lambda text: ("broker" in text.lower() or "mqtt" in text.lower()) and any(
            word in text.lower() for word in wanted), "a line with one of %s" % (wanted,))
        print(line, flush=True)
        with open(broker.log, encoding="utf-8", errors="replace") as f:
            self.assertNotIn("Sending PUBACK", f.read())
        self.assertLess(daemon.stop(), 2 if not harness.SANITIZED else 6)

    def test_wrong_ca(self):
        self.refused(("certificate", "tls", "ssl"), ca_file=self.key("stranger.pem"))

    def test_wrong_name(self):
        """A good certificate for another machine."""
        self.refused(("certificate", "tls", "ssl", "host"), server="elsewhere")

    def test_no_client_certificate(self):
        self.refused(("certificate", "tls", "ssl", "lost", "refused", "failed"), certificate_file=None, key_file=None)

    def test_wrong_password(self):
        self.write("password", "guess\n")
        self.refused(("password", "authori", "credential"))

    def test_missing_password_file(self):
        self.refused(("password",), password_file=self.key("nowhere"))

    def test_missing_ca_file(self):
        self.refused(("nowhere.pem", "certificate", "ca_file"), ca_file=self.key("nowhere.pem"))


if __name__ == "__main__":
    harness.main()
