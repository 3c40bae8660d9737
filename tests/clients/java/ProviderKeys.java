// SPDX-License-Identifier: Apache-2.0
import java.security.Key;
import java.security.MessageDigest;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import sun.security.pkcs11.wrapper.CK_ATTRIBUTE;
import sun.security.pkcs11.wrapper.PKCS11Constants;

/**
 * Java's own Mac and Cipher with derived keys. A KeyStore shows only keys that are stored in the
 * token, so the keys are derived with CKA_TOKEN, and deleted at the end. Storing a key waits for the
 * disk. A program that verifies many messages calls the wrapper instead, as VerifyDevice does.
 */
public class ProviderKeys {
	static final String SERIAL = "SN-000123";
	static final byte[] MESSAGE = "hello from the device".getBytes();
	// The two messages came from the device, which computed them with its own keys.
	static final byte[] MAC =
		Cases.unhex("f32aac36ef2889d73016abbc7d982855c9c6b487d7c95ee776bdbd2406b9b87e");
	static final byte[] NONCE = Cases.unhex("000000000000000000000001");
	static final byte[] SEALED = Cases.unhex(
		"6af8dd53ec1ac9697430e6dbc286e50644d64fa5b68a9bea1e982a4d7c163b5e373ccde9e1");

	/** Derive a key of the device that is stored in the token with the label LABEL. */
	static Key derive(Token token, String label, CK_ATTRIBUTE... usage) throws Exception {
		CK_ATTRIBUTE[] template = new CK_ATTRIBUTE[usage.length + 2];
		template[0] = new CK_ATTRIBUTE(PKCS11Constants.CKA_TOKEN, true);
		template[1] = new CK_ATTRIBUTE(PKCS11Constants.CKA_LABEL, label.toCharArray());
		System.arraycopy(usage, 0, template, 2, usage.length);
		KeydivParameter parameter =
			new KeydivParameter().put(KeydivParameter.DEVICE, SERIAL.getBytes());
		token.derive(KeydivParameter.DEVICE_KEY, parameter, "master", template);
		token.keys.load(null, null); // reads the token's keys again
		return token.keys.getKey(label, null);
	}

	static void verifyMac(Token token) throws Exception {
		Key key = derive(token, SERIAL + " MAC", new CK_ATTRIBUTE(PKCS11Constants.CKA_SIGN, true),
			new CK_ATTRIBUTE(PKCS11Constants.CKA_KEY_TYPE, PKCS11Constants.CKK_GENERIC_SECRET),
			new CK_ATTRIBUTE(PKCS11Constants.CKA_VALUE_LEN, 32L));
		Mac mac = Mac.getInstance("HmacSHA256", token.provider);
		mac.init(key);
		if (!MessageDigest.isEqual(mac.doFinal(MESSAGE), MAC))
			throw new Exception("the MAC is wrong");
		System.out.println(SERIAL + ": the HMAC is right");
	}

	static void open(Token token) throws Exception {
		Key key = derive(token, SERIAL + " cipher", new CK_ATTRIBUTE(PKCS11Constants.CKA_DECRYPT, true));
		Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding", token.provider);
		cipher.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(128, NONCE));
		System.out.println(SERIAL + ": " + new String(cipher.doFinal(SEALED)));
	}

	public static void main(String[] arguments) {
		try {
			if (arguments.length != 1)
				throw new Exception("usage: ProviderKeys MODULE");
			Token token = new Token(arguments[0]);
			try {
				verifyMac(token);
				open(token);
			} finally {
				token.keys.deleteEntry(SERIAL + " MAC");
				token.keys.deleteEntry(SERIAL + " cipher");
			}
		} catch (Exception e) {
			System.err.println("ProviderKeys: " + e.getMessage());
			System.exit(1);
		}
	}
}
