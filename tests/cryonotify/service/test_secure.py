"""The broker over TLS with a client certificate and a password; and with mosquitto-acl.example in force."""
import os
import re
import subprocess

from notify_case import ADDRESS, NotifyTest, harness

from broker import Broker
from test_tls import authority, certificate

ACL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "units", "mosquitto-acl.example")


class Secure(NotifyTest):
    def setUp(self):
        super().setUp()
        self.broker.stop()
        keys = self.path("keys")
        os.mkdir(keys)
        authority(keys, "ca")
        authority(keys, "stranger")
        certificate(keys, "broker", "ca", "IP:" + ADDRESS)
        certificate(keys, "client", "ca")
        self.keys = keys
        for name in ("password",):
            with open(os.path.join(keys, name), "w") as f:
                f.write("液氮 196\n")
            os.chmod(os.path.join(keys, name), 0o600)
        for n, user in enumerate(("cryomon", "cryonotify")):
            subprocess.run(["mosquitto_passwd", "-b", *(["-c"] if n == 0 else []), os.path.join(keys, "users"), user,
                            "液氮 196"], check=True, capture_output=True)
        with open(ACL) as f, open(os.path.join(keys, "acl"), "w") as to:
            to.write(f.read().replace("/demo/", "/test/"))
        self.broker = Broker(self.path("secure"), [
            "cafile %s/ca.pem" % keys, "certfile %s/broker.pem" % keys, "keyfile %s/broker.key" % keys,
            "require_certificate true", "allow_anonymous false", "password_file %s/users" % keys,
            "acl_file %s/acl" % keys]).start()
        self.addCleanup(self.broker.stop)
        publish = self.broker.publish
        options = ["--cafile", keys + "/ca.pem", "--cert", keys + "/client.pem", "--key", keys + "/client.key", "-u", "cryomon",
                   "-P", "液氮 196"]
        self.broker.publish = lambda topic, payload, *more: publish(topic, payload, *more, *options)

    def mqtt(self, **changes):
        return dict({"broker": self.broker.uri("mqtts"), "username": "cryonotify", "password_file": self.keys + "/password",
                     "ca_file": self.keys + "/ca.pem", "certificate_file": self.keys + "/client.pem",
                     "key_file": self.keys + "/client.key"}, **changes)

    def test_call(self):
        """All that cryonotify needs is allowed by the example: subscriptions, echo, status."""
        self.be_daemon()
        service = self.service(mqtt=self.mqtt())  # waits for the states: the subscriptions and the echo work
        self.publish(self.body("warm", "raised", "unacknowledged"))
        self.receiver.wait(person="li.na", purpose="call")
        self.assertFalse([line for line in service.log.since() if "refuse" in line])

    def test_wrong_authority(self):
        """It connects to nobody else, says why, and people hear that no alarm arrives."""
        service = self.service(start=False, mqtt=self.mqtt(ca_file=self.keys + "/stranger.pem"))
        service.start()
        service.log.wait(lambda line: re.search("certificate", line), "the reason")
        told = self.receiver.wait(person="li.na", alarm="broker", purpose="call")
        self.assertIn("certificate", str(told))


if __name__ == "__main__":
    harness.main()
