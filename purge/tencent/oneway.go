package tencent

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// An answer that two readers could take differently is no answer. encoding/json takes the last of two members with one name, and
// takes CODE for code; other readers take the first, or see no code at all. So a body is searched for both before it is believed.

// oneWay is an error where any object of a body names a member twice, be it in letters of another case.
func oneWay(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var open []map[string]bool // the names of each object that is open; nil for a list
	named := false             // the last token was a name, and its value comes
	for {
		t, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return errUnreadable
		}
		if name, is := t.(string); is && !named && len(open) > 0 && open[len(open)-1] != nil {
			if names := open[len(open)-1]; !add(names, name) {
				return fmt.Errorf("%w: a name is there twice", errUnreadable)
			}
			named = true
			continue
		}
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

// add remembers a name, and reports false where one like it is known. Case is folded as encoding/json does, which takes ſ for s too.
func add(names map[string]bool, name string) bool {
	folded := strings.ToLower(strings.ToUpper(name))
	if names[folded] {
		return false
	}
	names[folded] = true
	return true
}

// decode reads an object into the fields of a struct, by their exact names. An object that spells one of them in letters of another
// case is not read at all.
func decode(raw []byte, into any) error {
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
