// SPDX-License-Identifier: Apache-2.0
import java.io.BufferedReader;
import java.io.InputStreamReader;
import sun.security.pkcs11.wrapper.CK_MECHANISM;
import sun.security.pkcs11.wrapper.PKCS11Constants;
import sun.security.pkcs11.wrapper.PKCS11Exception;

/**
 * Verify each message of a CSV file in one call, and accept each message once. A line of the
 * standard input is SERIAL,COUNTER,MESSAGE,MAC with message and MAC in hexadecimal. The key "meter"
 * is a master with a window (keydiv key generate --label meter --window 64).
 */
public class VerifyMessages {
	// Java 17 and Java 21 name these return codes in different classes.
	static final int CKR_SIGNATURE_INVALID = 0xC0;
	static final int CKR_SIGNATURE_LEN_RANGE = 0xC1;

	/**
	 * Return "ok", "bad" or "replayed". The token derives the key of this message, verifies the MAC,
	 * destroys the key, and marks the counter. No key object exists.
	 */
	static String verify(Token token, long master, String serial, long counter, byte[] message, byte[] mac)
			throws PKCS11Exception {
		KeydivParameter parameter = new KeydivParameter()
			.put(KeydivParameter.DEVICE, serial.getBytes())
			.number(KeydivParameter.COUNTER, counter)
			.type(KeydivParameter.DERIVATION, KeydivParameter.DEVICE_MESSAGE_KEY)
			.type(KeydivParameter.OPERATION, PKCS11Constants.CKM_AES_CMAC);
		token.wrapper.C_VerifyInit(token.session,
			new CK_MECHANISM(KeydivParameter.WITH_DERIVED_KEY, parameter.bytes()), master);
		try {
			token.wrapper.C_Verify(token.session, message, mac);
			return "ok";
		} catch (PKCS11Exception e) {
			if (e.getErrorCode() == CKR_SIGNATURE_INVALID || e.getErrorCode() == CKR_SIGNATURE_LEN_RANGE)
				return "bad";
			if (e.getErrorCode() == KeydivParameter.CKR_KEYDIV_REPLAYED)
				return "replayed";
			throw e;
		}
	}

	public static void main(String[] arguments) {
		try {
			if (arguments.length != 1)
				throw new Exception("usage: VerifyMessages MODULE < messages.csv");
			Token token = new Token(arguments[0]);
			long master = token.find("meter");
			BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
			for (String line = in.readLine(); line != null; line = in.readLine()) {
				String[] fields = line.split(",");
				String verdict = verify(token, master, fields[0], Long.parseUnsignedLong(fields[1]),
					Cases.unhex(fields[2]), Cases.unhex(fields[3]));
				System.out.println(fields[0] + "," + fields[1] + "," + verdict);
			}
			token.wrapper.C_CloseSession(token.session);
		} catch (Exception e) {
			System.err.println("VerifyMessages: " + e.getMessage());
			System.exit(1);
		}
	}
}
