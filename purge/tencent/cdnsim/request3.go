package cdnsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxPost3 is what a signed POST of API 3.0 may hold: https://cloud.tencent.com/document/product/1278/46710
const maxPost3 = 10 << 20

// receive3 reads a request of API 3.0: who asks and for what is in its headers, the action's parameters are in its body.
func (r *Request) receive3(from *http.Request) {
	r.API = API3
	for name, values := range from.Header {
		if name == "Authorization" || name == "Content-Type" || strings.HasPrefix(name, "X-Tc-") {
			r.Params = append(r.Params, Param{spelled(name), values[0]})
		}
	}
	r.Params = append(r.Params, Param{"Host", from.Host})
	slices.SortFunc(r.Params, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
	r.Action = r.header("X-TC-Action")
	r.Kind = kinds3[r.Action]
	body, err := io.ReadAll(io.LimitReader(from.Body, maxPost3+1))
	switch {
	case err != nil:
		r.Status = http.StatusBadRequest
	case len(body) > maxPost3:
		r.Status = http.StatusRequestEntityTooLarge
	default:
		r.Body = string(body)
		r.malformed = r.readBody3(from.Header.Get("Content-Type"))
	}
}

// spelled undoes what net/http does to a name.
func spelled(name string) string {
	if rest, ok := strings.CutPrefix(name, "X-Tc-"); ok {
		return "X-TC-" + rest
	}
	return name
}

// header is one of those that were kept; names of any case are one.
func (r Request) header(name string) string {
	for _, p := range r.Params {
		if strings.EqualFold(p.Name, name) {
			return p.Value
		}
	}
	return ""
}

// readBody3 lists the members of the body as parameters, for whoever looks at the request.
func (r *Request) readBody3(contentType string) error {
	if kind, _, _ := strings.Cut(contentType, ";"); strings.TrimSpace(kind) != "application/json" || !utf8.ValidString(r.Body) {
		return errors.New("it is not application/json in UTF-8")
	}
	d := json.NewDecoder(strings.NewReader(r.Body))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.New("it is no JSON object")
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return err
		}
		if slices.ContainsFunc(r.Params, func(p Param) bool { return p.Name == name || strings.HasPrefix(p.Name, fmt.Sprint(name, ".")) }) {
			return fmt.Errorf("%q is given twice", name)
		}
		r.Params = append(r.Params, flat(fmt.Sprint(name), value)...)
	}
	if a := Area(r.Value("Area")); r.Kind != "" && (a == Mainland || a == Overseas) {
		r.Area = a
	}
	_, err := d.Token()
	if err == nil && d.More() {
		err = errors.New("something follows the object")
	}
	return err
}

func flat(name string, value any) []Param {
	list, ok := value.([]any)
	if !ok {
		return []Param{{name, fmt.Sprint(value)}}
	}
	var params []Param
	for i, item := range list {
		params = append(params, flat(fmt.Sprintf("%s.%d", name, i), item)...)
	}
	return params
}

// into reads the body strictly: an unknown member or a wrong type is refused.
func (r *Request) into(args any) *refusal {
	d := json.NewDecoder(bytes.NewReader([]byte(r.Body)))
	d.DisallowUnknownFields()
	err := d.Decode(args)
	switch {
	case err != nil && strings.Contains(err.Error(), "unknown field"):
		return refuse(0, "UnknownParameter", "The parameter is not recognized: "+err.Error()+".")
	case err != nil:
		return refuse(0, "InvalidParameter", "Wrong type: "+err.Error()+".")
	}
	return nil
}

// string3 is the request as it came, less the headers of HTTP itself.
func (r Request) string3() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", r.Method, printable(r.Path))
	for _, p := range r.Params {
		if p.Name == "Host" || p.Name == "Authorization" || p.Name == "Content-Type" || strings.HasPrefix(p.Name, "X-TC-") {
			fmt.Fprintf(&b, "\n  %s: %s", p.Name, printable(p.Value))
		}
	}
	if r.Body != "" {
		fmt.Fprintf(&b, "\n  %s", printable(r.Body))
	}
	return b.String()
}
