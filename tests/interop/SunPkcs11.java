// SPDX-License-Identifier: Apache-2.0
// SunPkcs11.java: every Cipher, Mac and KeyGenerator that Java's provider offers on the token, with a plain configuration. The provider
// sends templates without any usage attribute. Each result is compared with Java's own implementation.
// Usage: java SunPkcs11.java CONFIGURATION PIN
import java.security.KeyStore;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.Security;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

public class SunPkcs11 {
	static final byte[] DATA = new byte[64];
	static final byte[] KEY = new byte[32];
	static int failures, done;

	static byte[] first(int n) {
		return Arrays.copyOf(KEY, n);
	}

	// A key of the length that the transformation takes.
	static SecretKey key(String transformation) {
		String algorithm = transformation.split("/")[0];
		if (algorithm.startsWith("AES_"))
			return new SecretKeySpec(first(Integer.parseInt(algorithm.substring(4)) / 8), "AES");
		if (algorithm.equals("DESede"))
			return new SecretKeySpec(first(24), "DESede");
		return new SecretKeySpec(first(16), "AES");
	}

	static AlgorithmParameterSpec parameter(String transformation) {
		int block = transformation.startsWith("DESede") ? 8 : 16;
		if (transformation.contains("/GCM/"))
			return new GCMParameterSpec(128, first(12));
		return transformation.contains("/ECB/") ? null : new IvParameterSpec(first(block));
	}

	static byte[] crypt(Cipher cipher, int mode, String transformation, byte[] data) throws Exception {
		AlgorithmParameterSpec parameter = parameter(transformation);
		if (parameter == null)
			cipher.init(mode, key(transformation));
		else
			cipher.init(mode, key(transformation), parameter);
		return cipher.doFinal(data);
	}

	static void cipher(Provider token, String transformation) throws Exception {
		byte[] sealed = crypt(Cipher.getInstance(transformation, token), Cipher.ENCRYPT_MODE, transformation, DATA);
		byte[] wanted = crypt(Cipher.getInstance(transformation, "SunJCE"), Cipher.ENCRYPT_MODE, transformation, DATA);
		if (!Arrays.equals(sealed, wanted))
			throw new Exception("another ciphertext");
		byte[] open = crypt(Cipher.getInstance(transformation, token), Cipher.DECRYPT_MODE, transformation, sealed);
		if (!Arrays.equals(open, DATA))
			throw new Exception("another plaintext");
	}

	static void mac(Provider token, String algorithm) throws Exception {
		byte[][] results = new byte[2][];
		for (int i = 0; i < 2; i++) {
			Mac mac = i == 0 ? Mac.getInstance(algorithm, token) : Mac.getInstance(algorithm, "SunJCE");
			mac.init(new SecretKeySpec(KEY, algorithm));
			results[i] = mac.doFinal(DATA);
		}
		if (!Arrays.equals(results[0], results[1]))
			throw new Exception("another MAC");
	}

	// A generated key is used at once, by the transformation that Java users take.
	static void generator(Provider token, String algorithm) throws Exception {
		SecretKey key = KeyGenerator.getInstance(algorithm, token).generateKey();
		if (algorithm.startsWith("Hmac")) {
			Mac mac = Mac.getInstance(algorithm, token);
			mac.init(key);
			mac.doFinal(DATA);
			return;
		}
		Cipher cipher = Cipher.getInstance(algorithm + "/CBC/NoPadding", token);
		cipher.init(Cipher.ENCRYPT_MODE, key);
		byte[] sealed = cipher.doFinal(DATA);
		cipher.init(Cipher.DECRYPT_MODE, key, new IvParameterSpec(cipher.getIV()));
		if (!Arrays.equals(cipher.doFinal(sealed), DATA))
			throw new Exception("another plaintext");
	}

	public static void main(String[] arguments) throws Exception {
		Provider token = Security.getProvider("SunPKCS11").configure(arguments[0]);
		Security.addProvider(token);
		KeyStore.getInstance("PKCS11", token).load(null, arguments[1].toCharArray());
		for (int i = 0; i < KEY.length; i++)
			KEY[i] = (byte) (7 * i + 1);
		for (Provider.Service service : token.getServices()) {
			String name = service.getAlgorithm();
			// Java 21: the key is a password, which its own classes stretch.
			if (name.startsWith("PBE") || name.startsWith("HmacPBE"))
				continue;
			try {
				switch (service.getType()) {
				case "Cipher":
					cipher(token, name);
					break;
				case "Mac":
					mac(token, name);
					break;
				case "KeyGenerator":
					generator(token, name);
					break;
				default:
					continue;
				}
				done++;
				System.out.println("ok " + service.getType() + " " + name);
			} catch (NoSuchAlgorithmException e) {
				// Java 17 registers one generator for all HMACs, and refuses those whose mechanism the token lacks.
				System.out.println("not offered: " + service.getType() + " " + name);
			} catch (Exception e) {
				failures++;
				System.out.println("FAIL " + service.getType() + " " + name + ": " + e + " " + e.getCause());
			}
		}
		System.out.println(done + " services work");
		System.exit(failures == 0 && done > 0 ? 0 : 1);
	}
}
