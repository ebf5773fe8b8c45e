#!/usr/bin/python3
"""cryoctl devices: how the devices answer, for people, scripts and Prometheus."""
import json
import re
import unittest

from cryoctl_case import Case
from fake_daemon import FakeDaemon, demo_devices


class Devices(Case):
    def setUp(self):
        super().setUp()
        daemon = FakeDaemon(self.path).__enter__()
        self.addCleanup(daemon.stop)

    def test_tables(self):
        for language in ("en", "zh"):
            self.golden("devices.%s.txt" % language, self.run_ctl("devices", "--lang", language))

    def test_json(self):
        self.assertEqual(json.loads(self.run_ctl("devices", "--json")), demo_devices()["devices"])
        self.assertEqual(json.loads(self.run_ctl("devices", "--format", "json")), demo_devices()["devices"])

    def test_prometheus(self):
        """Each metric has HELP and TYPE before its samples, which stand together; values are as the daemon says."""
        metrics, described = {}, []
        for line in self.run_ctl("devices", "--format", "prometheus").splitlines():
            if line.startswith("# TYPE "):
                described.append(line.split()[2])
            elif not line.startswith("#"):
                sample = re.fullmatch(r'([a-z_]+)\{((?:[a-z]+="[^"]*",?)*)\} (-?[0-9.e+]+)', line)
                self.assertIsNotNone(sample, line)
                self.assertEqual(sample[1], described[-1])
                labels = dict(re.findall(r'([a-z]+)="([^"]*)"', sample[2]))
                metrics[sample[1], labels["device"], labels.get("quantile", "")] = float(sample[3])
                self.assertEqual((labels["site"], labels["bus"]), ("demo", "hall-a"))
        self.assertEqual(len(described), len(set(described)))
        self.assertEqual(metrics["cryomon_device_up", "tank-1-controller", ""], 1)
        self.assertEqual(metrics["cryomon_device_up", "tank-2-controller", ""], 0)
        self.assertEqual(metrics["cryomon_device_timeouts_total", "tank-2-controller", ""], 27)
        self.assertEqual(metrics["cryomon_device_wrong_device_total", "tank-3-controller", ""], 12)
        self.assertEqual(metrics["cryomon_device_backoff_seconds", "tank-2-controller", ""], 4)
        self.assertEqual(metrics["cryomon_device_latency_seconds", "tank-1-controller", "0.99"], 0.0057)
        self.assertEqual(metrics["cryomon_device_last_good_timestamp_seconds", "tank-2-controller", ""], 1795316493)
        # What is not known is not there, rather than 0.
        self.assertNotIn(("cryomon_device_latency_seconds", "tank-4-controller", "0.5"), metrics)
        self.assertNotIn(("cryomon_device_last_good_timestamp_seconds", "tank-4-controller", ""), metrics)

    def test_format(self):
        self.run_ctl("devices", "--format", "csv", expect=2)
        self.assertIn("table, json or prometheus", self.err)


if __name__ == "__main__":
    unittest.main()
