package acl

import (
	_ "embed"
	"slices"
)

//go:embed init.yaml
var initial []byte

// Init returns a policy file to begin with, commented for somebody who has never seen one. It loads, and its grant is
// to ids that nobody has.
func Init() []byte { return slices.Clone(initial) }
