package tencent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// This file refuses ambiguous answers. encoding/json takes the last of two members with one name, and takes
// CODE for code; other readers take the first, or see no code at all. Every body is searched for both before it
// counts as an answer.

// oneWay returns an error if an object in the body names a member twice, in the same or different case.
func oneWay(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var open []map[string]bool // the names seen in each open object; nil for a list
	named := false             // the last token was a name, and its value follows
	for {
		t, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return errUnreadable
		}
		// Check the name of a member.
		if name, is := t.(string); is && !named && len(open) > 0 && open[len(open)-1] != nil {
			if names := open[len(open)-1]; !add(names, name) {
				return fmt.Errorf("%w: a name is there twice", errUnreadable)
			}
			named = true
			continue
		}
		// Follow the nesting of objects and lists.
		named = false
		switch t {
		case json.Delim('{'):
			open = append(open, map[string]bool{})
		case json.Delim('['):
			open = append(open, nil)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
	}
}

// add remembers a name, and reports false if it is already known. Case is folded as in encoding/json, which
// equates ſ and s, too.
func add(names map[string]bool, name string) bool {
	folded := strings.ToLower(strings.ToUpper(name))
	if names[folded] {
		return false
	}
	names[folded] = true
	return true
}

// decode reads an object into the fields of a struct by their exact names. A member whose name differs from a
// field's only in case is an error.
func decode(raw []byte, into any) error {
	// List the members of the object and the names of the struct's fields.
	var there map[string]json.RawMessage
	if json.Unmarshal(raw, &there) != nil || there == nil {
		return errUnreadable
	}
	names := map[string]bool{}
	for f := range reflect.TypeOf(into).Elem().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		names[name] = true
	}
	// Refuse members that differ from a field's name in case only.
	for name := range there {
		for known := range names {
			if name != known && strings.EqualFold(name, known) {
				return fmt.Errorf("%w: %s is spelt in letters of another case", errUnreadable, known)
			}
		}
	}
	if json.Unmarshal(raw, into) != nil {
		return errUnreadable
	}
	return nil
}
