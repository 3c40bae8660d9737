// SPDX-License-Identifier: Apache-2.0

// Command verify_device does what a back end does with keydiv, with github.com/miekg/pkcs11.
//
//	KEYDIV_PIN_FILE=pin verify_device /usr/lib/x86_64-linux-gnu/pkcs11/keydiv-pkcs11.so
package main

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log"
	"os"

	"github.com/miekg/pkcs11"

	"keydiv.example/keydiv"
	"keydiv.example/token"
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

// derive finds the base key by its label and derives an AES key with usage (CKA_SIGN, CKA_VERIFY),
// and nothing else.
func derive(t *token.Token, mechanism uint, p *keydiv.Parameter, label string, usage uint) (pkcs11.ObjectHandle, error) {
	base, err := t.Find(label)
	if err != nil {
		return 0, err
	}
	parameter, err := p.Bytes()
	if err != nil {
		return 0, err
	}
	return t.Ctx.DeriveKey(t.Session, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, parameter)}, base,
		[]*pkcs11.Attribute{pkcs11.NewAttribute(usage, true)})
}

var cmac = []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_AES_CMAC, nil)}

// verify returns pkcs11.Error(pkcs11.CKR_SIGNATURE_INVALID) for a wrong MAC.
func verify(t *token.Token, key pkcs11.ObjectHandle, text, mac []byte) error {
	if err := t.Ctx.VerifyInit(t.Session, cmac, key); err != nil {
		return err
	}
	return t.Ctx.Verify(t.Session, text, mac)
}

// verifyMessage verifies the MAC of a message by the key of the device that sent the message.
func verifyMessage(t *token.Token) error {
	var p keydiv.Parameter
	p.Put(keydiv.Device, []byte(serial))
	key, err := derive(t, keydiv.DeviceKey, &p, "master", pkcs11.CKA_VERIFY)
	if err != nil {
		return err
	}
	if err := verify(t, key, message, mac); err != nil {
		return fmt.Errorf("the MAC is wrong: %w", err)
	}
	fmt.Printf("%s: the MAC is right\n", serial)
	forged := append([]byte("!"), message...)
	if err := verify(t, key, forged, mac); err != pkcs11.Error(pkcs11.CKR_SIGNATURE_INVALID) {
		return fmt.Errorf("a forged message was not refused: %w", err)
	}
	fmt.Printf("%s: a forged message is refused\n", serial)
	return t.Ctx.DestroyObject(t.Session, key)
}

// nextTransaction takes the terminal's next O-DUKPT key, and verifies its MAC with the key that the
// server derives.
func nextTransaction(t *token.Token) error {
	next, err := derive(t, keydiv.ODUKPTNextKey, &keydiv.Parameter{}, "terminal", pkcs11.CKA_SIGN)
	if err != nil {
		return err
	}
	attributes, err := t.Ctx.GetAttributeValue(t.Session, next,
		[]*pkcs11.Attribute{pkcs11.NewAttribute(keydiv.AttrTransaction, nil)})
	if err != nil {
		return err
	}
	number := binary.BigEndian.Uint64(attributes[0].Value)
	if err := t.Ctx.SignInit(t.Session, cmac, next); err != nil {
		return err
	}
	its, err := t.Ctx.Sign(t.Session, message)
	if err != nil {
		return err
	}

	var p keydiv.Parameter
	p.Put(keydiv.Device, []byte(terminal))
	p.Put(keydiv.Shape, terminalShape)
	p.PutNumber(keydiv.Transaction, number)
	key, err := derive(t, keydiv.ODUKPTKey, &p, "bdk", pkcs11.CKA_VERIFY)
	if err != nil {
		return err
	}
	if err := verify(t, key, message, its); err != nil {
		return fmt.Errorf("terminal and server have different keys: %w", err)
	}
	fmt.Printf("%s: transaction %d, MAC %x\n", terminal, number, its)
	return nil
}

func run(t *token.Token) error {
	if err := verifyMessage(t); err != nil {
		return err
	}
	return nextTransaction(t)
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("verify_device: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: verify_device MODULE")
	}
	if err := token.Run(os.Args[1], run); err != nil {
		log.Fatal(err)
	}
}
