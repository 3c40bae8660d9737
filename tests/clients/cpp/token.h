// SPDX-License-Identifier: Apache-2.0
//
// token.h: a PKCS#11 module, loaded, and a session that is logged in. The examples share this file.
#ifndef TOKEN_H
#define TOKEN_H

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

#include <dlfcn.h>

#include <p11-kit/pkcs11.h>

#include <keydiv.h>

inline void check(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	char text[96];
	std::snprintf(text, sizeof text, "%s: 0x%lX", what, rv);
	throw std::runtime_error(text);
}

inline CK_BYTE *bytes(const std::string &s)
{
	return reinterpret_cast<CK_BYTE *>(const_cast<char *>(s.data()));
}

// The PIN comes from a file, because other users can read the arguments of a program.
inline std::string read_pin()
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

	// Return CKR_OK if MAC is the MAC of TEXT by KEY, or the code of the refusal.
	CK_RV verify(CK_MECHANISM m, CK_OBJECT_HANDLE key, const std::string &text,
		const std::string &mac)
	{
		check(f->C_VerifyInit(session, &m, key), "C_VerifyInit");
		return f->C_Verify(session, bytes(text), text.size(), bytes(mac), mac.size());
	}

	std::string sign(CK_MECHANISM m, CK_OBJECT_HANDLE key, const std::string &text)
	{
		std::string mac(16, '\0');
		CK_ULONG length = mac.size();
		check(f->C_SignInit(session, &m, key), "C_SignInit");
		check(f->C_Sign(session, bytes(text), text.size(), bytes(mac), &length), "C_Sign");
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

#endif
