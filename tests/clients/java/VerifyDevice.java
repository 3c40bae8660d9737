// SPDX-License-Identifier: Apache-2.0
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.Arrays;
import sun.security.pkcs11.wrapper.CK_ATTRIBUTE;
import sun.security.pkcs11.wrapper.PKCS11Constants;

/**
 * What a back end does with keydiv, in Java with the wrapper of SunPKCS11. Compile and run with
 * --add-exports jdk.crypto.cryptoki/sun.security.pkcs11.wrapper=ALL-UNNAMED:
 *
 *     KEYDIV_PIN_FILE=pin java ... VerifyDevice /usr/lib/x86_64-linux-gnu/pkcs11/keydiv-pkcs11.so
 */
public class VerifyDevice {
	static final String SERIAL = "SN-000123";
	static final byte[] MESSAGE = "hello from the device".getBytes();
	// The MAC that came with the message. The device computed the MAC with its own key.
	static final byte[] MAC = Cases.unhex("2331bebd43c7c5992675db8b02f7018e");
	static final String TERMINAL = "TERMINAL-01";
	static final byte[] TERMINAL_SHAPE = { 3, 3 };
	static final CK_ATTRIBUTE SIGN = new CK_ATTRIBUTE(PKCS11Constants.CKA_SIGN, true);
	static final CK_ATTRIBUTE VERIFY = new CK_ATTRIBUTE(PKCS11Constants.CKA_VERIFY, true);

	/** Verify the MAC of a message by the key of the device that sent the message. */
	static void verifyMessage(Token token) throws Exception {
		KeydivParameter parameter =
			new KeydivParameter().put(KeydivParameter.DEVICE, SERIAL.getBytes());
		long key = token.derive(KeydivParameter.DEVICE_KEY, parameter, "master", VERIFY);
		if (!token.verify(key, MESSAGE, MAC))
			throw new Exception("the MAC is wrong");
		System.out.println(SERIAL + ": the MAC is right");
		byte[] forged = Arrays.copyOf(MESSAGE, MESSAGE.length + 1);
		if (token.verify(key, forged, MAC))
			throw new Exception("a forged message was accepted");
		System.out.println(SERIAL + ": a forged message is refused");
		token.wrapper.C_DestroyObject(token.session, key);
	}

	/** Take the terminal's next O-DUKPT key, and verify its MAC with the key that the server derives. */
	static void nextTransaction(Token token) throws Exception {
		long next = token.derive(KeydivParameter.ODUKPT_NEXT_KEY, new KeydivParameter(), "terminal", SIGN);
		CK_ATTRIBUTE[] transaction = { new CK_ATTRIBUTE(KeydivParameter.CKA_KEYDIV_TRANSACTION) };
		token.wrapper.C_GetAttributeValue(token.session, next, transaction);
		long number = ByteBuffer.wrap(transaction[0].getByteArray()).getLong();
		byte[] mac = token.sign(next, MESSAGE);

		KeydivParameter parameter = new KeydivParameter()
			.put(KeydivParameter.DEVICE, TERMINAL.getBytes())
			.put(KeydivParameter.SHAPE, TERMINAL_SHAPE)
			.number(KeydivParameter.TRANSACTION, number);
		long key = token.derive(KeydivParameter.ODUKPT_KEY, parameter, "bdk", VERIFY);
		if (!token.verify(key, MESSAGE, mac))
			throw new Exception("terminal and server have different keys");
		System.out.println(TERMINAL + ": transaction " + number + ", MAC " + Cases.hex(mac));
	}

	public static void main(String[] arguments) {
		try {
			if (arguments.length != 1)
				throw new Exception("usage: VerifyDevice MODULE");
			Token token = new Token(arguments[0]);
			verifyMessage(token);
			nextTransaction(token);
			token.wrapper.C_CloseSession(token.session); // destroys the session's keys
		} catch (Exception e) {
			System.err.println("VerifyDevice: " + e.getMessage());
			System.exit(1);
		}
	}
}
