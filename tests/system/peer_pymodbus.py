"""A Modbus server on pymodbus, as a child: peer_pymodbus.py tcp HOST PORT | rtu TTY.

First line of stdin: {"UNIT": {"coil": {"ADDRESS": value}, "discrete": .., "holding": .., "input": ..}}. Prints
"ready". Each further line of the same form changes values and is answered with "ok".
"""
import asyncio
import json
import logging
import sys

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext, ModbusSparseDataBlock
from pymodbus.server import async_io
from pymodbus.transaction import ModbusRtuFramer

TABLES = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}


def block(values):
    # An empty sparse block is refused by pymodbus; an address nobody asks for does no harm.
    return ModbusSparseDataBlock({int(address): value for address, value in values.items()} or {65535: 0})


def slaves_of(data):
    return {int(unit): ModbusSlaveContext(co=block(tables.get("coil", {})), di=block(tables.get("discrete", {})),
                                          hr=block(tables.get("holding", {})), ir=block(tables.get("input", {})),
                                          zero_mode=True)
            for unit, tables in data.items()}


def change(slaves, data):
    for unit, tables in data.items():
        for table, values in tables.items():
            for address, value in values.items():
                slaves[int(unit)].setValues(TABLES[table], int(address), [value])


async def main():
    loop = asyncio.get_running_loop()
    stdin = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    slaves = slaves_of(json.loads(await stdin.readline()))
    context = ModbusServerContext(slaves=slaves, single=False)
    if sys.argv[1] == "tcp":
        server = await async_io.StartAsyncTcpServer(context, address=(sys.argv[2], int(sys.argv[3])),
                                                    defer_start=True, allow_reuse_address=True)
    else:
        server = await async_io.StartAsyncSerialServer(context, port=sys.argv[2], framer=ModbusRtuFramer,
                                                       baudrate=115200, ignore_missing_slaves=True, defer_start=True)
        await server.start()
    task = asyncio.create_task(server.serve_forever())
    print("ready", flush=True)
    while line := await stdin.readline():
        change(slaves, json.loads(line))
        print("ok", flush=True)
    task.cancel()


logging.disable(logging.CRITICAL)  # it calls each connection that ends an error
asyncio.run(main())
