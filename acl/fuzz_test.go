package acl

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/stretchr/testify/require"
)

// seeds are files in every notation that the reader knows, whole and broken.
func seeds(f *testing.F) {
	for _, file := range []string{whole, shop, crew, fixture, string(Init()), "", "---\na: b\n", "{version: 1, grants: [{name: a, to: [slack:T0/U1], domains: [a.example.com]}]}",
		"version: 1\ngrants:\n- name: 'it''s'\n  to:\n  - slack:T0/U1\n  domains: [\n a.example.com, # x\n]\n", "a: [b, {c: \"d\\\"\"}]\n", "- - a\n  - b: c\n    d: e\n- f\n",
		"a:\n  b:\n  - c\nd: e # f\n", "\"a\": {\"b\":[1,2,],'c': d}\r\n", "a: b: c", "a: &x b", "? a\n: b", "a: |\n b\n", "\ufeffa: b", "a: -\n", "a: - b", "[a]: b", "a : b", "- a: b\n c: d"} {
		f.Add(file)
	}
}

// FuzzParse checks that the policy reader never panics and locates mistakes, and that a loaded policy decides
// without panic and denies strangers.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, file string) {
		p, err := Parse("acl.yaml", []byte(file))
		if err != nil {
			requireProblems(t, err, file)
			return
		}
		for _, q := range []string{"https://shop.example.com/assets/x", "directory overseas https://a.s.example.com/x/", "@slack:T0/C1 +slack:T0/S1 http://example.com/%2541//B"} {
			a := question(p, q)
			d := p.decideByFile(a)
			require.NotEmpty(t, d.Rule)
			require.NotEmpty(t, p.explain(a, d))
			a.Who = p.Who("slack:T9/U99999", nil)
			require.False(t, p.decideByFile(a).Allowed && !strings.Contains(file, "U99999"))
			p.Grants(a.Who)
		}
	})
}

func requireProblems(t *testing.T, err error, file string) {
	var refused *FileError
	require.True(t, errors.As(err, &refused))
	require.NotEmpty(t, refused.Problems)
	lines := strings.Count(file, "\n") + 1
	for _, p := range refused.Problems {
		require.True(t, p.Line >= 1 && p.Line <= lines && p.Column >= 1, "%+v", p)
		require.NotEmpty(t, p.Message)
	}
}

// FuzzYAML checks that another YAML reader reads an accepted file alike. FuzzJSON covers braces, because within
// them goccy/go-yaml v1.19.2 takes [slack:T0/U1] for a list of mappings; it does not skip a BOM either.
func FuzzYAML(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, file string) {
		ours, wrong := readYAML(file)
		if wrong != nil || strings.ContainsAny(file, "{\ufeff") {
			return
		}
		theirs, err := parser.ParseBytes([]byte(file), 0)
		require.NoError(t, err, "%q", file)
		require.Equal(t, 1, bodies(theirs), "%q", file)
		require.Equal(t, plainly(ours), foreign(theirs.Docs[len(theirs.Docs)-1].Body), "%q", file)
	})
}

func bodies(file *ast.File) (n int) {
	for _, d := range file.Docs {
		if d.Body != nil {
			n++
		}
	}
	return n
}

// plainly writes a node as text, so that the results of two readers can be compared.
func plainly(n node) string {
	if n.shape == scalar {
		return "<" + n.text + ">"
	}
	var parts []string
	for _, item := range n.items {
		parts = append(parts, plainly(item))
	}
	return n.shape.String() + "(" + strings.Join(parts, " ") + ")"
}

func foreign(n ast.Node) string {
	switch n := n.(type) {
	case *ast.MappingNode:
		var parts []string
		for _, v := range n.Values {
			parts = append(parts, foreign(v.Key), foreign(v.Value))
		}
		return mapping.String() + "(" + strings.Join(parts, " ") + ")"
	case *ast.MappingValueNode:
		return mapping.String() + "(" + foreign(n.Key) + " " + foreign(n.Value) + ")"
	case *ast.SequenceNode:
		var parts []string
		for _, v := range n.Values {
			parts = append(parts, foreign(v))
		}
		return list.String() + "(" + strings.Join(parts, " ") + ")"
	case *ast.StringNode:
		return "<" + n.Value + ">"
	}
	return "<" + strings.TrimSpace(n.GetToken().Value) + ">"
}

// FuzzJSON checks that encoding/json reads accepted JSON alike, because JSON is a part of YAML.
func FuzzJSON(f *testing.F) {
	f.Add(`{"version": 1, "grants": [{"name":"a: b, #c","to":["slack:T0/U1"],"domains":["a.example.com"]}]}`)
	f.Add(`[[], {}, "\"\\\/", -1.5e3, true, null, {"a":{"b":[1,2]}, "" : "x"}]`)
	f.Fuzz(func(t *testing.T, file string) {
		ours, wrong := readYAML(file)
		if wrong != nil || !json.Valid([]byte(file)) {
			return
		}
		d := json.NewDecoder(strings.NewReader(file))
		d.UseNumber()
		require.Equal(t, ofJSON(t, d), plainly(ours), "%q", file)
	})
}

// ofJSON writes the next value of d in the format of plainly.
func ofJSON(t *testing.T, d *json.Decoder) string {
	token, err := d.Token()
	require.NoError(t, err)
	open, is := token.(json.Delim)
	if !is {
		if token == nil {
			token = "null"
		}
		return fmt.Sprintf("<%v>", token)
	}
	var parts []string
	for d.More() {
		parts = append(parts, ofJSON(t, d))
	}
	_, err = d.Token()
	require.NoError(t, err)
	return map[json.Delim]shape{'[': list, '{': mapping}[open].String() + "(" + strings.Join(parts, " ") + ")"
}
