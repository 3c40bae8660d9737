// SPDX-License-Identifier: Apache-2.0

// Command verify_device does what a back end does with keydiv, with github.com/miekg/pkcs11.
//
//	KEYDIV_PIN_FILE=pin verify_device /usr/lib/x86_64-linux-gnu/pkcs11/keydiv-pkcs11.so
package main

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/miekg/pkcs11"

	"keydiv.example/keydiv"
)

const (
	serial   = "SN-000123"
	terminal = "TERMINAL-01"
)

var (
	message = []byte("hello from the device")
	// The MAC that came with the message. The device computed the MAC with its own key.
	mac, _        = hex.DecodeString("2331bebd43c7c5992675db8b02f7018e")
	terminalShape = []byte{3, 3}
)

// token is a logged-in session.
type token struct {
	ctx     *pkcs11.Ctx
	session pkcs11.SessionHandle
}

// login opens a session on the first token of ctx and logs in.
func login(ctx *pkcs11.Ctx) (*token, error) {
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
	return &token{ctx, session}, ctx.Login(session, pkcs11.CKU_USER, strings.TrimRight(string(pin), "\n"))
}

func (t *token) find(label string) (pkcs11.ObjectHandle, error) {
	wanted := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_LABEL, label)}
	if err := t.ctx.FindObjectsInit(t.session, wanted); err != nil {
		return 0, err
	}
	keys, _, err := t.ctx.FindObjects(t.session, 1)
	if final := t.ctx.FindObjectsFinal(t.session); err == nil {
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

// derive finds the base key by its label and derives an AES key with usage (CKA_SIGN, CKA_VERIFY),
// and nothing else.
func (t *token) derive(mechanism uint, p *keydiv.Parameter, label string, usage uint) (pkcs11.ObjectHandle, error) {
	base, err := t.find(label)
	if err != nil {
		return 0, err
	}
	parameter, err := p.Bytes()
	if err != nil {
		return 0, err
	}
	return t.ctx.DeriveKey(t.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, parameter)}, base,
		[]*pkcs11.Attribute{pkcs11.NewAttribute(usage, true)})
}

var cmac = []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_CMAC, nil)}

// verify returns pkcs11.Error(pkcs11.CKR_SIGNATURE_INVALID) for a wrong MAC.
func (t *token) verify(key pkcs11.ObjectHandle, text, mac []byte) error {
	if err := t.ctx.VerifyInit(t.session, cmac, key); err != nil {
		return err
	}
	return t.ctx.Verify(t.session, text, mac)
}

// verifyMessage verifies the MAC of a message by the key of the device that sent the message.
func (t *token) verifyMessage() error {
	var p keydiv.Parameter
	p.Put(keydiv.Device, []byte(serial))
	key, err := t.derive(keydiv.DeviceKey, &p, "master", pkcs11.CKA_VERIFY)
	if err != nil {
		return err
	}
	if err := t.verify(key, message, mac); err != nil {
		return fmt.Errorf("the MAC is wrong: %w", err)
	}
	fmt.Printf("%s: the MAC is right\n", serial)
	forged := append([]byte("!"), message...)
	if err := t.verify(key, forged, mac); err != pkcs11.Error(pkcs11.CKR_SIGNATURE_INVALID) {
		return fmt.Errorf("a forged message was not refused: %w", err)
	}
	fmt.Printf("%s: a forged message is refused\n", serial)
	return t.ctx.DestroyObject(t.session, key)
}

// nextTransaction takes the terminal's next O-DUKPT key, and verifies its MAC with the key that the
// server derives.
func (t *token) nextTransaction() error {
	next, err := t.derive(keydiv.ODUKPTNextKey, &keydiv.Parameter{}, "terminal", pkcs11.CKA_SIGN)
	if err != nil {
		return err
	}
	attributes, err := t.ctx.GetAttributeValue(t.session, next,
		[]*pkcs11.Attribute{pkcs11.NewAttribute(keydiv.AttrTransaction, nil)})
	if err != nil {
		return err
	}
	number := binary.BigEndian.Uint64(attributes[0].Value)
	if err := t.ctx.SignInit(t.session, cmac, next); err != nil {
		return err
	}
	its, err := t.ctx.Sign(t.session, message)
	if err != nil {
		return err
	}

	var p keydiv.Parameter
	p.Put(keydiv.Device, []byte(terminal))
	p.Put(keydiv.Shape, terminalShape)
	p.PutNumber(keydiv.Transaction, number)
	key, err := t.derive(keydiv.ODUKPTKey, &p, "bdk", pkcs11.CKA_VERIFY)
	if err != nil {
		return err
	}
	if err := t.verify(key, message, its); err != nil {
		return fmt.Errorf("terminal and server have different keys: %w", err)
	}
	fmt.Printf("%s: transaction %d, MAC %x\n", terminal, number, its)
	return nil
}

func run(module string) error {
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
	if err := t.verifyMessage(); err != nil {
		return err
	}
	return t.nextTransaction()
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("verify_device: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: verify_device MODULE")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}
