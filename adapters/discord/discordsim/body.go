package discordsim

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
)

// maxBody is how much of a request is taken: https://docs.discord.com/developers/resources/message#create-message
const maxBody = 25 << 20

// maxFile is how big one file may be: https://docs.discord.com/developers/reference#uploading-files
const maxFile = 10 << 20

// read reads a call; what is wrong with its body is kept for when it is answered.
func (s *Sim) read(w http.ResponseWriter, r *http.Request, to *route) *request {
	req := &request{Request: r, route: to, authed: s.authed(r)}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodDelete:
	case kind == "multipart/form-data":
		req.problem = req.readParts()
	default:
		raw, err := io.ReadAll(r.Body)
		switch {
		case err != nil:
			req.problem = tooLarge(err)
		case len(raw) == 0:
		case kind != "application/json":
			req.problem = wrong("_", "CONTENT_TYPE_INVALID", "Expected \"Content-Type\" header to be one of {'application/json'}.")
		default:
			req.problem = req.decode(raw)
		}
	}
	return req
}

func tooLarge(err error) *failure {
	if limit := (*http.MaxBytesError)(nil); errors.As(err, &limit) {
		return fail(40005)
	}
	return fail(50109)
}

func (r *request) decode(raw []byte) *failure {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return fail(50109)
	}
	switch v := v.(type) {
	case map[string]any:
		r.body = v
	case []any:
		r.list = v
	default:
		return wrong("_", "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
	}
	return nil
}

// readParts: https://docs.discord.com/developers/reference#uploading-files
func (r *request) readParts() *failure {
	parts, err := r.MultipartReader()
	if err != nil {
		return fail(50035)
	}
	r.body = node{}
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return tooLarge(err)
		}
		if problem := r.readPart(part); problem != nil {
			return problem
		}
	}
}

func (r *request) readPart(part *multipart.Part) *failure {
	content, err := io.ReadAll(part)
	if err != nil {
		return tooLarge(err)
	}
	name := part.FormName()
	switch {
	case name == "payload_json":
		return r.decode(content)
	case strings.HasPrefix(name, "files["):
		if len(content) > maxFile {
			return fail(50045)
		}
		r.files = append(r.files, File{ID: strings.Trim(name[len("files"):], "[]"), Name: part.FileName(),
			Type: part.Header.Get("Content-Type"), Content: content})
	default:
		r.body[name] = string(content)
	}
	return nil
}

// fileName is a file's name: as its attachment object says, else as its part does.
func fileName(b node, f File) string {
	for _, a := range b.list("attachments") {
		if attachmentID(a) == f.ID && a.str("filename") != "" {
			return a.str("filename")
		}
	}
	return f.Name
}
