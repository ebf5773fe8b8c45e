#!/usr/bin/python3
"""What a reading costs on disk: cryomon's history beside plain SQLite tables, and InfluxDB, on the same data."""
import json
import os
import shutil
import subprocess

import bench

OPTIONS = bench.options(__doc__, points=500, days=7.0, plain_days=0.5, influx=0.0, noisy=0, dir="/var/tmp")


def program(name):
    return os.path.join(OPTIONS.build, "tests", "bench", name)


def run(*arguments):
    return json.loads(subprocess.run(arguments, check=True, stdout=subprocess.PIPE, text=True).stdout)


def show(result):
    print("%-28s %12d %10.3f %10.1f %12d" % (result["store"], result["readings"], result["bytes_per_reading"],
                                             result["written_per_reading"], result["readings_per_s"]), flush=True)


def cryomon(kind, *words):
    place = os.path.join(OPTIONS.dir, "cryomon-bench-%d" % os.getpid())
    os.mkdir(place)
    try:
        result = run(program("history_cryomon"), place, str(OPTIONS.points), str(OPTIONS.days), *words)
        result["store"] = "cryomon, " + kind
        show(result)
        print("    the slowest hour was folded in %d ms, the slowest day in %d ms" % (result["hour_ms"], result["day_ms"]))
    finally:
        shutil.rmtree(place)


def plain(schema, *words):
    place = os.path.join(OPTIONS.dir, "cryomon-bench-%d" % os.getpid())
    os.mkdir(place)
    try:
        show(run(program("history_plain"), schema, place, str(OPTIONS.points), str(OPTIONS.plain_days), *words))
    finally:
        shutil.rmtree(place)


def influxdb(form, *words):
    import influx
    place = os.path.join(OPTIONS.dir, "cryomon-bench-%d" % os.getpid())
    os.mkdir(place)
    try:
        server = influx.Influx(place)
        try:
            lines = subprocess.Popen([program("history_plain"), form, "-", str(OPTIONS.points), str(OPTIONS.influx), *words],
                                     stdout=subprocess.PIPE)
            server.write(lines.stdout)
            lines.wait()
            readings = OPTIONS.points * OPTIONS.influx * 8640
            print("%-28s %12d %10.3f" % ("InfluxDB, compacted, " + form, readings, server.settled() / readings))
        finally:
            server.stop()
    finally:
        shutil.rmtree(place)


def main():
    words = ["noisy"] if OPTIONS.noisy else []
    print("%-28s %12s %10s %10s %12s" % ("", "readings", "B/reading", "B written", "readings/s"))
    cryomon("noisy" if words else "realistic", *words)
    for schema in ("index", "point", "time"):
        plain(schema, *words)
    if OPTIONS.influx:
        for form in ("lines", "tenths"):
            influxdb(form, *words)


main()
