// SPDX-License-Identifier: Apache-2.0
//
// cases.cpp: build the parameter of each line of the standard input with keydiv.h and print the
// parameter. A line has fields TAG:VALUE in hexadecimal, TAG=NUMBER (8 bytes) and TAG#NUMBER
// (4 bytes) in decimal.
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <p11-kit/pkcs11.h>

#include <keydiv.h>

static void put(KEYDIV_PARAMETER *p, const std::string &field)
{
	unsigned char tag = static_cast<unsigned char>(std::stoul(field.substr(0, 2), nullptr, 16));
	std::string rest = field.substr(3);
	if (field[2] == '=') {
		keydiv_put_number(p, tag, std::stoull(rest));
		return;
	}
	if (field[2] == '#') {
		keydiv_put_type(p, tag, std::stoul(rest));
		return;
	}
	std::vector<unsigned char> value;
	for (size_t i = 0; i < rest.size(); i += 2)
		value.push_back(
			static_cast<unsigned char>(std::stoul(rest.substr(i, 2), nullptr, 16)));
	keydiv_put(p, tag, value.data(), value.size());
}

int main()
{
	std::string line, field;
	while (std::getline(std::cin, line)) {
		KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
		std::istringstream fields(line);
		while (fields >> field)
			put(&p, field);
		for (CK_ULONG i = 0; i < p.length && !p.failed; i++)
			std::printf("%02x", p.bytes[i]);
		std::puts(p.failed ? "refused" : "");
	}
	return 0;
}
