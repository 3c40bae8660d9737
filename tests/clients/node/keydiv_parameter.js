// SPDX-License-Identifier: Apache-2.0
//
// keydiv_parameter.js: the mechanism parameter of keydiv's mechanisms. Copy this file into your
// program.
//
//	const parameter = new Parameter().put(DEVICE, "SN-000123").number(COUNTER, 1).bytes;
//
// A parameter is a list of fields in ascending order of their tags: the tag (1 byte), the length
// (2 bytes, big-endian), the value. keydiv.h lists all tags, mechanisms and attributes. This file
// has those that the examples use.
"use strict";

const MAX = 4096; // bytes in a parameter

class Parameter {
	constructor() {
		this.bytes = Buffer.alloc(0);
		this.lastTag = 0;
	}

	// Append the field TAG with VALUE, a Buffer or a string. Return the parameter.
	put(tag, value) {
		const bytes = Buffer.from(value);
		if (!(tag > this.lastTag && tag <= 0xff))
			throw new RangeError("put the fields in ascending order of their tags");
		if (this.bytes.length + 3 + bytes.length > MAX)
			throw new RangeError(`a parameter has at most ${MAX} bytes`);
		const head = Buffer.from([tag, bytes.length >> 8, bytes.length & 0xff]);
		this.bytes = Buffer.concat([this.bytes, head, bytes]);
		this.lastTag = tag;
		return this;
	}

	// Append the field TAG with NUMBER as 8 big-endian bytes: COUNTER, TRANSACTION. A number above
	// 2^53 must be a BigInt, because the others are not exact.
	number(tag, number) {
		if (typeof number !== "bigint" && !Number.isSafeInteger(number))
			throw new RangeError("give a number above 2^53 as a BigInt");
		const value = Buffer.alloc(8);
		value.writeBigUInt64BE(BigInt(number));
		return this.put(tag, value);
	}

	// Append the field TAG with the CKM or CKK NUMBER as 4 big-endian bytes: DERIVATION, OPERATION,
	// KEY_TYPE.
	type(tag, number) {
		const value = Buffer.alloc(4);
		value.writeUInt32BE(number);
		return this.put(tag, value);
	}
}

module.exports = {
	Parameter,
	// Mechanisms
	DEVICE_KEY: 0x8b440001,
	DEVICE_MESSAGE_KEY: 0x8b440003,
	WITH_DERIVED_KEY: 0x8b440010,
	ODUKPT_KEY: 0x8b440222,
	ODUKPT_NEXT_KEY: 0x8b440224,
	// Tags of fields
	DEVICE: 0x01,
	COUNTER: 0x10,
	SHAPE: 0x50,
	TRANSACTION: 0x51,
	DERIVATION: 0x70,
	OPERATION: 0x71,
	// Attributes and return codes
	CKA_KEYDIV_TRANSACTION: 0x8b440002,
	CKR_KEYDIV_REPLAYED: 0x8b440002,
};
