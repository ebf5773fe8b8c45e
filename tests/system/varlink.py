"""Calls the control socket, as cryoctl does."""
import json
import socket


class Refused(Exception):
    """The daemon's error: its name, and its parameters."""

    def __init__(self, error, parameters):
        super().__init__("%s %s" % (error, parameters))
        self.error, self.parameters = error, parameters
        self.text = parameters.get("text", {}).get("en", "")


def call(path, method, **parameters):
    """The reply's parameters. None values are left out."""
    given = {key: value for key, value in parameters.items() if value is not None}
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(30)
        s.connect(path)
        s.sendall(json.dumps({"method": "io.cryomon.Monitor." + method, "parameters": given}).encode() + b"\0")
        data = b""
        while not data.endswith(b"\0"):
            more = s.recv(65536)
            if not more:
                raise ConnectionError("the daemon hung up")
            data += more
    reply = json.loads(data[:-1])
    if "error" in reply:
        raise Refused(reply["error"].rsplit(".", 1)[-1], reply.get("parameters", {}))
    return reply.get("parameters", {})
