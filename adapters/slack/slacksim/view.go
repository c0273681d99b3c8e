package slacksim

import "encoding/json"

// View is a modal that a user has open.
type View struct {
	ID, CallbackID, PrivateMetadata string
	Title, Submit, Close            string
	Blocks                          json.RawMessage
	Errors                          map[string]string // by block_id: what the app found wrong with the last submission

	names map[string]string
}

// Input is one field of a View.
type Input struct {
	BlockID, ActionID, Type, Label, Initial string
	Options                                 []string // values to choose from
	Multiline, Optional                     bool
}

// Plain returns what a person reads in the form, labels included.
func (v View) Plain() string { panic("todo") }

// Inputs returns its fields in order.
func (v View) Inputs() []Input { panic("todo") }

// View returns the topmost form a user has open, or false.
func (w *Workspace) View(user string) (View, bool) { panic("todo") }

// Submit sends the user's open form back with values by action_id (or block_id); unnamed inputs keep their initial value.
// As in Slack's client, a form with a required field empty is not sent: see Delivery.Refused.
func (w *Workspace) Submit(user string, values map[string]string, opts ...Option) Delivery {
	panic("todo")
}

// CloseView closes the user's open form; the app hears of it if it asked to (notify_on_close).
func (w *Workspace) CloseView(user string, opts ...Option) Delivery { panic("todo") }
