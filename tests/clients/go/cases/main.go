// SPDX-License-Identifier: Apache-2.0

// Command cases builds the parameter of each line of the standard input with package keydiv and
// prints the parameter. A line has fields TAG:VALUE in hexadecimal, TAG=NUMBER (8 bytes) and
// TAG#NUMBER (4 bytes) in decimal.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"

	"keydiv.example/keydiv"
)

func put(p *keydiv.Parameter, field string) error {
	tag, err := strconv.ParseUint(field[:2], 16, 8)
	if err != nil {
		return err
	}
	switch field[2] {
	case '=':
		number, err := strconv.ParseUint(field[3:], 10, 64)
		p.PutNumber(byte(tag), number)
		return err
	case '#':
		number, err := strconv.ParseUint(field[3:], 10, 32)
		p.PutType(byte(tag), uint32(number))
		return err
	}
	value, err := hex.DecodeString(field[3:])
	p.Put(byte(tag), value)
	return err
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var p keydiv.Parameter
		for _, field := range strings.Fields(lines.Text()) {
			if err := put(&p, field); err != nil {
				log.Fatal(err)
			}
		}
		if bytes, err := p.Bytes(); err != nil {
			fmt.Println("refused")
		} else {
			fmt.Println(hex.EncodeToString(bytes))
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}
