package purge

// Batch is one API call: one kind, one area, one host, within the limits.
type Batch struct {
	N       int      `json:"n"` // position in the plan, from 0
	Kind    Kind     `json:"kind"`
	Mode    Mode     `json:"mode,omitempty"`
	Area    Area     `json:"area"`
	Targets []Target `json:"targets"`
}
