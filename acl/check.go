package acl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"purgebot/purge"
)

// CheckOptions say who asks Check, and what for.
type CheckOptions struct {
	User    Subject
	Groups  []Subject  // platform groups the user is in; groups of the file resolve by themselves
	Channel Subject    // "" is no channel: then no grant that lists channels matches
	Kind    purge.Kind // "" is url
	Area    purge.Area // "" is mainland; "global" asks for both and allows what both allow
	At      time.Time  // the present, for rules with from and until; see Ask
}

// Areas returns the areas to ask for, or an error that says which option is wrong.
func (o *CheckOptions) Areas() ([]purge.Area, error) {
	if o.User == "" {
		return nil, errors.New("no user: say whom to check, as in --user slack:T024BE7LD/U2147483697")
	}
	if o.Kind == "" {
		o.Kind = purge.URL
	}
	if o.Kind != purge.URL && o.Kind != purge.Directory {
		return nil, fmt.Errorf("unknown kind %q: write url or directory", o.Kind)
	}
	switch o.Area {
	case "", purge.Mainland:
		return []purge.Area{purge.Mainland}, nil
	case purge.Overseas:
		return []purge.Area{purge.Overseas}, nil
	case "global":
		return []purge.Area{purge.Mainland, purge.Overseas}, nil
	}
	return nil, fmt.Errorf("unknown area %q: write mainland, overseas or global", o.Area)
}

// verdict is one line of Check's answer.
type verdict struct {
	allowed                 bool
	canonical, reason, rule string
}

func (v *verdict) append(b []byte) []byte {
	b = strconv.AppendBool(append(b, `{"allowed":`...), v.allowed)
	b = appendJSON(append(b, `,"canonical":`...), v.canonical)
	b = appendJSON(append(b, `,"reason":`...), v.reason)
	b = appendJSON(append(b, `,"rule":`...), v.rule)
	return append(b, "}\n"...)
}

// maxLine bounds a line of Check's input.
const maxLine = 2 << 20

// Check reads lines, each a JSON string that holds a target as typed, and writes one verdict for each, in order, as JSON lines.
// A line that cannot be judged is answered too, as not allowed. Its error is about the options, the input or the output;
// nil means that every line was answered. It holds one line at a time.
func (p *Policy) Check(in io.Reader, out io.Writer, o CheckOptions) error {
	areas, err := o.Areas()
	if err != nil {
		return err
	}
	c := checker{policy: p, who: p.Who(o.User, o.Groups), options: o, areas: areas}
	lines := lineReader{in: bufio.NewReaderSize(in, 64<<10)}
	w := bufio.NewWriterSize(out, 64<<10)
	for lines.next() {
		v := c.judge(lines.line, lines.long)
		if _, err := w.Write(v.append(w.AvailableBuffer())); err != nil {
			return err
		}
		if lines.in.Buffered() == 0 { // whoever writes line by line is waiting for the answer
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
	return errors.Join(lines.err, w.Flush())
}

type checker struct {
	policy  *Policy
	who     Who
	options CheckOptions
	areas   []purge.Area
}

func (c *checker) judge(line []byte, long bool) verdict {
	s, why := unquote(line, long)
	if why != "" {
		return verdict{reason: why, rule: DefaultDeny}
	}
	t, err := purge.Parse(c.options.Kind, s)
	if err != nil {
		return verdict{reason: reason(err), rule: DefaultDeny}
	}
	a := Ask{Who: c.who, In: c.options.Channel, Kind: c.options.Kind, Target: t, At: c.options.At}
	var d Decision
	for _, a.Area = range c.areas {
		if d = c.policy.decide(a); !d.Allowed {
			break
		}
	}
	return verdict{d.Allowed, t.String(), c.policy.explain(a, d), d.Rule}
}

func reason(err error) string {
	if refused := (*purge.Refused)(nil); errors.As(err, &refused) {
		return refused.Reason
	}
	return err.Error()
}

// unquote returns what a line holds, or why it holds nothing.
func unquote(line []byte, long bool) (s, why string) {
	line = bytes.Trim(line, " \t\r")
	n := len(line)
	switch {
	case long:
		return "", "The line is over 2 MiB."
	case n == 0:
		return "", "The line is blank."
	case n > 1 && line[0] == '"' && line[n-1] == '"' && verbatim(line[1:n-1]):
		return string(line[1 : n-1]), ""
	case line[0] != '"' || !utf8.Valid(line) || json.Unmarshal(line, &s) != nil:
		return "", "The line is not a JSON string."
	}
	return s, ""
}

// verbatim says whether s stands in a JSON string as it is. Nearly every line does, and encoding/json takes longer than the judging.
func verbatim[T string | []byte](s T) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// appendJSON quotes by itself what is printable ASCII, as most reasons are, which quote a rule.
func appendJSON(b []byte, s string) []byte {
	if verbatim(s) {
		return append(append(append(b, '"'), s...), '"')
	}
	quoted := append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c > '~':
			return appendOddJSON(b, s)
		case c == '"', c == '\\':
			quoted = append(quoted, '\\', c)
		default:
			quoted = append(quoted, c)
		}
	}
	return append(quoted, '"')
}

func appendOddJSON(b []byte, s string) []byte {
	var quoted bytes.Buffer
	encoder := json.NewEncoder(&quoted)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // no string fails, and no buffer
	return append(b, bytes.TrimSuffix(quoted.Bytes(), []byte{'\n'})...)
}

// lineReader cuts its input into lines and drops what is too long.
type lineReader struct {
	in   *bufio.Reader
	line []byte // without its end; valid until next
	long bool
	err  error
}

// next reads a line; at the end, and after an error, it returns false.
func (l *lineReader) next() bool {
	l.line, l.long = l.line[:0], false
	for {
		part, err := l.in.ReadSlice('\n')
		l.add(bytes.TrimSuffix(part, []byte{'\n'}))
		switch err {
		case nil:
			return true
		case bufio.ErrBufferFull:
		case io.EOF:
			return len(part) > 0 || len(l.line) > 0 || l.long
		default:
			l.err = err
			return false
		}
	}
}

func (l *lineReader) add(part []byte) {
	l.long = l.long || len(l.line)+len(part) > maxLine
	if l.long {
		l.line = l.line[:0]
		return
	}
	l.line = append(l.line, part...)
}
