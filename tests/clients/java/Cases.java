// SPDX-License-Identifier: Apache-2.0
import java.io.BufferedReader;
import java.io.InputStreamReader;

/**
 * Build the parameter of each line of the standard input with KeydivParameter and print the
 * parameter. A line has fields TAG:VALUE in hexadecimal, TAG=NUMBER (8 bytes) and TAG#NUMBER
 * (4 bytes) in decimal.
 */
public class Cases {
	static String hex(byte[] bytes) {
		StringBuilder text = new StringBuilder();
		for (byte b : bytes)
			text.append(String.format("%02x", b));
		return text.toString();
	}

	static byte[] unhex(String text) {
		byte[] bytes = new byte[text.length() / 2];
		for (int i = 0; i < bytes.length; i++)
			bytes[i] = (byte) Integer.parseInt(text.substring(2 * i, 2 * i + 2), 16);
		return bytes;
	}

	static byte[] build(String line) {
		KeydivParameter parameter = new KeydivParameter();
		for (String field : line.split(" ")) {
			if (field.isEmpty())
				continue;
			int tag = Integer.parseInt(field.substring(0, 2), 16);
			String rest = field.substring(3);
			if (field.charAt(2) == '=')
				parameter.number(tag, Long.parseUnsignedLong(rest));
			else if (field.charAt(2) == '#')
				parameter.type(tag, Long.parseLong(rest));
			else
				parameter.put(tag, unhex(rest));
		}
		return parameter.bytes();
	}

	public static void main(String[] arguments) throws Exception {
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
		for (String line = in.readLine(); line != null; line = in.readLine()) {
			try {
				System.out.println(hex(build(line)));
			} catch (NumberFormatException e) {
				throw e;
			} catch (IllegalArgumentException e) {
				System.out.println("refused");
			}
		}
	}
}
