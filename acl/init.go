package acl

import (
	_ "embed"
	"slices"
)

//go:embed init.yaml
var initial []byte

// Init returns a policy file for beginners, with comments. The file loads, and its grant names ids that no
// person has.
func Init() []byte { return slices.Clone(initial) }
