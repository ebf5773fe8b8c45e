// A Modbus TCP server on the npm package modbus-serial, as a child: node peer_serial.js HOST PORT.
// Talks with its parent as peer_pymodbus.py does.
"use strict";
const readline = require("readline");
const {ServerTCP} = require("modbus-serial");

const [host, port] = process.argv.slice(2);
const units = {};

function change(data) {
    for (const [unit, tables] of Object.entries(data))
        for (const [table, values] of Object.entries(tables))
            Object.assign(((units[unit] ??= {})[table] ??= {}), values);
}

function get(table, address, unit) {
    const value = units[unit]?.[table]?.[address];
    // 2: illegal data address
    if (value === undefined) throw Object.assign(new Error("no such address"), {modbusErrorCode: 2});
    return value;
}

function serve() {
    const vector = {
        getCoil: (address, unit) => Boolean(get("coil", address, unit)),
        getDiscreteInput: (address, unit) => Boolean(get("discrete", address, unit)),
        getHoldingRegister: (address, unit) => get("holding", address, unit),
        getInputRegister: (address, unit) => get("input", address, unit),
    };
    const server = new ServerTCP(vector, {host, port: Number(port), debug: false, unitID: 0});
    server.on("initialized", () => console.log("ready"));
    server.on("socketError", () => {});
}

let started = false;
readline.createInterface({input: process.stdin}).on("line", (line) => {
    change(JSON.parse(line));
    if (started) console.log("ok");
    else serve();
    started = true;
}).on("close", () => process.exit(0));
