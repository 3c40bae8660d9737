// SPDX-License-Identifier: Apache-2.0
//
// verify_device.js: what a back end does with keydiv, in Node with pkcs11js.
//
//	npm install pkcs11js
//	KEYDIV_PIN_FILE=pin node verify_device.js /usr/lib/x86_64-linux-gnu/pkcs11/keydiv-pkcs11.so
"use strict";

const pkcs11 = require("pkcs11js");
const keydiv = require("./keydiv_parameter");
const { token, find, main } = require("./session");
const { Parameter } = keydiv;

const SERIAL = "SN-000123";
const MESSAGE = Buffer.from("hello from the device");
// The MAC that came with the message. The device computed the MAC with its own key.
const MAC = Buffer.from("2331bebd43c7c5992675db8b02f7018e", "hex");
const TERMINAL = "TERMINAL-01";
const TERMINAL_SHAPE = [3, 3];
const CKM_AES_CMAC = 0x108a; // pkcs11js 2.1 does not name this mechanism

// Derive an AES key with USAGE (CKA_SIGN, CKA_VERIFY), and nothing else.
function derive(session, mechanism, parameter, base, usage) {
	return token.C_DeriveKey(session, { mechanism, parameter: parameter.bytes }, base,
		[{ type: usage, value: true }]);
}

// Return true if MAC is the AES-CMAC of MESSAGE by KEY.
function verify(session, key, message, mac) {
	token.C_VerifyInit(session, { mechanism: CKM_AES_CMAC }, key);
	try {
		return token.C_Verify(session, message, mac);
	} catch (e) {
		if (e.code === pkcs11.CKR_SIGNATURE_INVALID)
			return false;
		throw e;
	}
}

// Verify the MAC of a message by the key of the device that sent the message.
function verifyMessage(session) {
	const parameter = new Parameter().put(keydiv.DEVICE, SERIAL);
	const master = find(session, "master");
	const key = derive(session, keydiv.DEVICE_KEY, parameter, master, pkcs11.CKA_VERIFY);
	if (!verify(session, key, MESSAGE, MAC))
		throw new Error("the MAC is wrong");
	console.log(`${SERIAL}: the MAC is right`);
	if (verify(session, key, Buffer.from(MESSAGE + "!"), MAC))
		throw new Error("a forged message was accepted");
	console.log(`${SERIAL}: a forged message is refused`);
	token.C_DestroyObject(session, key);
}

// Take the terminal's next O-DUKPT key, and verify its MAC with the key that the server derives.
function nextTransaction(session) {
	const terminal = find(session, "terminal");
	const next = derive(session, keydiv.ODUKPT_NEXT_KEY, new Parameter(), terminal, pkcs11.CKA_SIGN);
	const number = token.C_GetAttributeValue(session, next,
		[{ type: keydiv.CKA_KEYDIV_TRANSACTION }])[0].value.readBigUInt64BE();
	token.C_SignInit(session, { mechanism: CKM_AES_CMAC }, next);
	const mac = token.C_Sign(session, MESSAGE, Buffer.alloc(16));

	const parameter = new Parameter().put(keydiv.DEVICE, TERMINAL).put(keydiv.SHAPE, TERMINAL_SHAPE)
		.number(keydiv.TRANSACTION, number);
	const bdk = find(session, "bdk");
	const key = derive(session, keydiv.ODUKPT_KEY, parameter, bdk, pkcs11.CKA_VERIFY);
	if (!verify(session, key, MESSAGE, mac))
		throw new Error("terminal and server have different keys");
	console.log(`${TERMINAL}: transaction ${number}, MAC ${mac.toString("hex")}`);
}

if (process.argv.length !== 3) {
	console.error("usage: node verify_device.js MODULE");
	process.exit(2);
}
main("verify_device", process.argv[2], (session) => {
	verifyMessage(session);
	nextTransaction(session);
});
