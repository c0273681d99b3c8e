package cdnsim

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// answer is the vendor's envelope. data is an object whatever the pages' "Array" says; their samples show one.
type answer struct {
	Code     int    `json:"code"`
	Message  string `json:"message"`
	CodeDesc any    `json:"codeDesc"`
	Data     any    `json:"data,omitempty"`

	business int
	symbol   string // of API 3.0
	envelope any    // of API 3.0, instead of all that
}

func (a answer) body() []byte {
	var whole any = a
	if a.envelope != nil {
		whole = a.envelope
	}
	b, err := json.Marshal(whole)
	if err != nil {
		panic(err) // every part is ours and marshals
	}
	return b
}

// refusal is why the vendor does not do it: a common code (4000–6999), or a business code of the CDN (any other).
// https://cloud.tencent.com/document/product/228/5078
type refusal struct {
	code   int
	text   string
	symbol string // what API 3.0 calls it; "" is as symbols has it
}

func refuse(code int, symbol, text string) *refusal {
	return &refusal{code: code, text: text, symbol: symbol}
}

func missing(name string) *refusal {
	return &refusal{code: 4000, text: "Missing parameter: " + name + "."}
}

// answer words the refusal. A business code hides within 4000, as a prefix of the message and in codeDesc,
// which the pages of the URL actions print as a string and those of the directory actions as a number.
func (r *refusal) answer(kind Kind) answer {
	if r.code >= 4000 && r.code < 7000 {
		return answer{Code: r.code, Message: r.text, CodeDesc: symbol(r.code)}
	}
	a := answer{Code: 4000, Message: fmt.Sprintf("(%d) %s", r.code, r.text), CodeDesc: r.code, business: r.code}
	switch {
	case r.code == 1012: // was seen with the carrier's symbol, and no space behind its number
		a.Message, a.CodeDesc = fmt.Sprintf("(%d)%s", r.code, r.text), symbol(4000)
	case kind == URL:
		a.CodeDesc = strconv.Itoa(r.code)
	}
	return a
}

// symbol is the codeDesc of a common code. Only these two symbols have been seen; the vendor's general page
// prints the number, so any other code does.
func symbol(code int) any {
	switch {
	case code == 4000:
		return "InvalidParameter"
	case code >= 4100 && code < 4200:
		return "AuthFailure"
	}
	return code
}
