// SPDX-License-Identifier: Apache-2.0

// Package token opens a session with github.com/miekg/pkcs11. The examples share this package.
package token

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/miekg/pkcs11"
)

// Token is a logged-in session.
type Token struct {
	Ctx     *pkcs11.Ctx
	Session pkcs11.SessionHandle
}

// login opens a session on the first token of ctx and logs in.
func login(ctx *pkcs11.Ctx) (*Token, error) {
	// The PIN comes from a file, because other users can read the arguments of a program.
	pin, err := os.ReadFile(os.Getenv("KEYDIV_PIN_FILE"))
	if err != nil {
		return nil, fmt.Errorf("KEYDIV_PIN_FILE: %w", err)
	}
	slots, err := ctx.GetSlotList(true)
	if err != nil {
		return nil, err
	}
	if len(slots) == 0 {
		return nil, errors.New("the module has no token")
	}
	session, err := ctx.OpenSession(slots[0], pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return nil, err
	}
	return &Token{ctx, session}, ctx.Login(session, pkcs11.CKU_USER, strings.TrimRight(string(pin), "\n"))
}

// Find returns the key with a label.
func (t *Token) Find(label string) (pkcs11.ObjectHandle, error) {
	wanted := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_LABEL, label)}
	if err := t.Ctx.FindObjectsInit(t.Session, wanted); err != nil {
		return 0, err
	}
	keys, _, err := t.Ctx.FindObjects(t.Session, 1)
	if final := t.Ctx.FindObjectsFinal(t.Session); err == nil {
		err = final
	}
	if err == nil && len(keys) == 0 {
		err = fmt.Errorf("no key has the label %s", label)
	}
	if err != nil {
		return 0, err
	}
	return keys[0], nil
}

// Run loads a module, logs in and calls work.
func Run(module string, work func(*Token) error) error {
	ctx := pkcs11.New(module)
	if ctx == nil {
		return fmt.Errorf("%s cannot be loaded", module)
	}
	defer ctx.Destroy()
	if err := ctx.Initialize(); err != nil {
		return err
	}
	defer ctx.Finalize() // closes the session and destroys its keys
	t, err := login(ctx)
	if err != nil {
		return err
	}
	return work(t)
}
