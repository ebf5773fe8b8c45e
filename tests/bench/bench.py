"""What the measurements share: where the harness is, the build, tables of percentiles."""
import argparse
import os
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "system"))


def options(description, **defaults):
    """Command line: --build DIR, and one --name per default."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--build", default=os.environ.get("CRYOMON_BIN_DIR", os.path.join(HERE, "../../build/release")),
                        help="build directory (default: build/release)")
    for name, value in defaults.items():
        parser.add_argument("--" + name, type=type(value), default=value, help="default: %(default)s")
    parsed = parser.parse_args()
    os.environ["CRYOMON_BIN_DIR"] = parsed.build
    return parsed


class Place:
    """A directory for the run, and things to undo at its end."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="cryo-")
        self._undo = [lambda: shutil.rmtree(self.dir, True)]
        return self

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def undo(self, function):
        self._undo.append(function)

    def __exit__(self, *error):
        for function in reversed(self._undo):
            function()


def percentile(values, part):
    """The value below which that part of all lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def row(name, values, unit="ms", scale=1000.0):
    return "%-52s %6d %9.2f %9.2f %9.2f %s" % (name, len(values), scale * percentile(values, 0.5),
                                               scale * percentile(values, 0.99), scale * max(values), unit)


HEAD = "%-52s %6s %9s %9s %9s" % ("", "n", "p50", "p99", "max")
