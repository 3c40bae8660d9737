// SPDX-License-Identifier: Apache-2.0
//
// session.js: a session that is logged in, with pkcs11js. The examples share this file.
"use strict";

const fs = require("fs");
const pkcs11 = require("pkcs11js");

const token = new pkcs11.PKCS11();

// Return a logged-in session on the first token.
function login() {
	// The PIN comes from a file, because other users can read the arguments of a program.
	const pin = fs.readFileSync(process.env.KEYDIV_PIN_FILE, "utf8").split("\n")[0];
	const slot = token.C_GetSlotList(true)[0];
	const session = token.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION);
	token.C_Login(session, pkcs11.CKU_USER, pin);
	return session;
}

function find(session, label) {
	token.C_FindObjectsInit(session, [{ type: pkcs11.CKA_LABEL, value: label }]);
	const key = token.C_FindObjects(session, 1)[0];
	token.C_FindObjectsFinal(session);
	if (!key)
		throw new Error(`no key has the label ${label}`);
	return key;
}

// Load MODULE, call WORK with a session, and print one line if WORK fails.
function main(name, module, work) {
	token.load(module);
	token.C_Initialize();
	try {
		work(login());
	} catch (e) {
		console.error(`${name}: ${e.message}`);
		process.exitCode = 1;
	} finally {
		token.C_Finalize(); // closes the session and destroys its keys
	}
}

module.exports = { token, find, main };
