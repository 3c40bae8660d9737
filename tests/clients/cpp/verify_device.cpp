// SPDX-License-Identifier: Apache-2.0
//
// verify_device.cpp: what a back end does with keydiv, in C++. The helper for the mechanism
// parameter is keydiv.h itself.
//
//	g++ verify_device.cpp $(pkg-config --cflags p11-kit-1 keydiv) -ldl
//	KEYDIV_PIN_FILE=pin ./a.out /usr/lib/x86_64-linux-gnu/pkcs11/keydiv-pkcs11.so
#include "token.h"

namespace
{

const std::string serial = "SN-000123";
const std::string message = "hello from the device";
// The MAC that came with the message. The device computed the MAC with its own key.
const std::string mac("\x23\x31\xbe\xbd\x43\xc7\xc5\x99\x26\x75\xdb\x8b\x02\xf7\x01\x8e", 16);
const std::string terminal = "TERMINAL-01";
const unsigned char shape[2] = {3, 3}; // of the terminal's O-DUKPT keys
const CK_MECHANISM cmac = {CKM_AES_CMAC, nullptr, 0};

// Verify the MAC of a message by the key of the device that sent the message.
void verify_message(Token &token)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	keydiv_put(&p, KEYDIV_DEVICE, serial.data(), serial.size());
	CK_OBJECT_HANDLE key =
		token.derive(CKM_KEYDIV_DEVICE_KEY, &p, token.find("master"), CKA_VERIFY);
	if (token.verify(cmac, key, message, mac) != CKR_OK)
		throw std::runtime_error("the MAC is wrong");
	std::printf("%s: the MAC is right\n", serial.c_str());
	if (token.verify(cmac, key, message + "!", mac) != CKR_SIGNATURE_INVALID)
		throw std::runtime_error("a forged message was accepted");
	std::printf("%s: a forged message is refused\n", serial.c_str());
	token.destroy(key);
}

// Take the terminal's next O-DUKPT key, and verify its MAC with the key that the server derives.
void next_transaction(Token &token)
{
	KEYDIV_PARAMETER none = KEYDIV_PARAMETER_INIT;
	CK_OBJECT_HANDLE next =
		token.derive(CKM_KEYDIV_ODUKPT_NEXT_KEY, &none, token.find("terminal"), CKA_SIGN);
	unsigned long long number = token.transaction(next);
	std::string its_mac = token.sign(cmac, next, message);

	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	keydiv_put(&p, KEYDIV_DEVICE, terminal.data(), terminal.size());
	keydiv_put(&p, KEYDIV_SHAPE, shape, sizeof shape);
	keydiv_put_number(&p, KEYDIV_TRANSACTION, number);
	CK_OBJECT_HANDLE key =
		token.derive(CKM_KEYDIV_ODUKPT_KEY, &p, token.find("bdk"), CKA_VERIFY);
	if (token.verify(cmac, key, message, its_mac) != CKR_OK)
		throw std::runtime_error("terminal and server have different keys");
	std::printf("%s: transaction %llu, MAC ", terminal.c_str(), number);
	for (unsigned char byte : its_mac)
		std::printf("%02x", byte);
	std::printf("\n");
}

} // namespace

int main(int argc, char **argv)
try {
	if (argc != 2)
		throw std::runtime_error("usage: verify_device MODULE");
	Token token(argv[1]);
	token.login(read_pin());
	verify_message(token);
	next_transaction(token);
	return 0;
} catch (const std::exception &e) {
	std::fprintf(stderr, "verify_device: %s\n", e.what());
	return 1;
}
