"""Each shipped profile says where it comes from, speaks both languages, has register images that show it, and is
one that cryomond takes, with every register as a point."""
import copy
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "system"))
import harness  # noqa: E402
from configuration import Setup  # noqa: E402
from images import PROFILES, Image, images, profiles  # noqa: E402
from schema import complaints  # noqa: E402

GOOD = {"vendor": "V", "model": "M", "source": "manual, page 1", "status": "documented", "transports": ["tcp"],
        "registers": {"t": {"table": "input", "address": "0", "type": "s16", "name": {"en": "T", "zh": "温度"},
                            "sentinels": {"0x8000": "sensor-fault"}},
                      "s": {"table": "input", "address": "1", "type": "u16", "name": {"en": "S", "zh": "状态"},
                            "status": {"1": "warm-up", "0": "good"}}}}
IMAGE = {"profile": "p", "source": "manual, page 1", "cases": [
    {"name": "normal", "image": {"input": {"0": ["5", "0"]}}, "expect": {"t": ["5", "good", "none"]}},
    {"name": "break", "image": {"input": {"0": ["0x8000"]}}, "expect": {"t": ["null", "bad", "sensor-fault"]}},
    {"name": "warm", "image": {"input": {"0": ["5", "1"]}}, "expect": {"t": ["null", "bad", "warm-up"]}}]}


class Refusals(unittest.TestCase):
    """The schema's own teeth."""

    def refused(self, change, what):
        profile, image = copy.deepcopy(GOOD), copy.deepcopy(IMAGE)
        change(profile, image)
        found = list(complaints(profile, Image("p", image) if image else None))
        self.assertTrue(any(what in text for text in found), "%s: %s" % (what, found))

    def test_a_good_profile_passes(self):
        self.assertEqual(list(complaints(GOOD, Image("p", IMAGE))), [])

    def test_what_is_missing_is_refused(self):
        for key in "vendor", "model", "source", "status":
            self.refused(lambda p, i, key=key: p.pop(key), "'%s' is missing" % key)
        self.refused(lambda p, i: p["registers"]["t"].pop("name"), "English and Chinese")
        self.refused(lambda p, i: p["registers"]["t"]["name"].pop("zh"), "English and Chinese")
        self.refused(lambda p, i: i.clear(), "no register images")

    def test_cases_that_are_missing_are_refused(self):
        self.refused(lambda p, i: i.pop("source"), "images have no source")
        self.refused(lambda p, i: i["cases"].pop(0), "no case in which all is well")
        self.refused(lambda p, i: i["cases"].pop(1), "sentinel 0x8000")
        self.refused(lambda p, i: i["cases"].pop(2), "the reason warm-up")
        self.refused(lambda p, i: i["cases"][0]["expect"].update(x=["1", "good", "none"]), "that is not there")


class Shipped(harness.SystemTest):
    def test_each_profile_is_complete(self):
        shown = images()
        wrong = ["%s: %s" % (name, text) for name, profile in profiles().items()
                 for text in complaints(profile, shown.get(name))]
        self.assertEqual(wrong, [])

    def test_each_image_has_its_profile(self):
        for name, image in images().items():
            self.assertEqual(image.profile, name)
            self.assertIn(name, profiles())

    def test_each_profile_is_listed(self):
        """Once in the profile list, with its status."""
        with open(os.path.join(PROFILES, "README.md")) as f:
            rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \|(.*)\|$", f.read(), re.M))
        for name, profile in profiles().items():
            self.assertIn(name, rows)
            self.assertIn(profile["status"], rows[name], name)

    def test_cryomond_takes_each_profile_with_all_registers(self):
        setup = Setup(self.dir)
        for i, (name, profile) in enumerate(profiles().items()):
            if "tcp" in profile["transports"]:
                setup.tcp("bus-%d" % i, 502, host="192.0.2.%d" % (i + 1))
            else:
                setup.rtu("bus-%d" % i, "/dev/ttyNONE%d" % i)
            setup.device(name, "bus-%d" % i, 1, name, accept_unverified=True)
            setup.asset(name, {register: (name, register) for register in profile["registers"]}, kind="utility")
        setup.write()
        done = subprocess.run([harness.binary("cryomond"), "--check", "--config", self.path("etc")],
                              env=dict(os.environ, CRYOMON_PROFILES=PROFILES), capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    harness.main()
