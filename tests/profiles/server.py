"""Serves register images on pymodbus, as a child: server.py HOST.

First line of stdin: {"PORT": {"UNIT": {"absent": null or a value, "beats": {TABLE: {ADDRESS: MASK}},
"image": {TABLE: {ADDRESS: value}}}}}. Prints "ready", and serves until stdin ends. What an image lacks is
answered with exception 2. Beats: the bits of the mask change about once a second.
"""
import asyncio
import json
import logging
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.datastore import ModbusSparseDataBlock
from pymodbus.server import async_io

FUNCTIONS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
BEAT_S = 1.0  # an odd part of the interval in test_readings, so that each poll sees a change


def block(values, absent):
    if absent is None:
        # pymodbus takes no empty block; no device is asked for 65535.
        return ModbusSparseDataBlock({int(a): v for a, v in values.items()} or {65535: 0})
    filled = [absent] * 65536
    for address, value in values.items():
        filled[int(address)] = value
    return ModbusSequentialDataBlock(0, filled)


def slave(unit):
    tables = {name: block(unit["image"].get(name, {}), unit["absent"]) for name in FUNCTIONS}
    return ModbusSlaveContext(co=tables["coil"], di=tables["discrete"], hr=tables["holding"], ir=tables["input"],
                              zero_mode=True)


async def beat(slaves):
    while True:
        await asyncio.sleep(BEAT_S)
        for context, beats in slaves:
            for table, places in beats.items():
                for address, mask in places.items():
                    now = context.getValues(FUNCTIONS[table], int(address), 1)[0]
                    context.setValues(FUNCTIONS[table], int(address), [now ^ mask])


async def main():
    stdin = asyncio.StreamReader(limit=1 << 26)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    ports = json.loads(await stdin.readline())
    beating, tasks = [], []
    for port, units in ports.items():
        slaves = {int(unit): slave(data) for unit, data in units.items()}
        beating += [(slaves[int(unit)], data["beats"]) for unit, data in units.items() if data["beats"]]
        server = await async_io.StartAsyncTcpServer(ModbusServerContext(slaves=slaves, single=False),
                                                    address=(sys.argv[1], int(port)), defer_start=True,
                                                    allow_reuse_address=True)
        tasks.append(asyncio.create_task(server.serve_forever()))
    tasks.append(asyncio.create_task(beat(beating)))
    print("ready", flush=True)
    await stdin.read()
    for task in tasks:
        task.cancel()


logging.disable(logging.CRITICAL)  # it calls each connection that ends an error
asyncio.run(main())
