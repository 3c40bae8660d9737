// SPDX-License-Identifier: Apache-2.0
//
// cases.js: build the parameter of each line of the standard input with keydiv_parameter.js and
// print the parameter. A line has fields TAG:VALUE in hexadecimal, TAG=NUMBER (8 bytes) and
// TAG#NUMBER (4 bytes) in decimal.
"use strict";

const fs = require("fs");
const { Parameter } = require("./keydiv_parameter");

function build(line) {
	const parameter = new Parameter();
	for (const field of line.split(" ").filter((f) => f !== "")) {
		const tag = parseInt(field.slice(0, 2), 16);
		const rest = field.slice(3);
		if (field[2] === "=")
			parameter.number(tag, BigInt(rest));
		else if (field[2] === "#")
			parameter.type(tag, Number(rest));
		else
			parameter.put(tag, Buffer.from(rest, "hex"));
	}
	return parameter.bytes.toString("hex");
}

for (const line of fs.readFileSync(0, "latin1").split("\n").slice(0, -1)) {
	try {
		console.log(build(line));
	} catch (e) {
		if (!(e instanceof RangeError))
			throw e;
		console.log("refused");
	}
}
