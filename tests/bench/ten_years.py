#!/usr/bin/python3
"""Ten years of a bank: made, verified, queried and reported on. What it takes, and how large it is."""
import os
import shutil
import subprocess
import sys
import time

import bench

OPTIONS = bench.options(__doc__, years=10.0, tanks=10, dir="/var/tmp", keep=0)
sys.path.insert(0, os.path.join(bench.HERE, "..", "report"))

import record  # noqa: E402 (the configuration text of the report's tests)


def timed(what, *command, output=None):
    start = time.monotonic()
    done = subprocess.run(command, stdout=open(output, "wb") if output else subprocess.PIPE, stderr=subprocess.PIPE)
    print("%-58s %8.2f s   exit %d" % (what, time.monotonic() - start, done.returncode), flush=True)
    if done.returncode != 0:
        print(done.stderr.decode(errors="replace")[-600:])
    return done.stdout.decode(errors="replace") if not output else ""


def main():
    place = os.path.join(OPTIONS.dir, "cryomon-years-%d" % os.getpid())
    cryoctl = os.path.join(OPTIONS.build, "tools", "cryoctl", "cryoctl")
    environment = os.path.join(OPTIONS.build, "tools", "cryoreport")
    os.environ["PATH"] = environment + ":" + os.environ["PATH"]
    os.mkdir(place)
    try:
        configuration = os.path.join(place, "configuration.txt")
        with open(configuration, "w", encoding="utf-8") as f:
            f.write(record.source().replace("interval: 10 s", "interval: 1 min"))
        timed("made: %g years, %d tanks, a reading a minute" % (OPTIONS.years, OPTIONS.tanks),
              os.path.join(OPTIONS.build, "tests", "bench", "ten_years"), place, str(OPTIONS.years), str(OPTIONS.tanks), configuration)
        print(timed("cryoctl stats", cryoctl, "stats", "--dir", place))
        print(timed("cryoctl verify", cryoctl, "verify", place))
        timed("cryoctl verify --quick", cryoctl, "verify", "--quick", place)
        start, end = "2016-01-01", "%d-01-01" % (2016 + max(1, int(OPTIONS.years)))
        span = ("--dir", place, "--utc", "--from", start, "--to", end)
        timed("a month of one point, raw, CSV", cryoctl, "history", "tank-1", "temperature", "--dir", place, "--utc",
              "--from", "2016-06-01", "--to", "2016-07-01", "--format", "csv")
        timed("all hours of one point, CSV", cryoctl, "history", "tank-1", "temperature", *span, "--resolution", "hour", "--format", "csv")
        timed("all days of one point, CSV", cryoctl, "history", "tank-1", "temperature", *span, "--resolution", "day", "--format", "csv")
        timed("all events", cryoctl, "events", *span, "--json")
        print(timed("exposure of a tank over all of it", cryoctl, "exposure", "tank-1", "temperature", *span))
        timed("gaps of a tank over all of it", cryoctl, "gaps", "tank-1", *span)
        timed("report of a tank, a year", cryoctl, "report", "tank-1", "--dir", place, "--utc", "--from", "2016-01-01", "--to", "2017-01-01",
              "-o", os.path.join(place, "year.pdf"))
        timed("report of a tank over all of it", cryoctl, "report", "tank-1", *span, "-o", os.path.join(place, "all.pdf"))
        if OPTIONS.keep:
            print("kept: " + place)
    finally:
        if not OPTIONS.keep:
            shutil.rmtree(place)


main()
