package discordsim

// File is an attachment. The CDN serves it at URL, which PutFile and every verb that attaches it fill in unless it is set.
type File struct {
	ID, Name, Type string // Type is the content type that the sender claimed; "" is none
	Content        []byte
	Size           int    // what the wire claims; 0 is len(Content)
	Location       string // where the CDN redirects to instead of serving it
	URL            string // below Sim.CDNHost
}
