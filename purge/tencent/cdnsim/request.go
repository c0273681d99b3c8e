package cdnsim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The two APIs, and where they are served.
const (
	API2 = "2.0"
	API3 = "3.0"

	path  = "/v2/index.php"
	path3 = "/"
)

// What the vendor takes at most, and beyond which it answers HTTP 501: https://cloud.tencent.com/document/product/228/3946
const (
	maxGet  = 32 << 10 // bytes of the request URI
	maxPost = 1 << 20  // bytes of the body
)

// Param is one parameter, decoded.
type Param struct{ Name, Value string }

// Request is one API request as it was received, and what came of it.
type Request struct {
	At       time.Time
	API      string // API2 or API3; "" where the path is of neither
	Method   string // of HTTP
	Path     string
	Host     string  // the Host header
	Params   []Param // in the order sent; of API 3.0 its headers, by name, then the members of the body, lists as Urls.0, Urls.1 …
	Body     string  // of API 3.0, as it was sent
	Action   string
	Area     Area   // "" unless Action is a purge
	Kind     Kind   // "" unless Action is a purge
	Verified bool   // the key is known and the signature is right, whatever else is wrong
	Fault    Effect // the fault that met it, if any
	Acted    bool   // it was carried out, whatever was answered
	Status   int    // HTTP status answered; 0 where none was, or not yet
	Code     int    // the vendor's code come to; 0 is success, or never judged because of Fault
	Business int    // the CDN's own code within a Code of 4000, or 0
	Error    string // of API 3.0: the code come to; "" is success, or never judged because of Fault

	malformed error // why the parameters cannot be read
}

// String gives method and path, then the parameters, one a line, sorted by name; of API 3.0 its headers and the body. It shows
// keys and signatures.
func (r Request) String() string {
	if r.API == API3 {
		return r.string3()
	}
	params := slices.Clone(r.Params)
	slices.SortStableFunc(params, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", r.Method, printable(r.Path))
	for _, p := range params {
		fmt.Fprintf(&b, "\n  %s=%s", printable(p.Name), printable(p.Value))
	}
	return b.String()
}

// printable quotes what could pass for another line.
func printable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// Value returns the parameter of that name, or "".
func (r Request) Value(name string) string {
	for _, p := range r.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// hasAny reports whether one of the targets is in the request; nil is any.
func (r Request) hasAny(targets []string) bool {
	return targets == nil || slices.ContainsFunc(targets, func(t string) bool {
		return strings.Contains(r.Body, strconv.Quote(t)) || slices.ContainsFunc(r.Params, func(p Param) bool { return p.Value == t })
	})
}

// list returns name.0, name.1 … in the order of their numbers; gaps do not matter.
func (r Request) list(name string) []string {
	type item struct {
		n     uint64
		value string
	}
	var items []item
	for _, p := range r.Params {
		if digits, ok := strings.CutPrefix(p.Name, name+"."); ok {
			if n, err := strconv.ParseUint(digits, 10, 32); err == nil {
				items = append(items, item{n, p.Value})
			}
		}
	}
	slices.SortStableFunc(items, func(a, b item) int { return int(a.n) - int(b.n) })
	var values []string
	for _, it := range items {
		values = append(values, it.value)
	}
	return values
}

// receive reads the request: GET its query only, POST its body only. Status is set where HTTP itself refuses it.
func receive(r *http.Request) *Request {
	req := &Request{Method: r.Method, Path: r.URL.Path, Host: r.Host}
	if r.URL.Path == path3 && r.Method == http.MethodPost {
		req.receive3(r)
		return req
	}
	req.API = API2
	switch {
	case r.URL.Path != path:
		req.API, req.Status = "", http.StatusNotFound
	case r.Method == http.MethodGet:
		req.readQuery(r)
	case r.Method == http.MethodPost:
		req.readBody(r)
	default:
		req.Status = http.StatusMethodNotAllowed
	}
	if req.malformed == nil {
		req.malformed = repeated(req.Params)
	}
	req.Action = req.Value("Action")
	req.Area, req.Kind = actions[req.Action].area, actions[req.Action].kind
	return req
}

func (r *Request) readQuery(from *http.Request) {
	if len(from.URL.RequestURI()) > maxGet {
		r.Status = http.StatusNotImplemented
		return
	}
	r.Params, r.malformed = parseForm(from.URL.RawQuery)
}

func (r *Request) readBody(from *http.Request) {
	body, err := io.ReadAll(io.LimitReader(from.Body, maxPost+1))
	switch {
	case err != nil:
		r.Status = http.StatusBadRequest
	case len(body) > maxPost:
		r.Status = http.StatusNotImplemented
	default:
		r.Params, r.malformed = parseBody(from.Header.Get("Content-Type"), body)
	}
}

// parseBody reads the two encodings of the vendor's pages; any other body holds no parameter.
func parseBody(contentType string, body []byte) ([]Param, error) {
	kind, options, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil:
		return nil, err
	case kind == "application/x-www-form-urlencoded":
		return parseForm(string(body))
	case kind == "multipart/form-data":
		return parseMultipart(multipart.NewReader(bytes.NewReader(body), options["boundary"]))
	}
	return nil, nil
}

func parseForm(form string) ([]Param, error) {
	var params []Param
	for pair := range strings.SplitSeq(form, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		n, err := url.QueryUnescape(name)
		if err != nil {
			return params, err
		}
		v, err := url.QueryUnescape(value)
		if err != nil {
			return params, err
		}
		params = append(params, Param{n, v})
	}
	return params, nil
}

// parseMultipart reads fields; a part with a file name is an upload and no parameter.
func parseMultipart(r *multipart.Reader) ([]Param, error) {
	var params []Param
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return params, nil
		}
		if err != nil {
			return params, err
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return params, err
		}
		if part.FileName() == "" {
			params = append(params, Param{part.FormName(), string(value)})
		}
	}
}

// repeated finds a name given twice, "_" and "." being one for the signature.
func repeated(params []Param) error {
	seen := make(map[string]bool, len(params))
	for _, p := range params {
		name := strings.ReplaceAll(p.Name, "_", ".")
		if seen[name] {
			return fmt.Errorf("parameter %q is given twice", p.Name)
		}
		seen[name] = true
	}
	return nil
}
