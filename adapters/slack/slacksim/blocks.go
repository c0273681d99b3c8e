package slacksim

import "encoding/json"

// node is one object of Block Kit, kept as it came: a struct would drop what it does not know.
type node map[string]any

func parseBlocks(raw []byte) ([]node, error) {
	var blocks []node
	err := json.Unmarshal(raw, &blocks)
	return blocks, err
}

func (n node) str(key string) string {
	s, _ := n[key].(string)
	return s
}

func (n node) has(key string) bool { _, has := n[key]; return has }

func (n node) number(key string) int {
	f, _ := n[key].(float64)
	return int(f)
}

func (n node) yes(key string) bool {
	b, _ := n[key].(bool)
	return b
}

// node returns the object under key, or nil, which answers every question with nothing.
func (n node) node(key string) node { return asNode(n[key]) }

func asNode(v any) node {
	switch v := v.(type) {
	case map[string]any:
		return v
	case node:
		return v
	}
	return nil
}

// list returns the objects in the list under key; what is not an object is nil.
func (n node) list(key string) []node {
	if nodes, already := n[key].([]node); already {
		return nodes
	}
	items, _ := n[key].([]any)
	nodes := make([]node, len(items))
	for i, item := range items {
		nodes[i] = asNode(item)
	}
	return nodes
}

// walk calls visit for n and every object below it, in no particular order of siblings' keys.
func walk(v any, visit func(node)) {
	switch v := v.(type) {
	case []node:
		for _, n := range v {
			walk(n, visit)
		}
	case []any:
		for _, item := range v {
			walk(item, visit)
		}
	case map[string]any:
		walk(node(v), visit)
	case node:
		visit(v)
		for _, child := range v {
			walk(child, visit)
		}
	}
}

// parsed returns blocks that were checked when they came.
func parsed(raw json.RawMessage) []node {
	blocks, _ := parseBlocks(raw)
	return blocks
}
