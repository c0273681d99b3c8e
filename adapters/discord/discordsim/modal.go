package discordsim

import "encoding/json"

// Modal is a form that a user has open.
type Modal struct {
	CustomID, Title string
	Components      json.RawMessage
	Error           string // what the client said of the last try to submit it

	from *interaction
}

// Input is one field of a Modal.
type Input struct {
	CustomID, Label, Hint, Placeholder, Initial string
	Kind                                        int      // 4 is a text input, 3 a string select, 19 a file upload
	Choices                                     []string // values to choose from
	Lines, Optional                             bool
	Min, Max                                    int // characters; 0 is no bound
}

// Plain returns what a person reads in the form: its title, texts and labels, one line a line.
func (m Modal) Plain() string { panic("later") }

// Inputs returns its fields in order.
func (m Modal) Inputs() []Input { panic("later") }

// Modal returns the form that a user has open, or false.
func (s *Sim) Modal(user string) (Modal, bool) { panic("later") }

// Submit sends the user's open form back with values by custom_id or label; unnamed inputs keep their initial value; several
// choices are separated by commas. As in Discord's client, a form with a required field empty, too short, too long, or not one
// of the choices is not sent: see Delivery.Refused. The form closes when the application has answered.
func (s *Sim) Submit(user string, values map[string]string, opts ...Option) Delivery { panic("later") }

// Dismiss closes the user's open form; the application never hears of it.
func (s *Sim) Dismiss(user string) { panic("later") }
