package discordsim

import "encoding/json"

// node is a decoded JSON object, or one in the making. A member that is absent, or of another type, reads as zero.
type node map[string]any

func asNode(v any) node {
	switch v := v.(type) {
	case node:
		return v
	case map[string]any:
		return v
	}
	return nil
}

func (n node) has(key string) bool       { return n[key] != nil }
func (n node) said(key string) bool      { _, said := n[key]; return said }
func (n node) node(key string) node      { return asNode(n[key]) }
func (n node) list(key string) []node    { return nodes(n[key]) }
func (n node) str(key string) string     { v, _ := n[key].(string); return v }
func (n node) yes(key string) bool       { v, _ := n[key].(bool); return v }
func (n node) number(key string) int     { v, _ := n[key].(float64); return int(v) }
func (n node) texts(key string) []string { return texts(n[key]) }

// nodes returns the objects of a list; what is none becomes a nil node, so that positions hold.
func nodes(v any) []node {
	list, _ := v.([]any)
	all := make([]node, len(list))
	for i, one := range list {
		all[i] = asNode(one)
	}
	return all
}

func texts(v any) []string {
	list, _ := v.([]any)
	var all []string
	for _, one := range list {
		if text, is := one.(string); is {
			all = append(all, text)
		}
	}
	return all
}

// parsed decodes a list that is kept as JSON.
func parsed(raw json.RawMessage) []node {
	var list []any
	if len(raw) > 0 && json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return nodes(list)
}

// orEmpty is a kept list on the wire: never null.
func orEmpty(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage("[]")
	}
	return raw
}

// rawJSON renders a value whose shape is ours.
func rawJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("discordsim: " + err.Error())
	}
	return raw
}

// clone is a value as encoding/json would have decoded it.
func clone(n node) node {
	var decoded map[string]any
	if err := json.Unmarshal(rawJSON(n), &decoded); err != nil {
		panic("discordsim: " + err.Error())
	}
	return decoded
}
