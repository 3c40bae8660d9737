// SPDX-License-Identifier: Apache-2.0
//
// verify_device.cpp: what a back end does with keydiv, in C++. The helper for the mechanism
// parameter is keydiv.h itself.
//
//	g++ verify_device.cpp $(pkg-config --cflags p11-kit-1) -I DIRECTORY-OF-KEYDIV.H -ldl
//	KEYDIV_PIN_FILE=pin ./a.out /usr/lib/x86_64-linux-gnu/pkcs11/keydiv-pkcs11.so
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <dlfcn.h>

#include <p11-kit/pkcs11.h>

#include <keydiv.h>

namespace
{

const std::string serial = "SN-000123";
const std::string message = "hello from the device";
// The MAC that came with the message. The device computed the MAC with its own key.
const std::vector<unsigned char> mac = {0x23, 0x31, 0xbe, 0xbd, 0x43, 0xc7, 0xc5, 0x99, 0x26, 0x75,
	0xdb, 0x8b, 0x02, 0xf7, 0x01, 0x8e};
const std::string terminal = "TERMINAL-01";
const unsigned char shape[2] = {3, 3}; // of the terminal's O-DUKPT keys

void check(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	char text[96];
	std::snprintf(text, sizeof text, "%s: 0x%lX", what, rv);
	throw std::runtime_error(text);
}

CK_BYTE *bytes(const std::string &s)
{
	return reinterpret_cast<CK_BYTE *>(const_cast<char *>(s.data()));
}

// The PIN comes from a file, because other users can read the arguments of a program.
std::string read_pin()
{
	const char *name = std::getenv("KEYDIV_PIN_FILE");
	std::string pin;
	if (!name || !std::getline(std::ifstream(name), pin))
		throw std::runtime_error("KEYDIV_PIN_FILE must name a file with the PIN");
	return pin;
}

// A logged-in session on the first token of a module.
class Token
{
      public:
	explicit Token(const char *path) : library(dlopen(path, RTLD_NOW | RTLD_LOCAL))
	{
		if (!library)
			throw std::runtime_error(dlerror());
		auto get =
			reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
		if (!get)
			throw std::runtime_error("not a PKCS#11 module");
		check(get(&f), "C_GetFunctionList");
		check(f->C_Initialize(nullptr), "C_Initialize");
	}
	~Token()
	{
		f->C_Finalize(nullptr);
	} // closes the session and destroys its keys
	Token(const Token &) = delete;

	void login(const std::string &pin)
	{
		CK_SLOT_ID slot;
		CK_ULONG count = 1;
		CK_RV rv = f->C_GetSlotList(CK_TRUE, &slot, &count);
		if (count == 0)
			throw std::runtime_error("the module has no token");
		check(rv == CKR_BUFFER_TOO_SMALL ? CKR_OK : rv, "C_GetSlotList");
		CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
		check(f->C_OpenSession(slot, flags, nullptr, nullptr, &session), "C_OpenSession");
		check(f->C_Login(session, CKU_USER, bytes(pin), pin.size()), "C_Login");
	}

	CK_OBJECT_HANDLE find(const std::string &label)
	{
		CK_ATTRIBUTE wanted = {CKA_LABEL, bytes(label), label.size()};
		CK_OBJECT_HANDLE key;
		CK_ULONG count;
		check(f->C_FindObjectsInit(session, &wanted, 1), "C_FindObjectsInit");
		check(f->C_FindObjects(session, &key, 1, &count), "C_FindObjects");
		check(f->C_FindObjectsFinal(session), "C_FindObjectsFinal");
		if (count == 0)
			throw std::runtime_error("no key has the label " + label);
		return key;
	}

	// Derive an AES key with USAGE (CKA_SIGN, CKA_VERIFY), and nothing else.
	CK_OBJECT_HANDLE derive(CK_ULONG mechanism, KEYDIV_PARAMETER *parameter,
		CK_OBJECT_HANDLE base, CK_ULONG usage)
	{
		CK_MECHANISM m = keydiv_mechanism(mechanism, parameter);
		CK_BBOOL yes = CK_TRUE;
		CK_ATTRIBUTE wanted = {usage, &yes, sizeof yes};
		CK_OBJECT_HANDLE key;
		check(f->C_DeriveKey(session, &m, base, &wanted, 1, &key), "C_DeriveKey");
		return key;
	}

	// Return true if MAC is the AES-CMAC of TEXT by KEY.
	bool verify(CK_OBJECT_HANDLE key, const std::string &text, std::vector<unsigned char> mac)
	{
		CK_MECHANISM cmac = {CKM_AES_CMAC, nullptr, 0};
		check(f->C_VerifyInit(session, &cmac, key), "C_VerifyInit");
		CK_RV rv = f->C_Verify(session, bytes(text), text.size(), mac.data(), mac.size());
		if (rv == CKR_SIGNATURE_INVALID)
			return false;
		check(rv, "C_Verify");
		return true;
	}

	std::vector<unsigned char> sign(CK_OBJECT_HANDLE key, const std::string &text)
	{
		CK_MECHANISM cmac = {CKM_AES_CMAC, nullptr, 0};
		std::vector<unsigned char> mac(16);
		CK_ULONG length = mac.size();
		check(f->C_SignInit(session, &cmac, key), "C_SignInit");
		check(f->C_Sign(session, bytes(text), text.size(), mac.data(), &length), "C_Sign");
		return mac;
	}

	unsigned long long transaction(CK_OBJECT_HANDLE key)
	{
		unsigned char value[8];
		CK_ATTRIBUTE attribute = {CKA_KEYDIV_TRANSACTION, value, sizeof value};
		check(f->C_GetAttributeValue(session, key, &attribute, 1), "C_GetAttributeValue");
		unsigned long long number = 0;
		for (unsigned char byte : value)
			number = number << 8 | byte;
		return number;
	}

	void destroy(CK_OBJECT_HANDLE key)
	{
		check(f->C_DestroyObject(session, key), "C_DestroyObject");
	}

      private:
	void *library;
	CK_FUNCTION_LIST *f = nullptr;
	CK_SESSION_HANDLE session = 0;
};

// Verify the MAC of a message by the key of the device that sent the message.
void verify_message(Token &token)
{
	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	keydiv_put(&p, KEYDIV_DEVICE, serial.data(), serial.size());
	CK_OBJECT_HANDLE key =
		token.derive(CKM_KEYDIV_DEVICE_KEY, &p, token.find("master"), CKA_VERIFY);
	if (!token.verify(key, message, mac))
		throw std::runtime_error("the MAC is wrong");
	std::printf("%s: the MAC is right\n", serial.c_str());
	if (token.verify(key, message + "!", mac))
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
	std::vector<unsigned char> its_mac = token.sign(next, message);

	KEYDIV_PARAMETER p = KEYDIV_PARAMETER_INIT;
	keydiv_put(&p, KEYDIV_DEVICE, terminal.data(), terminal.size());
	keydiv_put(&p, KEYDIV_SHAPE, shape, sizeof shape);
	keydiv_put_number(&p, KEYDIV_TRANSACTION, number);
	CK_OBJECT_HANDLE key =
		token.derive(CKM_KEYDIV_ODUKPT_KEY, &p, token.find("bdk"), CKA_VERIFY);
	if (!token.verify(key, message, its_mac))
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
