// SPDX-License-Identifier: Apache-2.0
//
// verify_messages.cpp: verify each message of a CSV file in one call, and accept each message once.
// A line of the standard input is SERIAL,COUNTER,MESSAGE,MAC with message and MAC in hexadecimal.
// The key "meter" is a master with a window (keydiv key generate --label meter --window 64).
#include <iostream>
#include <sstream>

#include "token.h"

namespace
{

std::string unhex(const std::string &text)
{
	std::string value;
	for (size_t i = 0; i + 1 < text.size(); i += 2)
		value += static_cast<char>(std::stoul(text.substr(i, 2), nullptr, 16));
	return value;
}

// The token derives the key of this message, verifies the MAC, destroys the key, and marks the
// counter. No key object exists.
CK_RV verify(Token &token, CK_OBJECT_HANDLE master, const std::string &serial,
	unsigned long long counter, const std::string &message, const std::string &mac)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	keydiv_put(&p, KEYDIV_DEVICE, serial.data(), serial.size());
	keydiv_put_number(&p, KEYDIV_COUNTER, counter);
	keydiv_put_type(&p, KEYDIV_DERIVATION, CKM_KEYDIV_DEVICE_MESSAGE_KEY);
	keydiv_put_type(&p, KEYDIV_OPERATION, CKM_AES_CMAC);
	return token.verify(
		keydiv_mechanism(CKM_KEYDIV_WITH_DERIVED_KEY, &p), master, message, mac);
}

const char *verdict(CK_RV rv)
{
	if (rv == CKR_SIGNATURE_INVALID || rv == CKR_SIGNATURE_LEN_RANGE)
		return "bad";
	if (rv == CKR_KEYDIV_REPLAYED)
		return "replayed";
	check(rv, "C_Verify");
	return "ok";
}

} // namespace

int main(int argc, char **argv)
try {
	if (argc != 2)
		throw std::runtime_error("usage: verify_messages MODULE < messages.csv");
	Token token(argv[1]);
	token.login(read_pin());
	CK_OBJECT_HANDLE master = token.find("meter");
	std::string line;
	while (std::getline(std::cin, line)) {
		std::istringstream fields(line);
		std::string serial, counter, message, mac;
		std::getline(fields, serial, ',');
		std::getline(fields, counter, ',');
		std::getline(fields, message, ',');
		std::getline(fields, mac);
		CK_RV rv = verify(
			token, master, serial, std::stoull(counter), unhex(message), unhex(mac));
		std::printf("%s,%s,%s\n", serial.c_str(), counter.c_str(), verdict(rv));
	}
	return 0;
} catch (const std::exception &e) {
	std::fprintf(stderr, "verify_messages: %s\n", e.what());
	return 1;
}
