// SPDX-License-Identifier: Apache-2.0

// Command verify_messages verifies each message of a CSV file in one call, and accepts each message
// once. A line of the standard input is SERIAL,COUNTER,MESSAGE,MAC with message and MAC in
// hexadecimal. The key "meter" is a master with a window (keydiv key generate --label meter
// --window 64).
package main

import (
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"

	"github.com/miekg/pkcs11"

	"keydiv.example/keydiv"
	"keydiv.example/token"
)

type message struct {
	serial    string
	counter   uint64
	text, mac []byte
}

func parse(fields []string) (m message, err error) {
	m.serial = fields[0]
	if m.counter, err = strconv.ParseUint(fields[1], 10, 64); err != nil {
		return
	}
	if m.text, err = hex.DecodeString(fields[2]); err != nil {
		return
	}
	m.mac, err = hex.DecodeString(fields[3])
	return
}

// verify returns nil, or the code of the refusal. The token derives the key of this message,
// verifies the MAC, destroys the key, and marks the counter. No key object exists.
func verify(t *token.Token, master pkcs11.ObjectHandle, m message) error {
	var p keydiv.Parameter
	p.Put(keydiv.Device, []byte(m.serial))
	p.PutNumber(keydiv.Counter, m.counter)
	p.PutType(keydiv.Derivation, keydiv.DeviceMessageKey)
	p.PutType(keydiv.Operation, pkcs11.CKM_AES_CMAC)
	parameter, err := p.Bytes()
	if err != nil {
		return err
	}
	mechanism := []*pkcs11.Mechanism{pkcs11.NewMechanism(keydiv.WithDerivedKey, parameter)}
	if err := t.Ctx.VerifyInit(t.Session, mechanism, master); err != nil {
		return err
	}
	return t.Ctx.Verify(t.Session, m.text, m.mac)
}

func verdict(err error) (string, error) {
	switch err {
	case nil:
		return "ok", nil
	case pkcs11.Error(pkcs11.CKR_SIGNATURE_INVALID), pkcs11.Error(pkcs11.CKR_SIGNATURE_LEN_RANGE):
		return "bad", nil
	case pkcs11.Error(keydiv.Replayed):
		return "replayed", nil
	}
	return "", err
}

func run(t *token.Token) error {
	master, err := t.Find("meter")
	if err != nil {
		return err
	}
	lines := csv.NewReader(os.Stdin)
	lines.FieldsPerRecord = 4
	for {
		fields, err := lines.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		m, err := parse(fields)
		if err != nil {
			return err
		}
		answer, err := verdict(verify(t, master, m))
		if err != nil {
			return err
		}
		fmt.Printf("%s,%d,%s\n", m.serial, m.counter, answer)
	}
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("verify_messages: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: verify_messages MODULE < messages.csv")
	}
	if err := token.Run(os.Args[1], run); err != nil {
		log.Fatal(err)
	}
}
