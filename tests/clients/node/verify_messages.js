// SPDX-License-Identifier: Apache-2.0
//
// verify_messages.js: verify each message of a CSV file in one call, and accept each message once.
// A line of the standard input is SERIAL,COUNTER,MESSAGE,MAC with message and MAC in hexadecimal.
// The key "meter" is a master with a window (keydiv key generate --label meter --window 64).
"use strict";

const fs = require("fs");
const pkcs11 = require("pkcs11js");
const keydiv = require("./keydiv_parameter");
const { token, find, main } = require("./session");

const CKM_AES_CMAC = 0x108a; // pkcs11js 2.1 does not name this mechanism

// Return "ok", "bad" or "replayed". The token derives the key of this message, verifies the MAC,
// destroys the key, and marks the counter. No key object exists.
function verify(session, master, serial, counter, message, mac) {
	const parameter = new keydiv.Parameter().put(keydiv.DEVICE, serial).number(keydiv.COUNTER, counter)
		.type(keydiv.DERIVATION, keydiv.DEVICE_MESSAGE_KEY).type(keydiv.OPERATION, CKM_AES_CMAC);
	try {
		token.C_VerifyInit(session, { mechanism: keydiv.WITH_DERIVED_KEY, parameter: parameter.bytes },
			master);
		token.C_Verify(session, message, mac);
		return "ok";
	} catch (e) {
		if (e.code === pkcs11.CKR_SIGNATURE_INVALID || e.code === pkcs11.CKR_SIGNATURE_LEN_RANGE)
			return "bad";
		if (e.code === keydiv.CKR_KEYDIV_REPLAYED)
			return "replayed";
		throw e;
	}
}

if (process.argv.length !== 3) {
	console.error("usage: node verify_messages.js MODULE < messages.csv");
	process.exit(2);
}
main("verify_messages", process.argv[2], (session) => {
	const master = find(session, "meter");
	for (const line of fs.readFileSync(0, "utf8").split("\n").filter((l) => l !== "")) {
		const [serial, counter, message, mac] = line.split(",");
		const verdict = verify(session, master, serial, BigInt(counter), Buffer.from(message, "hex"),
			Buffer.from(mac, "hex"));
		console.log(`${serial},${counter},${verdict}`);
	}
});
