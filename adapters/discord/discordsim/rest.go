package discordsim

import (
	"encoding/json"
	"net/http"
	"time"
)

// Call is one call of the REST API or of the CDN.
type Call struct {
	At     time.Time
	Route  string          // as Routes names it; "" if there is no such route
	Path   string          // as called, interaction tokens redacted
	Query  string          //
	Body   json.RawMessage // the JSON part; nil if there was none
	Files  []File          // the file parts
	Authed bool            // it carried the bot's token
	Status int             // 0 while it is under way
	Answer string          // the body as sent
}

// Calls returns the calls received, oldest first; routes narrows them.
func (s *Sim) Calls(routes ...string) []Call { panic("later") }

// ServeHTTP implements http.Handler.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { panic("later") }
