// SPDX-License-Identifier: Apache-2.0
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/**
 * The mechanism parameter of keydiv's mechanisms. Copy this file into your program.
 *
 *     byte[] parameter = new KeydivParameter().put(KeydivParameter.DEVICE, serial).bytes();
 *
 * A parameter is a list of fields in ascending order of their tags: the tag (1 byte), the length
 * (2 bytes, big-endian), the value. keydiv.h lists all tags, mechanisms and attributes. This file
 * has those that the examples use.
 */
public final class KeydivParameter {
	// Mechanisms
	public static final long DEVICE_KEY = 0x8B440001L;
	public static final long DEVICE_MESSAGE_KEY = 0x8B440003L;
	public static final long WITH_DERIVED_KEY = 0x8B440010L;
	public static final long ODUKPT_KEY = 0x8B440222L;
	public static final long ODUKPT_NEXT_KEY = 0x8B440224L;

	// Tags of fields
	public static final int DEVICE = 0x01;
	public static final int COUNTER = 0x10;
	public static final int SHAPE = 0x50;
	public static final int TRANSACTION = 0x51;
	public static final int DERIVATION = 0x70;
	public static final int OPERATION = 0x71;

	// Attributes and return codes
	public static final long CKA_KEYDIV_TRANSACTION = 0x8B440002L;
	public static final long CKR_KEYDIV_REPLAYED = 0x8B440002L;

	private static final int MAX = 4096; // bytes in a parameter

	private final ByteArrayOutputStream out = new ByteArrayOutputStream();
	private int lastTag = 0;

	/** Append the field TAG with VALUE. Return the parameter. */
	public KeydivParameter put(int tag, byte[] value) {
		if (tag <= lastTag || tag > 0xFF)
			throw new IllegalArgumentException("put the fields in ascending order of their tags");
		if (out.size() + 3 + value.length > MAX)
			throw new IllegalArgumentException("a parameter has at most " + MAX + " bytes");
		out.write(tag);
		out.write(value.length >> 8);
		out.write(value.length);
		out.write(value, 0, value.length);
		lastTag = tag;
		return this;
	}

	/**
	 * Append the field TAG with NUMBER as 8 big-endian bytes: COUNTER, TRANSACTION. A negative long
	 * stands for the number 2^64 above it.
	 */
	public KeydivParameter number(int tag, long number) {
		return put(tag, ByteBuffer.allocate(8).putLong(number).array());
	}

	/** Append the field TAG with the CKM or CKK NUMBER as 4 big-endian bytes: DERIVATION, OPERATION, KEY_TYPE. */
	public KeydivParameter type(int tag, long number) {
		return put(tag, ByteBuffer.allocate(4).putInt((int) number).array());
	}

	public byte[] bytes() {
		return out.toByteArray();
	}
}
