"""The control socket, `cryosim ctl`, how it starts and how it ends."""
import json
import os
import signal
import socket
import stat
import subprocess
import unittest

from simulator import CRYOSIM, Case, Simulator, until

SCENARIO = """
seed: 1
listeners:
  hall: {tcp: {port: 0}}
  line: {rtu: {link: line}}
devices:
  tank-1: {kind: tank, listener: hall, unit: 1}
  ups: {kind: ups, listener: line, unit: 1}
  plain: {kind: table, listener: line, unit: 2, holding: {0: 5}}
"""


def run(*arguments, text=None):
    return subprocess.run([CRYOSIM, *arguments], input=text, capture_output=True, text=True, timeout=20)


class Control(Case):
    scenario = SCENARIO

    def client(self, *words, text=None):
        return run("ctl", "--control", self.sim.path("control"), *words, text=text)

    def test_ready_says_where(self):
        ready = self.sim.ready
        self.assertTrue(ready["ready"])
        self.assertEqual((ready["pid"], ready["devices"]), (self.sim.process.pid, 3))
        self.assertGreater(ready["listeners"]["hall"]["tcp"]["port"], 0)
        self.assertEqual(os.readlink(ready["listeners"]["line"]["rtu"]["link"]),
                         ready["listeners"]["line"]["rtu"]["device"])

    def test_socket_is_for_the_owner(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.sim.path("control")).st_mode), 0o600)

    def test_client(self):
        done = self.client("set", "tank-1", "lid", "open")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        self.assertEqual(self.sim.device("tank-1")["state"]["lid"], "open")
        done = self.client("set tank-1 lid closed")
        self.assertEqual(done.returncode, 0)
        done = self.client("set", "tank-1", "lid", "ajar")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("is not one of closed open", done.stderr)

    def test_client_list(self):
        done = self.client("list")
        self.assertIn("tank-1", done.stdout)
        self.assertIn("vapour_c", done.stdout)
        done = self.client("--json", "list")
        self.assertEqual([d["id"] for d in json.loads(done.stdout)["devices"]], ["tank-1", "ups", "plain"])

    def test_client_reads_lines(self):
        done = self.client(text="# a comment\nset tank-1 supply off\n\nnonsense\nset tank-1 supply on\nhelp\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such command", done.stderr)
        self.assertIn("fault DEVICE", done.stdout)

    def test_client_mistakes(self):
        self.assertEqual(run("ctl", "list").returncode, 2)
        self.assertEqual(run("ctl", "--nonsense").returncode, 2)
        self.assertEqual(run("ctl", "--control", "/nonexistent", "list").returncode, 1)
        self.assertEqual(run("ctl", "--help").returncode, 0)

    def test_wrong_commands(self):
        for command, why in (("set", "usage:"), ("set nobody lid open", "no device"),
                             ("set tank-1 lidd open", "no setting"), ("set plain lid open", "is a table"),
                             ("set all lidd open", "no setting"), ("speed 0", "not a speed"), ("speed fast", "not a speed"),
                             ("step", "usage:"), ("step -1 s", "not a duration"), ("list all", "usage:"),
                             ("register plain holding 1 5", "no such address"),
                             ("register plain holding 0 70000", "not a value"),
                             ("register plain thing 0 5", "not coil"), ("register tank-1 input 11 0", "no such address"),
                             ("", "no command"), ("set " + "x " * 40, "too many words")):
            answer = self.sim.ask(command)
            self.assertTrue(answer.startswith("error: ") and why in answer, f"{command}: {answer}")

    def test_endless_line(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(self.sim.path("control"))
            client.sendall(b"x" * 600)
            try:
                self.assertEqual(client.recv(100), b"")
            except ConnectionResetError:
                pass
        self.assertEqual(self.sim.ask("speed 1"), "ok")

    def test_set_all(self):
        self.sim.ctl("set all mains off")  # a table has no such setting; the others have
        self.assertFalse(self.sim.device("tank-1")["state"]["mains"])
        self.assertFalse(self.sim.device("ups")["state"]["mains"])
        self.sim.ctl("set all mains on")

    def test_clock(self):
        before = self.sim.list()["elapsed_s"]
        self.sim.ctl("speed 100")
        self.sim.ctl("set ups speed 10")
        tank, ups = (self.sim.device(d)["simulated_s"] for d in ("tank-1", "ups"))
        self.assertEqual(self.sim.ctl("step 2.5 s"), f"{before + 2.5:.3f} s")
        self.assertAlmostEqual(self.sim.device("tank-1")["simulated_s"] - tank, 250, delta=0.6)
        self.assertAlmostEqual(self.sim.device("ups")["simulated_s"] - ups, 25, delta=0.6)

    def test_many_clients_at_once(self):
        sockets = [socket.socket(socket.AF_UNIX) for _ in range(10)]
        for client in sockets:
            self.addCleanup(client.close)
            client.settimeout(5)
            client.connect(self.sim.path("control"))
        for client in sockets:
            client.sendall(b"speed 1\nspeed 1\n")
            self.assertEqual(client.makefile().readline(), "ok\n")


class Life(unittest.TestCase):
    def start(self, *options):
        sim = Simulator(SCENARIO, *options)
        self.addCleanup(sim.clean)
        return sim

    def test_ends_clean(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            sim = self.start()
            self.assertEqual(sim.stop(number), 0)
            self.assertFalse(os.path.lexists(sim.path("control")))
            self.assertFalse(os.path.lexists(sim.path("line")))

    def test_quit(self):
        sim = self.start()
        self.assertEqual(sim.ask("quit"), "ok")
        self.assertEqual(sim.process.wait(10), 0)
        self.assertFalse(os.path.lexists(sim.path("control")))

    def test_same_seed_same_world(self):
        states = []
        for seed in ("5", "5", "6"):
            sim = self.start("--seed", seed)
            sim.ctl("step 100 s")
            states.append(sim.device("tank-1")["state"]["vapour_reading_c"])
        self.assertEqual(states[0], states[1])
        self.assertNotEqual(states[0], states[2])

    def test_takes_the_place_of_a_dead_one(self):
        sim = self.start()
        sim.process.kill()
        sim.process.wait(10)
        self.assertTrue(os.path.lexists(sim.path("control")) and os.path.lexists(sim.path("line")))
        again = subprocess.Popen([CRYOSIM, "--control", sim.path("control"), "--directory", sim.directory, sim.scenario],
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(again.stdout.close)
        self.addCleanup(again.wait)
        self.addCleanup(again.terminate)
        self.assertTrue(json.loads(again.stdout.readline())["ready"])

    def test_leaves_a_living_one_alone(self):
        sim = self.start()
        with open(sim.path("other.yaml"), "w", encoding="utf-8") as file:
            file.write("listeners: {a: {tcp: {port: 0}}}\ndevices: {t: {kind: tank, listener: a, unit: 1}}\n")
        done = run("--control", sim.path("control"), sim.path("other.yaml"))
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("in use", done.stderr)
        self.assertEqual(sim.ask("speed 1"), "ok")

    def test_does_not_replace_a_file(self):
        sim = self.start()
        sim.stop()
        with open(sim.path("line"), "w", encoding="utf-8") as file:
            file.write("somebody's")
        done = run("--directory", sim.directory, sim.scenario)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("listener line: File exists", done.stderr)
        os.unlink(sim.path("line"))
        os.symlink("/dev/null", sim.path("line"))
        self.assertEqual(run("--directory", sim.directory, sim.scenario).returncode, 1)
        self.assertEqual(os.readlink(sim.path("line")), "/dev/null")

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            sim = self.start()
            with open(sim.path("other.yaml"), "w", encoding="utf-8") as file:
                file.write(f"listeners: {{a: {{tcp: {{port: {port}}}}}}}\n"
                           "devices: {t: {kind: tank, listener: a, unit: 1}}\n")
            done = run(sim.path("other.yaml"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("listener a: Address already in use", done.stderr)

    def test_a_client_that_does_not_read_harms_nobody(self):
        sim = self.start()
        lazy = socket.create_connection(("127.0.0.1", sim.port("hall")))
        self.addCleanup(lazy.close)
        lazy.settimeout(5)
        request = b"\x00\x01\x00\x00\x00\x06\x01\x04\x00\x00\x00\x0b"
        try:
            for _ in range(4000):
                lazy.sendall(request * 50)
        except OSError:
            pass  # cut off, as it should be
        self.assertEqual(sim.ask("speed 1"), "ok")
        until(lambda: sim.list()["listeners"]["hall"]["connections"] == 0)


class Options(unittest.TestCase):
    def test_help_and_version(self):
        for option, what in (("--help", "Usage: cryosim"), ("--version", "cryosim ")):
            done = run(option)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue(done.stdout.startswith(what))

    def test_usage(self):
        for arguments in ((), ("a", "b"), ("--nonsense", "a")):
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("Usage:", done.stderr)


if __name__ == "__main__":
    unittest.main()
