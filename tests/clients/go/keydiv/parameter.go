// SPDX-License-Identifier: Apache-2.0

// Package keydiv builds the mechanism parameter of keydiv's mechanisms. Copy this file into your
// program.
//
//	var p keydiv.Parameter
//	p.Put(keydiv.Device, []byte("SN-000123"))
//	bytes, err := p.Bytes()
//
// A parameter is a list of fields in ascending order of their tags: the tag (1 byte), the length
// (2 bytes, big-endian), the value. keydiv.h lists all tags, mechanisms and attributes. This file
// has those that the examples use.
package keydiv

import (
	"encoding/binary"
	"errors"
)

// Mechanisms
const (
	DeviceKey        = 0x8B440001
	DeviceMessageKey = 0x8B440003
	WithDerivedKey   = 0x8B440010
	ODUKPTKey        = 0x8B440222
	ODUKPTNextKey    = 0x8B440224
)

// Tags of fields
const (
	Device      = 0x01
	Counter     = 0x10
	Shape       = 0x50
	Transaction = 0x51
	Derivation  = 0x70
	Operation   = 0x71
)

// AttrTransaction is CKA_KEYDIV_TRANSACTION, and Replayed is CKR_KEYDIV_REPLAYED.
const (
	AttrTransaction = 0x8B440002
	Replayed        = 0x8B440002
)

const maxBytes = 4096 // in a parameter

var (
	errOrder  = errors.New("keydiv: put the fields in ascending order of their tags")
	errLength = errors.New("keydiv: a parameter has at most 4096 bytes")
)

// Parameter is a parameter being built. The zero value is an empty parameter.
type Parameter struct {
	bytes   []byte
	lastTag byte
	err     error
}

// Put appends the field tag with value. Bytes reports the first error.
func (p *Parameter) Put(tag byte, value []byte) {
	switch {
	case p.err != nil:
	case tag <= p.lastTag:
		p.err = errOrder
	case len(p.bytes)+3+len(value) > maxBytes:
		p.err = errLength
	default:
		p.bytes = append(p.bytes, tag, byte(len(value)>>8), byte(len(value)))
		p.bytes = append(p.bytes, value...)
		p.lastTag = tag
	}
}

// PutNumber appends the field tag with number as 8 big-endian bytes: Counter, Transaction.
func (p *Parameter) PutNumber(tag byte, number uint64) {
	var value [8]byte
	binary.BigEndian.PutUint64(value[:], number)
	p.Put(tag, value[:])
}

// PutType appends the field tag with a CKM or CKK number as 4 big-endian bytes: Derivation,
// Operation, KeyType.
func (p *Parameter) PutType(tag byte, number uint32) {
	var value [4]byte
	binary.BigEndian.PutUint32(value[:], number)
	p.Put(tag, value[:])
}

// Bytes returns the parameter, or the first error.
func (p *Parameter) Bytes() ([]byte, error) {
	if p.err != nil {
		return nil, p.err
	}
	return p.bytes, nil
}
