"""A missing broker, device or disk does not keep the daemon from starting: it says so, alarms, and recovers.
And in each of these states it stops within 2 seconds."""
import json
import os
import socket

import harness
from broker import Broker, Observer
from configuration import Setup
from modbus_raw import HOLDING, Bank, Loop, RtuServer, TcpServer
from test_dead_devices import BlackHole

STOP_LIMIT = 2.0 if not harness.SANITIZED else 6.0


class StartWithout(harness.SystemTest):  # each
    def setUp(self):
        super().setUp()
        self.loop = Loop()
        self.addCleanup(self.loop.stop)
        self.bank = Bank()
        self.bank.set(1, HOLDING, 0, 7)

    def make(self, broker=None, server=None, state=None):
        """A configuration with one device on TCP; what is not given is there and well."""
        if server is None:
            server = TcpServer(self.loop, self.bank).port
        setup = Setup(self.dir, broker, state)
        setup.profile("p", {"value": {"table": "holding", "address": 0, "type": "u16", "unit": "V"}},
                      interval="200 ms", timeout="200 ms")
        if isinstance(server, str):
            setup.rtu("bus", server)
        else:
            setup.tcp("bus", server)
        setup.device("d", "bus", 1, "p")
        setup.asset("a", {"value": ("d", "value", {"no_data_after": "1 s"})})
        return setup

    def broker(self):
        broker = Broker(self.path("broker")).start()
        self.addCleanup(broker.stop)
        return broker

    def observe(self, broker):
        observer = Observer(broker)
        self.addCleanup(observer.stop)
        return observer

    def stop_in_time(self, daemon, state):
        took = daemon.stop()
        print("stop with %s: %.0f ms" % (state, 1000 * took), flush=True)
        self.assertLess(took, STOP_LIMIT)

    def alarms(self):
        return {(a["asset"], a["alarm"]): a for a in json.loads(self.ctl("alarms", "--json").stdout)}

    def rows(self, file, table, what):
        """What a query finds; nothing while the daemon has not made the file or its tables yet."""
        path = self.path("state", file)
        if not os.path.exists(path) or not harness.sqlite(path, "SELECT 1 FROM sqlite_master WHERE name='%s'" % table):
            return []
        return harness.sqlite(path, "SELECT %s FROM %s" % (what, table))

    def readings(self):
        return sum(row["count"] for row in self.rows("history.db", "frame", "count"))

    # ---- the broker

    def without_broker(self, port, state):
        setup = self.make()
        setup.main["mqtt"] = {"broker": "mqtt://%s:%d" % (harness.ADDRESS, port)}
        setup.write()
        daemon = self.daemon().start()
        daemon.log.wait(lambda line: "broker" in line.lower() or "mqtt" in line.lower(), "the broker in the log")
        harness.until(lambda: self.readings() > 5, "readings on disk")
        self.stop_in_time(daemon, state)

    def test_broker_refuses(self):
        self.without_broker(harness.free_port(), "a broker that refuses")

    def test_broker_black_hole(self):
        hole = BlackHole()
        self.addCleanup(hole.close)
        self.without_broker(hole.port, "a broker that takes no connection")

    def test_broker_silent(self):
        with socket.create_server((harness.ADDRESS, 0)) as silent:
            self.without_broker(silent.getsockname()[1], "a broker that does not answer")

    def test_no_mqtt_section(self):
        self.make().write()
        daemon = self.daemon().start()
        daemon.log.wait(lambda line: "mqtt" in line.lower(), "the warning")
        self.stop_in_time(daemon, "no MQTT configured")

    def test_broker_comes(self):
        """The alarm stands while there is no broker; what happened meanwhile is delivered when there is one."""
        broker = Broker(self.path("broker"))
        self.make(broker).write()
        daemon = self.daemon().start()
        # 30 s of grace, so that a broker's restart is no alarm.
        harness.until(lambda: ("system", "broker") in self.alarms(), "the broker alarm", limit=60)
        broker.start()
        self.addCleanup(broker.stop)
        observer = self.observe(broker)
        observer.event(asset="system", alarm="broker", transition="raised", historical=True)
        observer.event(kind="start", historical=True)
        observer.event(asset="system", alarm="broker", transition="returned", limit=60)
        observer.point("a", "value", lambda p: p["value"] == 7)
        observer.wait("/status", lambda s: s["state"] == "online")
        self.stop_in_time(daemon, "a broker that came late")
        observer.wait("/status", lambda s: s["state"] == "offline")

    # ---- devices

    def without_device(self, server, appear, state):
        broker = self.broker()
        self.make(broker, server).write()
        observer = self.observe(broker)
        daemon = self.daemon().start()
        observer.event(asset="a", alarm="value-no-data", transition="raised")
        reading = observer.point("a", "value", lambda p: p.get("reason") == "link-down")
        self.assertEqual((reading["quality"], reading["value"]), ("bad", None))
        daemon.log.wait(lambda line: "bus" in line, "the bus in the log")
        self.stop_in_time(daemon, state)
        daemon.start()
        appear()
        observer.point("a", "value", lambda p: p["value"] == 7)
        observer.event(asset="a", alarm="value-no-data", transition="returned")

    def test_no_tcp_device(self):
        port = harness.free_port()
        self.without_device(port, lambda: TcpServer(self.loop, self.bank, port=port), "a device that refuses")

    def test_no_serial_line(self):
        path = self.path("ttyUSB0")

        def appear():
            server = RtuServer(self.loop, self.bank)
            self.addCleanup(server.unplug)
            os.symlink(server.path, path)
        self.without_device(path, appear, "no serial adapter")

    def test_unplugged(self):
        """The adapter goes away while it is used, and another one comes."""
        path = self.path("ttyUSB0")
        first = RtuServer(self.loop, self.bank)
        os.symlink(first.path, path)
        broker = self.broker()
        self.make(broker, path).write()
        observer = self.observe(broker)
        daemon = self.daemon().start()
        observer.point("a", "value", lambda p: p["value"] == 7)
        os.unlink(path)
        first.unplug()
        observer.point("a", "value", lambda p: p.get("reason") == "link-down")
        mark = observer.feed.mark()
        second = RtuServer(self.loop, self.bank)
        self.addCleanup(second.unplug)
        os.symlink(second.path, path)
        observer.point("a", "value", lambda p: p["value"] == 7, since=mark)
        self.stop_in_time(daemon, "a new adapter")

    def stop_within_request(self, handler, state):
        server = TcpServer(self.loop, handler)
        setup = self.make(None, server.port)
        setup.profiles["p"]["timeout"] = "10 s"
        setup.profiles["p"]["interval"] = "30 s"
        setup.main["assets"]["a"]["points"]["value"]["no_data_after"] = "5 min"
        setup.write()
        daemon = self.daemon().start()
        harness.until(lambda: server.lines and any(line.requests for line in list(server.lines)), "the request")
        self.stop_in_time(daemon, state)

    def test_stop_with_silent_device(self):
        self.stop_within_request(lambda line, request: None, "a request of 10 s under way")

    def test_stop_with_half_reply(self):
        self.stop_within_request(lambda line, request: line.send(request.reply([7])[:5]), "half a reply received")

    # ---- the disk

    def without_disk(self, setup, observer, appear, state):
        setup.write()
        daemon = self.daemon().start()
        observer.event(asset="system", alarm="state-database", transition="raised")
        observer.point("a", "value", lambda p: p["value"] == 7)  # watching goes on
        daemon.log.wait(lambda line: "state.db" in line or "directory" in line, "the disk in the log")
        self.stop_in_time(daemon, state)
        mark = observer.feed.mark()
        daemon.start()
        observer.event(asset="system", alarm="state-database", transition="raised", since=mark)
        appear()
        observer.event(asset="system", alarm="state-database", transition="returned", since=mark, limit=60)
        harness.until(lambda: self.readings() > 3, "readings on disk")
        self.stop_in_time(daemon, "a disk that came late")
        self.assertEqual(harness.integrity(self.path("state", "state.db")), "ok")
        kinds = [row["kind"] for row in self.rows("state.db", "event", "kind")]
        self.assertIn("start", kinds)

    def test_file_in_place_of_directory(self):
        broker = self.broker()
        setup, observer = self.make(broker), self.observe(broker)
        with open(self.path("state"), "w") as f:
            f.write("not a directory\n")

        def appear():
            os.unlink(self.path("state"))
            os.mkdir(self.path("state"))
        self.without_disk(setup, observer, appear, "no state directory")

    def test_directory_in_place_of_database(self):
        broker = self.broker()
        setup, observer = self.make(broker), self.observe(broker)
        os.makedirs(self.path("state", "state.db", "x"))

        def appear():
            os.rmdir(self.path("state", "state.db", "x"))
            os.rmdir(self.path("state", "state.db"))
        self.without_disk(setup, observer, appear, "no database")

    def test_foreign_file(self):
        """A file that is not ours is not touched, and the daemon watches on."""
        broker = self.broker()
        setup, observer = self.make(broker), self.observe(broker)
        os.mkdir(self.path("state"))
        text = b"This is somebody's thesis, not a database.\n" * 200
        with open(self.path("state", "state.db"), "wb") as f:
            f.write(text)
        setup.write()
        daemon = self.daemon().start()
        observer.event(asset="system", alarm="state-database", transition="raised")
        observer.point("a", "value", lambda p: p["value"] == 7)
        self.stop_in_time(daemon, "a database that is not ours")
        with open(self.path("state", "state.db"), "rb") as f:
            self.assertEqual(f.read(), text)

    def test_missing_directory(self):
        """A state directory that only has to be made is made."""
        broker = self.broker()
        self.make(broker, state=self.path("state", "deeper")).write()
        os.mkdir(self.path("state"))
        observer = self.observe(broker)
        daemon = self.daemon().start()
        observer.point("a", "value", lambda p: p["value"] == 7)
        harness.until(lambda: os.path.exists(self.path("state", "deeper", "state.db")), "the directory to be made")
        self.stop_in_time(daemon, "everything there")


if __name__ == "__main__":
    harness.main()
