"""What the service manager is told, and what happens when a thread hangs."""
import os
import signal
import subprocess
import time

import harness
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, TcpServer


class Service(harness.SystemTest):
    def setUp(self):
        super().setUp()
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Bank()
        self.bank.set(1, HOLDING, 0, 7)
        self.configure(self.dir)

    def configure(self, directory):
        setup = Setup(directory)
        setup.profile("p", {"value": {"table": "holding", "address": 0, "type": "u16", "unit": "V"}},
                      interval="200 ms", timeout="200 ms")
        setup.tcp("bus", TcpServer(self.loop, self.bank).port)
        setup.device("d", "bus", 1, "p")
        setup.whole("a", "d", "p")
        return setup.write()

    def test_life(self):
        daemon = self.daemon().start()
        notify = daemon.notify
        notify.wait("STATUS")
        mark = notify.feed.mark()
        before = time.clock_gettime(time.CLOCK_MONOTONIC)
        daemon.signal(signal.SIGHUP)
        reloading = notify.wait("RELOADING", "1", since=mark)
        stamp = int(reloading["MONOTONIC_USEC"]) / 1e6
        self.assertTrue(before <= stamp <= time.clock_gettime(time.CLOCK_MONOTONIC), stamp)
        at = notify.feed.items.index(reloading)
        notify.wait("READY", "1", since=at + 1)
        daemon.stop()
        notify.wait("STOPPING", "1")

    def test_reload_refused(self):
        """Also a refused reload ends with READY, or the service manager would wait for ever."""
        daemon = self.daemon().start()
        with open(self.path("etc", "conf.d", "wrong.yaml"), "w") as f:
            f.write("sitte: {id: x}\n")
        mark = daemon.notify.feed.mark()
        daemon.signal(signal.SIGHUP)
        reloading = daemon.notify.wait("RELOADING", "1", since=mark)
        at = daemon.notify.feed.items.index(reloading)
        daemon.notify.wait("READY", "1", since=at + 1)
        daemon.log.wait(lambda line: "wrong.yaml:1:1" in line and "site" in line, "the mistake, and what was meant")

    def pings(self, daemon, seconds):
        mark = daemon.notify.feed.mark()
        time.sleep(seconds)
        return sum(1 for f in daemon.notify.feed.since(mark) if "WATCHDOG" in f)

    def test_watchdog(self):
        daemon = self.daemon(env={"WATCHDOG_USEC": "4000000"}).start()
        self.assertGreaterEqual(self.pings(daemon, 4.5), 2)
        daemon.stop()

    def test_no_watchdog(self):
        daemon = self.daemon().start()
        self.assertEqual(self.pings(daemon, 1.5), 0)

    def test_hanging_threads(self):
        """A thread hangs while a file exists: the pings stop, and come again when it goes on. All threads at once,
        each in a daemon of its own, for a hang is only one after some seconds."""
        with open(harness.binary("cryomond"), "rb") as f:
            if b"CRYOMON_TEST_HANG" not in f.read():
                self.skipTest("this build can't hang a thread")
        daemons = {}
        for thread in "store", "bus:bus", "publisher", "control":
            place = self.path(thread.split(":")[0])
            os.mkdir(place)
            switch = os.path.join(place, "hang")
            daemons[thread] = self.daemon(self.configure(place), env={
                "WATCHDOG_USEC": "4000000", "CRYOMON_TEST_HANG": "%s:%s" % (thread, switch)}).start()
            daemons[thread].notify.wait("WATCHDOG", "1")
            daemons[thread].switch = switch
        for daemon in daemons.values():
            open(daemon.switch, "w").close()
        for thread, daemon in daemons.items():
            daemon.log.wait(lambda line: "hung" in line and thread in line, "%s in the log" % thread, limit=60)
        marks = {thread: daemon.notify.feed.mark() for thread, daemon in daemons.items()}
        time.sleep(4)  # that nothing comes can only be seen by letting time pass
        for thread, daemon in daemons.items():
            self.assertEqual([f for f in daemon.notify.feed.since(marks[thread]) if "WATCHDOG" in f], [], thread)
            os.unlink(daemon.switch)
            daemon.notify.wait("WATCHDOG", "1", since=marks[thread])
            daemon.stop()

    def test_options(self):
        run = subprocess.run
        program = harness.binary("cryomond")
        done = run([program, "--version"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"\d+\.\d+\.\d+")
        done = run([program, "--help"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0)
        self.assertIn("--config", done.stdout)
        done = run([program, "--check", "--config", self.path("etc")], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotEqual(run([program, "--nonsense"], capture_output=True).returncode, 0)
        os.rename(self.path("etc", "cryomon.yaml"), self.path("etc", "gone.yaml"))
        done = run([program, "--check", "--config", self.path("etc")], capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("cryomon.yaml", done.stderr + done.stdout)


if __name__ == "__main__":
    harness.main()
