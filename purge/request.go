package purge

// Part is the targets of a request in one area.
type Part struct {
	Area    Area     `json:"area"`
	Targets []Target `json:"targets"`
}

// Request is what somebody wants purged, canonical and free of repetition.
// An area appears once; its targets are all of Kind.
type Request struct {
	Kind  Kind   `json:"kind"`
	Mode  Mode   `json:"mode,omitempty"` // directories only
	Parts []Part `json:"parts"`
}
