// SPDX-License-Identifier: Apache-2.0
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.Provider;
import java.security.Security;
import sun.security.pkcs11.wrapper.CK_ATTRIBUTE;
import sun.security.pkcs11.wrapper.CK_MECHANISM;
import sun.security.pkcs11.wrapper.PKCS11;
import sun.security.pkcs11.wrapper.PKCS11Constants;
import sun.security.pkcs11.wrapper.PKCS11Exception;

/**
 * A token that Java's provider SunPKCS11 has logged in to, and a session of the provider's wrapper.
 * The provider cannot derive with vendor mechanisms, and the wrapper can.
 */
final class Token {
	// Java 17 and Java 21 name this return code in different classes.
	static final long CKR_SIGNATURE_INVALID = 0xC0;

	final Provider provider;
	final KeyStore keys;
	final PKCS11 wrapper;
	final long session;

	Token(String module) throws Exception {
		// The PIN comes from a file, because other users can read the arguments of a program.
		String pin = Files.readAllLines(Path.of(System.getenv("KEYDIV_PIN_FILE"))).get(0);
		// Two dashes introduce a configuration that is not a file.
		provider = Security.getProvider("SunPKCS11").configure(
			"--name = keydiv\nlibrary = " + module + "\nslotListIndex = 0\n");
		keys = KeyStore.getInstance("PKCS11", provider);
		keys.load(null, pin.toCharArray()); // logs in
		// The provider has initialized the module, so the wrapper must not.
		wrapper = PKCS11.getInstance(module, "C_GetFunctionList", null, true);
		session = wrapper.C_OpenSession(wrapper.C_GetSlotList(true)[0],
			PKCS11Constants.CKF_SERIAL_SESSION | PKCS11Constants.CKF_RW_SESSION, null, null);
	}

	long find(String label) throws PKCS11Exception {
		wrapper.C_FindObjectsInit(session,
			new CK_ATTRIBUTE[] { new CK_ATTRIBUTE(PKCS11Constants.CKA_LABEL, label.toCharArray()) });
		long[] found = wrapper.C_FindObjects(session, 1);
		wrapper.C_FindObjectsFinal(session);
		if (found.length == 0)
			throw new IllegalArgumentException("no key has the label " + label);
		return found[0];
	}

	/** Derive a key from the key BASE. The template says what the derived key may do. */
	long derive(long mechanism, KeydivParameter parameter, String base, CK_ATTRIBUTE... template)
			throws PKCS11Exception {
		return wrapper.C_DeriveKey(session, new CK_MECHANISM(mechanism, parameter.bytes()), find(base),
			template);
	}

	byte[] sign(long key, byte[] message) throws PKCS11Exception {
		wrapper.C_SignInit(session, new CK_MECHANISM(PKCS11Constants.CKM_AES_CMAC), key);
		return wrapper.C_Sign(session, message);
	}

	/** Return true if MAC is the AES-CMAC of MESSAGE by KEY. */
	boolean verify(long key, byte[] message, byte[] mac) throws PKCS11Exception {
		wrapper.C_VerifyInit(session, new CK_MECHANISM(PKCS11Constants.CKM_AES_CMAC), key);
		try {
			wrapper.C_Verify(session, message, mac);
			return true;
		} catch (PKCS11Exception e) {
			if (e.getErrorCode() == CKR_SIGNATURE_INVALID)
				return false;
			throw e;
		}
	}
}
